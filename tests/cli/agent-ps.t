#!/bin/bash
# agent-ps: what there is, and what each agent does.
. "$SRC/tests/cli/tap.sh"

status 0 'a root that is not there yet holds no agents' agent-ps
is "$out$err" '' 'and nothing is said'
status 66 'but --root names one that must be' agent-ps --root absent
status 66 'and so does an agent' agent-ps someone
status 78 'without a place for the root it is bad configuration' \
    env -u HOME -u AGENT_ROOT -u XDG_STATE_HOME agent-ps

echo '{"content":"Hi.","usage":{"input_tokens":12000,"output_tokens":345,"cached_tokens":5}}' >hi
echo '{"*":{"input":"1","cached":"1","output":"2"}}' >prices
printf '%s\n' '{"content":"a","tool_calls":[{"name":"ask_human","arguments":{"question":"?"}}]}' \
    '{"content":"b"}' >ask
echo '{"content":"late","delay":"20s"}' >slow
echo '{"content":"No.","stop_reason":"refusal"}' >no
agent-run -q -m script:hi --name one --prices prices --max-turns 9 $'first\tgoal\nsecond line' >/dev/null
agent-run -q -m script:ask --name two --allow 'send human:*' 'ask me' >/dev/null 2>&1
agent-run -q -m script:hi --max-tokens 1 'no name' >/dev/null 2>&1
agent-run -q -m script:no --name k no >/dev/null 2>&1

status 0 'it lists all' agent-ps
is "$(wc -l <<<"$out")" 5 'one a line below a headline'
is "$(sed -n 1p <<<"$out" | xargs)" 'AGENT STATE TURNS TOKENS COST AGE NAME GOAL' \
    'with these columns'
like "$(sed -n 2p <<<"$out")" ' done +1 +12\.3k +0\.0126 +[0-9]+s +one +first' \
    'tokens are short, cost has four decimals'
like "$(sed -n 3p <<<"$out")" ' waiting:human +2 ' 'what it waits for stands with the state'
like "$(sed -n 4p <<<"$out")" ' done .* -  *no name' 'an agent without a name has a dash'
like "$(sed -n 5p <<<"$out")" ' failed .*s +k +no$' 'a name that looks like a unit is a name'
unlike "$out" 'second line' 'of a goal there is the first line'
status 0 'agents may be given' agent-ps two one
like "$(sed -n 2p <<<"$out")" two 'and are listed in this order'
status 66 'an unknown one is no such input' agent-ps one nobody
status 64 'a prefix of several is a usage error' agent-ps 0

status 0 '--json' agent-ps --json
is "$(jq -r .state <<<"$out" | xargs)" 'done waiting done failed' 'is an object an agent'
is "$(agent-ps --json one | jq -c '[.name,.state,.turns,.usage.input,.usage.output,.usage.cached,.usage.tool_calls,.cost,.limits,.goal]')" \
    '["one","done",1,12000,345,5,0,12690,{"turns":9},"first\tgoal\nsecond line"]' \
    'with all that the table has, exact'
is "$(agent-ps --json two | jq -r '"\(.waits) \(.usage.tool_calls)"')" 'human 1' 'and what it waits for'
is "$(jq -c 'has("name")' <<<"$out" | xargs)" 'true true false true' \
    'what an agent does not have is left out'
is "$(agent-ps --json one | jq -r '.id as $i | .workspace | endswith("/agents/" + $i + "/work")')" \
    true 'its own workspace is named'
is "$(agent-ps --json one | jq -r '.seq == 9 and (.created | test("^20.*Z$")) and (.model | endswith("/hi"))')" \
    true 'and the last record, birth and model'

agent-run -q -m script:slow --name busy hi >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do
	agent-audit log -t model.call busy >/dev/null 2>&1 && break
	sleep 0.05
done
is "$(agent-ps --json busy | jq -r .state)" running 'one that a program holds is running'
kill -KILL $pid
wait $pid 2>/dev/null
is "$(agent-ps --json busy | jq -r .state)" ready 'one whose program was killed is ready'

# Families: no program of this version makes them, but agent.json names them.
child() { # CHILD PARENT
	local parent id
	parent=$(agent-ps --json "$2" | jq -r .id) id=$(agent-ps --json "$1" | jq -r .id)
	sed -i "s/\"created\"/\"parent\":\"$parent\",\"created\"/" \
	    "$AGENT_ROOT/agents/$id/agent.json"
}
for n in p q c1 c2 g1; do
	agent-run -q --root family -m script:hi --name $n $n >/dev/null
done
export AGENT_ROOT=$PWD/family
child c1 p
child c2 q
child g1 c1
is "$(agent-ps --tree 2>&1 | awk 'NR > 1 { match($0, /^ */); print RLENGTH, $NF }' | xargs)" \
    '0 p 2 c1 4 g1 0 q 2 c2' '--tree has children below their parents' 
AGENT_ROOT=$PWD/root

dir=$AGENT_ROOT/agents/$(agent-ps --json one | jq -r .id)
cp "$dir/journal.jsonl" kept
LC_ALL=C sed -i 's/first/feast/' "$dir/journal.jsonl"
rm "$dir/state"
status 65 'a damaged agent is 65' agent-ps
like "$(sed -n 2p <<<"$out")" 'damaged .*its body is not the one' 'and says why'
is "$(wc -l <<<"$out")" 6 'the others are listed'
status 65 'likewise' agent-ps --json
is "$(jq -r 'select(.state=="damaged").error' <<<"$out" | grep -c 'its body')" 1 \
    'with --json it has an error'
status 0 'the others alone are sound' agent-ps two
cp kept "$dir/journal.jsonl"
status 0 'and so is the one that is put back' agent-ps

agent-run -q -m script:hi --name evil $'\e[2J\u202e\u009b1m\xffgoal' >/dev/null
unlike "$(agent-ps)" $'\e|\u202e|\u009b|\xff' 'no escape sequence in a goal reaches the output'
like "$(agent-ps)" 'x1b\[2J' 'it is shown as text'
unlike "$(script -qec 'agent-ps --json evil' /dev/null </dev/null)" $'\e|\u202e|\u009b' \
    'nor, with --json, a terminal'

timeout 3 agent-ps -w one >watched
is "$(grep -c '^AGENT' watched | sed 's/[2-9]/many/')" many '-w lists again and again'
unlike "$(cat watched)" $'\e' 'without clearing what is no screen'
status 74 'an output that cannot be written is 74' bash -c 'agent-ps >/dev/full'
status 64 'an unknown option is a usage error' agent-ps --bogus
done_testing
