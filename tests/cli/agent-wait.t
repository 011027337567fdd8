#!/bin/bash
# agent-wait: until agents have reached a state.
# shellcheck source=tests/cli/tap.sh disable=SC2154,SC2317
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root

call() { echo "{\"content\":\"c\",\"tool_calls\":[{\"name\":\"$1\",\"arguments\":$2}]}"; }
# The model refuses: the agent fails.
cat >no <<'END'
#!/bin/sh
echo '{"message":{"role":"assistant","content":"no"},"stop_reason":"refusal"}'
END
chmod +x no
echo '{"content":"done"}' >yes
{ call wait_mail '{}'; echo '{"content":"done"}'; } >mail
{ call sleep '{"seconds":900}'; echo '{"content":"done"}'; } >timer
agent-run -q --name good -m "script:$PWD/yes" go >/dev/null
agent-run -q --name also -m "script:$PWD/yes" go >/dev/null
agent-run -q --name bad -m "exec:$PWD/no" go >/dev/null 2>&1
agent-run -q --name post -m "script:$PWD/mail" go >/dev/null 2>&1
agent-run -q --name clock -m "script:$PWD/timer" go >/dev/null 2>&1

status 0 'one that is done is not waited for' agent-wait good
like "$out" '^01[0-9A-Z]{24} done$' 'and printed with its state'
status 0 'nor all of them' agent-wait good also good
is "$(wc -l <<<"$out")" 2 'each printed once'
status 1 'one that failed will not be done' agent-wait good bad
is "$(awk '{ print $2 }' <<<"$out" | sort | xargs)" 'done failed' 'which is printed'
status 0 'with --any one is enough' agent-wait --any bad good
status 1 'if there is one' agent-wait --any bad
status 0 '--state asks for another' agent-wait --state failed,killed bad
status 0 'waiting is for anything' agent-wait --state waiting post clock
status 0 'or for one thing' agent-wait --state waiting:mail post
like "$out" ' waiting:mail$' 'and says for what'
status 124 'the time is over' agent-wait --timeout 50ms --state waiting:mail clock
is "$out" '' 'and nothing was reached'
status 0 '--json prints an object an agent' agent-wait --json --any --state waiting bad clock
is "$(jq -c 'select(.reached) | [.state,.waits,.status,.reached]' <<<"$out")" '["waiting","timer",75,true]' \
    'with its state, its last status, and whether that was asked for'

status 64 'without agents there is nothing to wait for' agent-wait
status 64 'a state that is none' agent-wait --state finished good
status 64 'no state at all' agent-wait --state , good
status 66 'an agent that is none' agent-wait nobody
HOME='' XDG_STATE_HOME='' AGENT_ROOT='' status 78 'no place for the root' agent-wait good

# ---- what comes later -------------------------------------------------------------

agent-wait --timeout 60s post >later &
waiter=$!
status 0 'while it waits, the agent is talked to' agent-run -q -r post hello
wait "$waiter"
is "$?" 0 'and it sees that the agent is done'
like "$(cat later)" ' done$' 'and says so'

agent-wait --timeout 60s clock good >two &
waiter=$!
for ((i = 0; i < 400; i++)); do [ -s two ] && break; sleep 0.05; done
is "$(wc -l <two)" 1 'each is printed as it gets there'
agent-run -q -r clock 'go on' >/dev/null
wait "$waiter"
is "$?" 0 'until all have'

# Without load: a look costs no event of its own.
cat >slow <<'END'
#!/bin/sh
sleep 600
END
chmod +x slow
agent-run -q --name busy -m "exec:$PWD/slow" go >/dev/null 2>&1 &
runner=$!
agent-wait --timeout 60s --state running "$(for ((i = 0; i < 200; i++)); do
	id=$(agent-ps --json | jq -r 'select(.name == "busy").id')
	[ -z "$id" ] || break
	sleep 0.05
done; echo "$id")" >later
like "$(cat later)" ' running$' 'an agent that somebody runs is running'
agent-wait --timeout 2s busy &
waiter=$!
sleep 1.5
is "$(awk '{ print ($14 + $15 < 50) }' "/proc/$waiter/stat")" 1 'to wait for it takes next to no time of a processor'
wait "$waiter"
is "$?" 124 'as long as it runs'
kill "$runner"
wait "$runner"
status 0 'one that was stopped is ready' agent-wait --timeout 60s --state ready busy

truncate -s 100 root/agents/"$(agent-ps --json also | jq -r .id)"/journal.jsonl
status 65 'a damaged one is no state' agent-wait also
done_testing
