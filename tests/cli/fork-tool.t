#!/bin/bash
# The tool fork_agent: a model makes children of itself, in the middle of a
# turn.
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root

call() { jq -cn --arg n "$1" --argjson a "$2" '{name:$n,arguments:$a}'; }
# turn TEXT CALL…
turn() {
	local text=$1
	shift
	jq -cn --arg t "$text" '{content:$t,tool_calls:$ARGS.positional}' --jsonargs "$@"
}
results() { agent-audit log --json -t tool.result "$1" | jq -r '.body | "\(.status): \(.text)"'; }
kids() { agent-ps --json | jq -r --arg p "$(agent-ps --json "$1" | jq -r .id)" 'select(.parent == $p).id'; }

{
	turn one "$(call write_file '{"path":"x","content":"1"}')" \
	    "$(call fork_agent '{"goal":"count","n":2,"grants":["allow read file:**"]}')" \
	    "$(call list_files '{}')"
	turn two "$(call write_file '{"path":"y","content":"2"}')" "$(call run_command '{"command":"cat x"}')"
	echo '{"content":"end"}'
	echo '{"content":"more"}'
} >m.jsonl
status 0 'an agent forks in the middle of a turn' agent-run -q -m script:m.jsonl --name lead --max-turns 9 'do it'
mapfile -t kid < <(kids lead)
is "${#kid[@]}" 2 'both children are there'
is "$(results lead | sed -n 2,3p | xargs)" "ok: ${kid[*]}" 'and it is told their ids'
is "$(results lead | tail -1)" 'ok: 1' 'and goes on with the next call, and turn'
is "$(results "${kid[0]}" | sed -n 2p | sed 's/: the child.*//')" "ok: you are agent ${kid[0]}, number 1 of 2" \
    'a child is told by the same call that it is one'
like "$(results "${kid[1]}")" 'number 2 of 2' 'and which'
like "$(results "${kid[0]}")" 'interrupted: not made: .* before it' 'and that the next call was not made'
is "$(agent-ps --json "${kid[0]}" | jq -r '"\(.goal) \(.state) \(.limits.turns)"')" 'count ready 2' \
    'it has its goal, and a part of the limits'
is "$(agent-audit log --json -t goal "${kid[0]}" | jq -r .body.from | tail -1)" "$(agent-ps --json lead | jq -r .id)" \
    'which comes from its parent'
status 0 'it goes on by itself' agent-run -q -r "${kid[0]}"
is "$(results "${kid[0]}" | sed -n '4,$p' | cut -c 1-6 | xargs)" 'denied ok: 1' 'with no more than the grants that were given'
status 0 'its history is proved' agent-audit verify "${kid[0]}"
status 0 'and replayed' agent-audit replay "${kid[0]}"
status 0 "and so is its parent's" agent-audit replay lead

# ---- what is not done ---------------------------------------------------------------
{
	turn a "$(call fork_agent '{"goal":"g","grants":["allow connect net:evil.org:443"]}')"
	turn b "$(call fork_agent '{"goal":"g","grants":["allow fly"]}')"
	turn c "$(call fork_agent '{"goal":"g","n":0}')"
	turn d "$(call fork_agent '{"goal":"g","n":3}')"
	turn e "$(call fork_agent '{"goal":"g"}')"
	echo '{"content":"end"}'
} >bad.jsonl
status 0 'an agent whose forks are refused' agent-run -q -m script:bad.jsonl --name greedy --max-children 2 x
is "$(results greedy | cut -d : -f 1 | xargs)" 'denied failed failed failed ok' \
    'more than it may, what cannot be read, none, more than the limit leaves; and one that is made'
like "$(results greedy)" 'evil.org.* more than agent' 'it is told why'
is "$(kids greedy | wc -l)" 1 'only that one is there'
agent-run -q -m script:bad.jsonl --name sober --deny 'call tool:fork_agent' x >/dev/null
is "$(results sober | cut -d : -f 1 | xargs) $(kids sober | wc -l)" 'denied denied failed denied denied 0' \
    'a policy may deny the tool'
status 0 'a person may call it' agent-tool call lead fork_agent '{"goal":"more"}'
is "$(kids lead | tail -1)" "$out" 'and gets the id'
status 0 'which can be run' agent-run -q -r "$out"
status 0 'and is proved' agent-audit verify "$(kids lead | tail -1)"
done_testing
