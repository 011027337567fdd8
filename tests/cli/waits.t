#!/bin/bash
# Calls that wait without a process: sleep, wait_agent, wait_mail.
# shellcheck source=tests/cli/tap.sh disable=SC2154,SC2317
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root

# turns NAME LINE…: a script
turns() {
	local name=$1
	shift
	printf '%s\n' "$@" >"$name"
}
call() { echo "{\"content\":\"c\",\"tool_calls\":[{\"name\":\"$1\",\"arguments\":$2}]}"; }
last='{"content":"done"}'
# run NAME SCRIPT
run() { agent-run -q --name "$1" -m "script:$PWD/$2" go; }
# results AGENT: status and text of each tool.result
results() {
	agent-audit log --json --type tool.result "$1" | jq -r '.body | .status + " " + .text'
}
count() { agent-audit log --json --type "$1" "$2" | wc -l; }
state() { agent-ps --json "$1" | jq -r '.state + ":" + (.waits // "")'; }

# ---- timers --------------------------------------------------------------------

turns short "$(call sleep '{"seconds":1}')" "$last"
status 0 'a short sleep is waited for in the process' run short short
like "$(results short)" '^ok done: the time has come$' 'and says that its time has come'

turns long "$(call sleep '{"seconds":14}')" "$last"
status 75 'a longer one holds no process: 75' run long long
is "$(state long)" waiting:timer 'and agent-ps says what for'
before=$(count exit long)
status 75 'going on too early is 75 again' agent-run -q -r long
status 75 'nor is it due' agent-run --all --due
is "$out" '' 'so that nothing is started'
is "$(count exit long)" "$before" 'and nothing was written'
for ((i = 0; i < 200; i++)); do
	sleep 0.5
	agent-run -q -r long >out 2>/dev/null && break
done
is "$(cat out)" 'done' 'near its time a run stays until it has come, and goes on'
is "$(results long | wc -l)" 1 'once'

turns far "$(call sleep '{"until":"2190-01-01T00:00:00+02:00"}')" "$last"
status 75 'a sleep until a time, in any zone' run far far
is "$(agent-audit log --json --type wait far | jq -r .body.until)" \
    2189-12-31T22:00:00.000000Z 'is recorded in UTC'
turns past "$(call sleep '{"until":"2020-01-01T00:00:00Z"}')" "$last"
status 0 'one that has passed is over at once' run past past
turns never "$(call sleep '{}')" "$(call sleep '{"seconds":1,"until":"2190-01-01T00:00:00Z"}')" \
    "$(call sleep '{"until":"tomorrow"}')" "$(call sleep '{"seconds":0}')" "$last"
status 0 'a sleep without a time, or a bad one' run never never
is "$(results never | grep -c '^failed')" 4 'fails and is no wait'
is "$(count wait never)" 0 'nor recorded as one'

status 0 'what is said ends a wait early' agent-run -q -r far 'go on now'
like "$(results far)" '^ok ended early' 'the result says so'
is "$(agent-audit log --json far | jq -r 'select(.type|IN("goal","tool.result","model.call")).type' | tail -n 3 | xargs)" \
    'goal tool.result model.call' 'before the model is asked again'

turns two "$(jq -nc '{content:"c",tool_calls:[
    {name:"sleep",arguments:{seconds:1}},{name:"list_files",arguments:{}},
    {name:"sleep",arguments:{seconds:2}}]}')" "$last"
status 0 'calls beside a wait are made meanwhile' run two two
is "$(agent-audit log --json --type tool.result two | jq -r .body.call | xargs)" \
    "$(agent-audit log --json --type tool.call two | jq -sr '.[1,0,2].body.call' | xargs)" \
    'before it is over'

status 0 'agent-tool does not wait' agent-run -q --name idle -m "script:$PWD/past" go
status 1 'for a person either' agent-tool call idle sleep '{"seconds":1}'
like "$out$err" 'only the agent itself waits' 'and says so'

# ---- other agents ----------------------------------------------------------------

turns wa "$(call wait_agent '{"agents":["b"],"seconds":600}')" "$last"
status 0 'waiting for an agent of another family' run stranger wa
like "$(results stranger)" "^failed .*'b'|^failed .*none of your family" 'fails'
turns self "$(call wait_agent '{"agents":["self"]}')" "$last"
status 0 'waiting for oneself' run self self
like "$(results self)" '^failed nobody would ever go on: [0-9A-Z]* waits for' 'fails as well'

# ---- mail ------------------------------------------------------------------------

turns mail "$(call wait_mail '{"seconds":1}')" "$(call wait_mail '{}')" "$last"
status 75 'a wait for mail' run mail mail
is "$(state mail)" waiting:mail 'is one, once its time limit was met'
like "$(results mail)" '^timeout the time is over$' 'as the result said'
status 0 'and a message ends it' agent-run -q -r mail hello

# ---- state -----------------------------------------------------------------------

turns keep "$(call sleep '{"seconds":900}')" "$last"
status 75 'a wait' run keep keep
rm -f root/agents/*/state
is "$(state keep)" waiting:timer 'is in the journal, not only in the kept state'
status 0 'and in a bundle' agent-ckpt save keep
bundle=$(ls root/agents/*/ckpt/*.tar.zst)
is "$(tar --zstd -xOf "$bundle" agent/state.json | jq -r '.open_calls[0].wait.until')" \
    "$(agent-audit log --json --type wait keep | jq -r .body.until)" 'with its time'
done_testing
