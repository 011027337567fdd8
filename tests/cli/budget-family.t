#!/bin/bash
# Budgets of families: a child reserves from its parent, and its end gives back.
. "$SRC/tests/cli/tap.sh"

for i in 1 2 3 4 5 6 7 8 9; do
	echo "{\"content\":\"said $i\",\"usage\":{\"input_tokens\":90,\"output_tokens\":10}}"
done >m
# left AGENT: turns and tokens.
left() {
	agent-ps --json "$1" | jq -r '"\(.left.turns) \(.left.tokens)"'
}

agent-run -q -m script:m --max-turns 10 --max-tokens 1000 --max-children 6 \
    --name lead hi >/dev/null
is "$(left lead)" '9 900' 'what is left is told'

# ---- reserved ------------------------------------------------------------------------

status 0 'two children that ask for nothing' agent-fork -n 2 --name kid --goal on lead
is "$(left kid-1), $(left kid-2)" '3 300, 3 300' 'get an equal part each'
is "$(left lead)" '3 300' 'and the parent keeps one'
is "$(agent-ps --json lead | jq -c '[.usage.children, .left.children, .turns]')" '[2,2,1]' \
    'children count, and how many they may have'
is "$(agent-audit log --json -t fork lead | jq -c '.body.children[0].limits')" \
    '{"turns":3,"tokens":300,"children":1}' 'the fork record says what is reserved'
before=$(ls -A root/agents root/agents/.new 2>/dev/null)
status 79 'a child that asks for more than its parent has is refused' \
    agent-fork --max-turns 4 lead
like "$err" 'limit of turns leaves 3: not enough for 1 child' 'which says what there is'
status 79 'and so are several together' agent-fork -n 2 --max-turns 2 lead
status 79 'and more children than there may be' agent-fork -n 3 --max-turns 1 lead
is "$(ls -A root/agents root/agents/.new 2>/dev/null)" "$before" 'nobody is made'
is "$(left lead)" '3 300' 'and nothing is reserved'
status 0 'asked for, a child gets it' agent-fork --max-turns 2 --max-tokens 1 --name tiny lead
is "$(left tiny), $(left lead)" '2 1, 1 299' 'to the last'
status 0 'a child makes children' agent-fork --max-turns 1 --name grand --goal on kid-1
is "$(left grand), $(left kid-1)" '1 150, 2 150' 'of what it has'
status 79 'but no more than there may be' agent-fork kid-1
status 0 'what was not limited may be' \
    agent-fork --max-turns 1 --max-bytes 9K --name other lead
is "$(agent-ps --json other | jq .left.bytes)" 9216 'for a child'
is "$(left lead)" '0 150' 'nothing is left'
status 79 'then the parent does not go on' agent-run -q -r lead 'go on'
like "$err" 'limit of turns' 'for want of turns'

status 0 'agent-ps --tree' agent-ps --tree
like "$(sed -n 1p <<<"$out")" 'COST +LEFT +AGE' 'has a column of what is left'
like "$(sed -n 2p <<<"$out")" ' 1 +100 +0\.0000 +0 turns, 150 tokens, [0-9] children ' \
    'of each limit, beside what was used'
like "$(grep kid-2 <<<"$out")" ' 0 +0 +0\.0000 +3 turns, 300 tokens, ' 'for each agent'

# ---- given back ------------------------------------------------------------------------

status 0 'a child ends' agent-run -q -r kid-2
is "$(left kid-2)" '0 0' 'and has nothing left'
status 79 'a new goal does not give it more' agent-run -q -r kid-2 'and on'
status 0 'its parent hears of it and goes on' agent-run -q -r lead
is "$(left lead)" '1 250' 'with what the child did not use'
is "$(agent-ps --json lead | jq -c '[.turns, .limits.turns]')" '[2,10]' \
    "whose turns are not the parent's"
status 0 'what somebody gives the child' \
    agent-run -q -r kid-2 --max-turns 2 --max-tokens 999 'and on'
agent-run -q -r lead >/dev/null 2>&1
is "$(left lead | cut -d ' ' -f 1)" 0 "counts against its parent's limits when it has used it"

# The end of a grandchild reaches the top through one that ended before it.
status 0 'a child ends before its own child' agent-run -q -r kid-1
used() {
	agent-ps --json | jq -s 'map(.turns) | add'
}
agent-run -q -r lead --max-turns 30 --max-tokens 9000 >/dev/null 2>&1
held=$(left lead | cut -d ' ' -f 1)
is "$((30 - held - $(used)))" 4 'what the others have is reserved still'
status 0 'then the grandchild' agent-run -q -r grand
for one in tiny other; do
	agent-run -q -r "$one" 'end' >/dev/null 2>&1
	agent-run -q -r "$one" --max-tokens 900 >/dev/null 2>&1
done
for one in kid-1 lead; do
	agent-run -q -r "$one" >/dev/null 2>&1
done
is "$(agent-ps --json | jq -r 'select(.name != "lead").left.turns' | sort -u)" 0 \
    'all have ended'
is "$((30 - $(used)))" "$(left lead | cut -d ' ' -f 1)" \
    'all that was not used is back, once'
done_testing
