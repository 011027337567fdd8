#!/bin/bash
# agent-audit query and stats: what is looked for, and what it adds up to.
. "$SRC/tests/cli/tap.sh"

cat >m <<'EOM'
{"content":"look","tool_calls":[{"name":"run_command","arguments":{"command":"exit 3"}},{"name":"run_command","arguments":{"command":"sleep 0.3"}},{"name":"read_file","arguments":{"path":"/etc/shadow"}}],"usage":{"input_tokens":100,"output_tokens":7}}
{"content":"","tool_calls":[{"name":"ask_human","arguments":{"question":"why?"}}]}
{"content":"I shall wait."}
{"content":"done","usage":{"input_tokens":10,"output_tokens":4}}
EOM
echo '{"content":"short"}' >s
status 75 'an agent works, is denied something and asks' \
    agent-run -q -m script:m --name a -g <(echo 'allow send human:*') 'the goal'
agent-grant answer "$(agent-grant pending --json | jq -r .request)" because >/dev/null
status 0 'and is answered' agent-run -q -r a
agent-run -q -m script:s --name b 'another goal' >/dev/null
id=$(agent-ps --json a | jq -r .id)
m=script:$PWD/m
query() { agent-audit query "$@"; }
stats() { agent-audit stats "$@"; }

# ---- query ----------------------------------------------------------------------

status 0 'the commands that failed lately are found' \
    query 'type=tool.result tool=run_command status!=0 since=2h' a
is "$(wc -l <<<"$out")" 1 'and no others'
like "$out" ' tool.result failed exit=3' 'in a line each, as log prints them'
status 1 'nothing that matches is status 1' \
    query 'type=tool.result tool=run_command status!=0 until=2h' a
is "$out$err" '' 'and no word'
is "$(query --count 'tool=run_command' a)" 4 'a result has the tool of the call that it names'
is "$(query --count 'type=tool.call verdict=deny tool=read_file' a)" 1 'a denial is found'
is "$(query --count 'tokens>50' a)" 1 'tokens are input and output'
is "$(query --count 'seconds>=0.3 tool=run_command' a)" 1 'a slow call is found'
is "$(query --count "model=$m type=model.reply" a)" 4 'a reply has the model of its call'
is "$(query --count "text~'sleep 0'" a)" 1 'arguments are text, too'
is "$(query --count 'body.calls.2.function.name=read_file' a)" 1 'any member of a body can be named'
is "$(query --count 'text=because|why?' a)" 2 'one of several values will do'
is "$(query --json 'type=goal' a | jq -r '[.agent, .seq, .body.text] | @tsv')" \
    "$id	$(agent-audit log -t goal a | awk '{print $1}')	the goal" \
    '--json has whose record it is, and the record as it stands'
like "$(query --limit 1 type=tool.call a)" '"exit 3|exit 3' '--limit prints the first ones'
is "$(query --limit 2 type=tool.call a | wc -l)" 2 'and no more'
status 0 'several agents are looked at in turn' query type=goal a b
is "$(cut -d ' ' -f 1 <<<"$out" | paste -sd ' ')" 'a b' 'and named'
is "$(query --all type=goal)" "$out" '--all is every agent'
status 64 'an operand beside --all is refused' query --all type=goal a
is "$(query --all --count 'type=goal agent=b')" 1 'agent= is a name'
is "$(query --all --count "type=goal agent=${id:0:26}")" 1 'or an id'
agent-ckpt save a >/dev/null
agent-ckpt export -o a.tar.zst a
is "$(query --count type=goal a.tar.zst)" 1 'a bundle is searched like an agent'
cp -r "$AGENT_ROOT" kept
sed -i 's/the goal/the gaol/' "$AGENT_ROOT/agents/$id/journal.jsonl"
status 65 'a damaged journal is told' query --all type=goal
like "$err" "$id: .*damaged at record" 'and named'
like "$out" 'another goal' 'and the others are searched'
rm -r "$AGENT_ROOT" && mv kept "$AGENT_ROOT"

status 64 'an unknown key is a usage error' query 'colour=red' a
like "$err" "no key 'colour'" 'and named'
status 64 'so is an unknown type' query type=tool a
status 64 'and a value that the key cannot have' query 'since=yesterday' a
status 64 'and an expression alone' query type=goal
status 64 'and nothing' query
status 64 'and --limit 0' query --limit 0 type=goal a
status 66 'an agent that is not there is no such input' query type=goal nobody
status 74 'an output that cannot be written is 74' \
    bash -c 'agent-audit query type=goal a >/dev/full'

# ---- blobs and hostile text -------------------------------------------------------

printf '{"content":"%s needle"}\n' "$(head -c 70000 /dev/zero | tr '\0' x)" >big
agent-run -q -m script:big --name big hi >/dev/null
is "$(query --count 'type=model.reply text~needle' big)" 1 'text that stands in a blob is searched'
printf '%s\n' '{"content":"\u001b[2J\u202e","tool_calls":[{"name":"\u001b[2Jx","arguments":{}}]}' \
    '{"content":"end"}' >evil
agent-run -q -m script:evil --name evil hi >/dev/null
unlike "$(query '' evil; stats evil)" $'\e|\u202e' 'no escape sequence reaches the output'
unlike "$(script -qec "agent-audit query --json 'text~2J' evil; agent-audit stats --json evil" \
    /dev/null </dev/null)" $'\e|\u202e' 'nor, as JSON, a terminal'
is "$(query --count text~$'\e' evil)" 2 'though it can be looked for'

# ---- stats ----------------------------------------------------------------------

status 0 'stats adds it all up' stats a
like "$out" '^1 agent, 2 runs, [0-9]+ records' 'what was read'
like "$out" '^1 requests, 1 answered, waited ' 'what was asked'
like "$out" "^$m +4 +0 +0 +110 +11 " 'calls and tokens by model'
like "$out" '^run_command +2 +1 +1 +0 +0 +0\.[3-9]|^run_command +2 +1 +1 +0 +0 +[1-9]' \
    'outcomes and time by tool'
like "$out" '^read_file +1 +0 +0 +1 +0 ' 'and denials'
j=$(stats --json a)
is "$(jq -c '[.agents, .runs, .model_calls, .replies, .input, .output, .tool_calls, .ok, .failed,
    .denied, .asked, .answered]' <<<"$j")" '[1,2,4,4,110,11,4,1,1,1,1,1]' '--json has the numbers'
is "$(jq -r '.slowest | map(.seconds) | . == (sort | reverse)' <<<"$j")" true \
    'the slowest calls come first'
is "$(jq '.waited_seconds >= 0 and .tool_seconds >= 0.3 and .longest_seconds <= .tool_seconds' \
    <<<"$j")" true 'and the times add up'
is "$(jq -r '[.tools[].tool] | join(" ")' <<<"$j")" 'ask_human read_file run_command' \
    'each tool has its part'
is "$(stats --by tool --json a | jq -r 'select(.tool == "run_command") | .failed')" 1 \
    '--by gives a part a line'
is "$(stats --by model --json a b | jq -r .model | paste -sd ' ')" "$m script:$PWD/s" \
    'over several agents'
is "$(stats --by agent --json --all | jq -r .agent | grep -c "$id")" 1 'by agent'
is "$(stats --by day --json a b | jq -s 'map(.input) | add')" 110 'and by day'
like "$(stats --by day a b)" '^20[0-9]{2}-[0-9]{2}-[0-9]{2} ' 'in a table'
is "$(stats --json --all | jq -c '[.input, .tool_calls]')" \
    "$(stats --json --by agent --all | jq -sc '[(map(.input) | add), (map(.tool_calls) | add)]')" \
    'parts add up to the whole'
status 64 'an unknown part is a usage error' stats --by colour a
status 64 'so is no agent' stats
status 66 'an agent that is not there is no such input' stats nobody
status 74 'an output that cannot be written is 74' bash -c 'agent-audit stats a >/dev/full'
done_testing
