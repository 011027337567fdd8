#!/bin/bash
# Many agents under one root, and two schedulers at once: each call of a model
# is made once, whoever runs the agent.
# shellcheck source=tests/cli/tap.sh disable=SC2154,SC2317
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root AGENTS=40 TURNS=4
here=$PWD

# Each call is a line of the ledger: the goal and how many replies there were.
cat >model <<END
#!/bin/sh
jq -c --argjson turns $TURNS --arg ledger "$here/ledger" '
([.messages[] | select(.role == "assistant")] | length) as \$n
| ([.messages[] | select(.role == "user")][-1].content | tostring) as \$goal
| (\$goal + " " + (\$n | tostring) | debug) as \$line
| {message: {role: "assistant", content: "turn", tool_calls:
    (if \$n < \$turns - 1 then [{id: "c", type: "function",
        function: {name: "list_files", arguments: "{}"}}] else [] end)},
   stop_reason: "end"} | if .message.tool_calls == [] then del(.message.tool_calls) else . end' 2>line.\$\$
sed 's/^\["DEBUG:","\(.*\)"\]\$/\1/' line.\$\$ >>"$here/ledger"
rm line.\$\$
END
chmod +x model
agent-run -q --name lead -m "exec:$here/model" --max-turns 9 lead >/dev/null 2>&1
: >ledger
for ((i = 0; i < AGENTS; i++)); do
	# Agents of their own: nobody hears of their ends.
	agent-run -q -m "exec:$here/model" --max-turns 1 "work-$i" >/dev/null 2>&1
done
is "$(agent-ps --json | jq -r .state | sort | uniq -c | xargs)" "1 done $AGENTS paused" \
    'many agents that stand at a limit'
is "$(sort ledger | uniq -d | wc -l) $(wc -l <ledger)" "0 $AGENTS" 'with one call of the model each'

agent-run --all --until-idle -j 2 --max-turns 99 >one 2>one.err &
one=$!
agent-run --all --until-idle -j 2 --max-turns 99 >two 2>two.err &
two=$!
wait "$one"
like "$?" '^(0|75)$' 'two schedulers at a time: one ends'
wait "$two"
like "$?" '^(0|75)$' 'and the other'
is "$(agent-ps --json | jq -r .state | sort | uniq -c | xargs)" "$((AGENTS + 1)) done" 'all agents are done'
is "$(wc -l <ledger) $(sort ledger | uniq -d | wc -l)" "$((AGENTS * TURNS)) 0" \
    'each call of the model was made once'
is "$(sort -u ledger | wc -l)" "$((AGENTS * TURNS))" 'and none left out'
both=$(awk '$2 == "done"' one two | awk '{ print $1 }' | sort -u | wc -l)
is "$both" "$AGENTS" 'each is said to be done'
ok "$(for id in $(agent-ps --json | jq -r .id); do
	agent-audit verify "$id" >/dev/null || echo "$id"
done | wc -l)" 'and its history is whole'
status 0 'then nothing is due' agent-run --all --due
is "$out" '' 'nor run'

# ---- a signal ---------------------------------------------------------------------

cat >slow <<'END'
#!/bin/sh
sleep 600
END
chmod +x slow
agent-run -q --name slow -m "exec:$here/model" --max-turns 1 slow >/dev/null 2>&1
agent-run -q --name crawl -m "exec:$here/model" --max-turns 1 crawl >/dev/null 2>&1
agent-run --all --until-idle -j 2 --max-turns 99 -m "exec:$here/slow" >stopped 2>&1 &
pid=$!
for ((i = 0; i < 400; i++)); do
	[ "$(agent-ps --json slow crawl 2>/dev/null | jq -r .state | grep -c running)" = 2 ] && break
	sleep 0.05
done
is "$(agent-ps --json slow crawl | jq -r .state | xargs)" 'running running' 'runs that take long'
kill -TERM "$pid"
wait "$pid"
is "$?" 143 'a signal ends them, and then the scheduler'
is "$(agent-ps --json slow crawl | jq -r .state | xargs)" 'ready ready' 'all is saved'
is "$(grep -c ' status 143: stopped$' stopped)" 2 'and said'
agent-run --all --until-idle -j 2 -m "exec:$here/slow" >/dev/null 2>&1 &
pid=$!
for ((i = 0; i < 400; i++)); do
	[ "$(agent-ps --json slow crawl 2>/dev/null | jq -r .state | grep -c running)" = 2 ] && break
	sleep 0.05
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null
status 0 'when the scheduler is killed, its runs end as well' \
    agent-wait --timeout 60s --state ready slow crawl
is "$(agent-audit log --json slow | jq -r 'select(.type == "exit").body.status' | tail -n 1)" 143 'and are saved'

# ---- failures ----------------------------------------------------------------------

status 1 'runs that fail' agent-run --all --due -m "exec:/bin/false" -j 2
is "$(grep -c ' status 69' <<<"$out")" 2 'are said, and end no others'
agent-run -q --name last -m "exec:$here/model" --max-turns 1 last >/dev/null 2>&1
truncate -s 99 "root/agents/$(agent-ps --json slow | jq -r .id)/journal.jsonl"
status 65 'a damaged agent is told of' agent-run --all --until-idle --max-turns 99 -m "exec:$here/model"
like "$out" ' damaged: ' 'and why'
is "$(agent-ps --json crawl last | jq -r .state | xargs)" 'done done' 'the others are run all the same'
done_testing
