#!/bin/bash
# agent-send --signal: an agent is paused, resumed, stopped, killed, whether
# or not it runs.
. "$SRC/tests/cli/tap.sh"

call() { jq -cn --arg c "$1" '{tool_calls:[{name:"run_command",arguments:{command:$c}}]}'; }
say() { jq -cn --arg t "$1" '{content:$t}'; }
state() { agent-ps --json "$1" | jq -r .state; }
results() { agent-audit log --json -t tool.result "$1" | jq -r '.body | "\(.status) \(.text)"'; }
until_true() { # COMMAND…: within 20 seconds
	local i
	for ((i = 0; i < 1000; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.02
	done
	return 1
}
# shellcheck disable=SC2317 # called by until_true
begun() { ls "$AGENT_ROOT"/agents/*/work/begun; }
start() { # NAME: an agent in the middle of a call
	rm -rf "$AGENT_ROOT"
	agent-run -q -m script:work.jsonl --name "$1" go >run.out 2>run.err &
	pid=$!
	until_true begun
}
# ends STATUS NAME: the run does, with this status.
ends() {
	local got=0
	wait "$pid" || got=$?
	is "$got" "$1" "$2"
}
finish() { touch "$(dirname "$(begun)")/stop"; }
{
	call 'touch begun; until [ -e stop ]; do sleep 0.02; done; echo over'
	call 'echo second'
	say end
	say more
} >work.jsonl

# ---- while it runs --------------------------------------------------------------------

start a
status 0 'a run is paused' agent-send --signal pause a
finish
ends 75 'it ends with 75'
like "$(cat run.err)" 'resume' 'and says how to go on'
is "$(results a)" 'ok over' 'once what was under way is over'
is "$(state a)" paused 'the agent is paused'
seals=$(agent-audit log a | wc -l)
status 75 'a paused agent is not run' agent-run -q -r a
status 75 'not with a goal either' agent-run -q -r a 'go on'
is "$(agent-audit log a | wc -l)" "$seals" 'and nothing is written'
agent-send a 'are you there?'
status 75 'nor is it for a message' agent-run -q -r a
is "$(state a)" paused 'it stays paused'
status 0 'it is resumed' agent-send --signal resume a
status 0 'and goes on' agent-run -q -r a
is "$out" end 'to its end'
is "$(results a | xargs)" 'ok over ok second' 'having done each call once'
status 0 'the chain holds' agent-audit verify a

start b
status 0 'a run is stopped' agent-send --signal stop b
finish
ends 75 'it ends with 75'
is "$(state b)" ready 'the agent can be gone on with'
status 0 'and is, without being resumed' agent-run -q -r b
is "$out" end 'to its end'

start c
status 0 'a run is killed' agent-send --signal kill c
ends 1 'it ends at once'
is "$(state c)" killed 'the agent is killed'
like "$(results c)" '^denied .*killed' 'what was under way was ended'
is "$(agent-audit log -t exit c | wc -l)" 1 'and its end is recorded, once'
status 1 'it is not run again' agent-run -q -r c
like "$err" 'killed' 'and the reason is told'
status 1 'no signal reaches it' agent-send --signal resume c
status 0 'to kill it again is no error' agent-send --signal kill c
agent-send c hello
status 1 'and a message does not wake it' agent-run -q -r c
is "$(state c)" killed 'it stays killed'
status 0 'its chain holds' agent-audit verify c

# A model that thinks for long.
rm -rf "$AGENT_ROOT"
echo '{"content":"late","delay":"60s"}' >slow.jsonl
agent-run -q -m script:slow.jsonl --name d go >run.out 2>run.err &
pid=$!
# shellcheck disable=SC2317
asked() { agent-audit log -t model.call d | grep -q .; }
until_true asked
status 75 'who pauses it while its model thinks is told to come again' \
	agent-send --signal pause --wait 0.2s d
like "$err" 'nothing was changed' 'and that nothing was done'
status 0 'but it can be killed' agent-send --signal kill d
ends 1 'and ends at once'
is "$(state d)" killed 'killed'

# ---- while it does not ----------------------------------------------------------------

agent-run -q -m script:work.jsonl --name e --max-turns 1 --deny 'call tool:run_command' go 2>/dev/null
status 0 'an agent that does not run is paused' agent-send --signal pause e
status 75 'and is not run' agent-run -q -r e --max-turns 9
status 0 'twice is no error' agent-send --signal pause e
status 0 'stop does nothing to it' agent-send --signal stop e
agent-send --signal resume e
status 0 'resumed it goes on' agent-run -q -r e --max-turns 9
status 0 'to stop what does not run is no error' agent-send --signal stop e
agent-send e hello
status 0 'and stops no later run' agent-run -q -r e
status 0 'it is killed' agent-send --signal kill e
is "$(state e)" killed 'at once'
status 1 'and not run again' agent-run -q -r e

# What is held back is so in spite of a restore, and holds no child back.
agent-run -q -m script:work.jsonl --name f --deny 'call tool:run_command' go >/dev/null
agent-ckpt save f >/dev/null
agent-send --signal pause f
kid=$(agent-fork --goal work f)
status 0 'a child of a paused agent is not paused' agent-run -q -r "$kid"
agent-send --signal kill f
agent-ckpt restore f >/dev/null 2>&1
is "$(state f)" killed 'what was killed stays so when it is put back'
status 1 'and is not run' agent-run -q -r f

status 64 'an unknown signal' agent-send --signal hop e
status 64 'a signal with a text' agent-send --signal pause e now
status 64 'a signal and an event' agent-send --signal pause --event x e
status 64 'a signal to nobody' agent-send --signal pause
status 66 'to nobody by that name' agent-send --signal pause nobody
# ---- the launcher dies
cat >killer <<'EOF'
#!/bin/sh
runner=$(sed 's/.*) . //; s/ .*//' "/proc/$PPID/stat")
for child in $(cat "/proc/$runner/task/$runner/children"); do
	[ -e killed ] || [ "$(cat "/proc/$child/comm")" != agent-launcher ] ||
	    { kill -9 "$child" && : >killed; }
done
jq -c 'if .messages[-1].role == "tool" and (.messages[-1].content | test("gone") | not)
then {message: {role: "assistant", content: "made"}}
else {message: {role: "assistant", content: "", tool_calls: [{id: "c",
	type: "function", function: {name: "run_command",
	arguments: "{\"command\":\"echo made >>made\"}"}}]}} end'
EOF
chmod +x killer
status 75 'a run whose launcher died ends, to be gone on with: 75' \
    agent-run --name orphan -q -m "exec:$PWD/killer" 'make it'
like "$err" 'process that starts calls died' 'and says why'
status 0 'the next one goes on' agent-run -q -r orphan
is "$(cat root/agents/*/work/made)" made 'and the call is made once'
replayed
done_testing
