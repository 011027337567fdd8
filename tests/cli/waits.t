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
turns alone "$(call wait_agent '{}')" "$last"
status 0 'waiting for its children without any' run alone alone
like "$(results alone)" '^failed .*you have no children' 'fails too'
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

# ---- children --------------------------------------------------------------------

# A model that does what it is told: "do NAME ARGUMENTS", else it ends its turn.
cat >obey <<'END'
#!/bin/sh
jq -c '.messages[-1] as $m | ($m.content // "" | tostring) as $t
| if $m.role == "user" and ($t | test("(^|\\n)do ")) then
    ($t | capture("(^|\\n)do (?<n>[a-z_]+) (?<a>.*)")) as $c
    | {message: {role: "assistant", content: "as told", tool_calls: [{id: "c", type: "function",
        function: {name: $c.n, arguments: $c.a}}]}, stop_reason: "tool_calls"}
  else {message: {role: "assistant", content: ("heard " + $t)}, stop_reason: "end"} end'
END
chmod +x obey
# obey NAME [GOAL]: an agent with that model
obey() { agent-run -q --name "$1" -m "exec:$PWD/obey" "${2-hello}"; }
tell() { agent-run -q -r "$1" "$2"; }
last_result() { results "$1" | tail -n "${2-1}"; }

status 0 'a parent' obey lead
status 0 'and its children' agent-fork -n 3 --name kid --goal 'work' lead
status 75 'waits for two of them' tell lead 'do wait_agent {"agents":["kid-1","kid-2"]}'
is "$(state lead)" waiting:child 'without a process'
status 0 'one ends' agent-run -q -r kid-1
status 75 'which is not all' agent-run -q -r lead
is "$(count tool.result lead)" 0 'so it waits on'
status 0 'the other ends' agent-run -q -r kid-2
status 0 'and it goes on' agent-run -q -r lead
result=$(agent-audit log --json --type tool.result lead | jq -r .body.text)
is "$(grep -c ' kid-[12]: done$' <<<"$result") $(grep -c '^heard work$' <<<"$result")" '2 2' \
    'with how each ended and what it said'
is "$(agent-audit log --json lead | jq -r 'select(.type=="model.call").seq' | wc -l)" 3 'in one turn'
status 75 'all children, when none is named' tell lead 'do wait_agent {}'
is "$(agent-audit log --json --type wait lead | tail -n 1 | jq '.body.agents | length')" 3 'are waited for'
status 0 'until it is told otherwise' tell lead 'go on'
status 0 'one that has ended already' tell lead 'do wait_agent {"agents":["kid-1"]}'
like "$(agent-audit log --json --type tool.result lead | jq -r .body.text | tail -n 2)" 'kid-1: done' \
    'is not waited for'

status 75 'a wait with a time limit' tell lead 'do wait_agent {"agents":["kid-3"],"seconds":6}'
status 0 'ends at that' agent-run -q -r lead 'never mind'
like "$(agent-audit log --json --type tool.result lead | jq -r .body.text | tail -n 1)" 'kid-3: (ready|running)$' \
    'or early, and tells how the child stands'
status 0 'its end is then a message' agent-run -q -r kid-3
status 0 'to the parent' agent-run -q -r lead
like "$out" '^heard .agent [0-9A-Z]{26} has ended: done' 'which it answers'

# A child that died between its end and its letter is told for.
status 0 'more children' agent-fork --name late --goal 'work' lead
status 75 'one is waited for' tell lead 'do wait_agent {"agents":["late"]}'
strace -f -o trace -e trace=renameat,renameat2 -e inject=renameat,renameat2:signal=KILL:when=1 \
    agent-run -q -r late >/dev/null 2>&1
is "$(agent-ps --json late | jq -r .state)" 'done' 'it died when it had ended, and its letter was not there'
status 0 'the parent has it sent' agent-run -q -r lead
like "$(agent-audit log --json --type tool.result lead | jq -r .body.text | tail -n 2)" 'late: done' 'and goes on'

# What is heard of it is labelled as it is.
status 0 'siblings' agent-fork -n 2 --name sib --goal 'work' lead
agent-run -q -r sib-1 --label tainted 'look at this' >/dev/null
status 0 'one waits for the other' tell sib-2 'do wait_agent {"agents":["sib-1"]}'
is "$(agent-audit log --json --type tool.result sib-2 | tail -n 1 | jq -c .body.labels)" '["tainted"]' \
    'and hears what is tainted'

# Events.
status 75 'a wait for an event' tell lead 'do wait_mail {"event":"built","from":"ci"}'
agent-send --event other --from ci lead x
agent-send --event built --from me lead x
status 75 'is not over by another' agent-run -q -r lead
agent-send --event built --from ci lead v2
status 0 'but by that one' agent-run -q -r lead
is "$out" "heard event built from ci
v2" 'which is its result'
status 0 'an event that came before' tell lead 'do wait_mail {"event":"other"}'
like "$out" 'event other from ci' 'ends a wait at once'
status 75 'and but one' tell lead 'do wait_mail {"event":"other"}'
agent-send lead 'hello'
status 0 'a message ends any wait' agent-run -q -r lead
is "$(agent-audit log --json --type tool.result lead | tail -n 1 | jq -r .body.text)" \
    'ended early: something was said to you, and follows' 'and says so'
for i in $(seq 40); do agent-send --event "e$i" lead; done
status 75 'behind many others' tell lead 'do wait_mail {"event":"late"}'
for i in $(seq 40); do agent-send --event "f$i" lead; done
agent-send --event late lead
status 0 'an event is found' agent-run -q -r lead

# Rings.
status 0 'children that' agent-fork -n 3 --name ring --goal 'be idle' lead
status 75 'wait' tell ring-1 'do wait_agent {"agents":["ring-2"]}'
status 75 'for each other' tell ring-2 'do wait_agent {"agents":["ring-3"],"mode":"any"}'
status 0 'do not for ever' tell ring-3 'do wait_agent {"agents":["ring-1","kid-1"]}'
like "$(results ring-3 | tail -n 1)" '^failed nobody would ever go on: [0-9A-Z]+( waits for [0-9A-Z]+){3}$' \
    'who would close the ring is told who is in it'
status 0 'with a limit of time' tell ring-3 'do wait_agent {"agents":["ring-1"],"seconds":600}'
like "$(results ring-3 | tail -n 1)" '^failed nobody would go on before the time is over: [0-9A-Z]+( waits for [0-9A-Z]+){3}$' \
    'it is told as well'
status 0 'two more' agent-fork -n 2 --name pair --goal 'be idle' lead
status 75 'of whom one waits with a limit' tell pair-1 'do wait_agent {"agents":["pair-2"],"seconds":600}'
status 0 'and the other with the same' tell pair-2 'do wait_agent {"agents":["pair-1"],"seconds":600}'
like "$(results pair-2 | tail -n 1)" '^failed nobody would go on before' 'are a ring'
status 75 'but one may wait until the other gives up' tell pair-2 'do wait_agent {"agents":["pair-1"],"seconds":6000}'
is "$(state pair-2)" waiting:child 'and goes on'
replayed
done_testing
