#!/bin/bash
# agent-audit explain: why a record is there, by what records name alone.
. "$SRC/tests/cli/tap.sh"

cat >m <<'EOM'
{"content":"write","tool_calls":[{"name":"write_file","arguments":{"path":"a","content":"b"}},{"name":"request_grant","arguments":{"grant":"allow connect net:x.example:443","why":"news"}}]}
{"content":"I wait."}
{"content":"again","tool_calls":[{"name":"write_file","arguments":{"path":"a","content":"b"}},{"name":"read_file","arguments":{"path":"/etc/shadow"}}]}
{"content":"done"}
EOM
printf '%s\n' 'allow read file:**' 'ask write file:**' 'allow send human:*' >policy
agent-run -q -m script:m --name a -g policy 'the goal' >/dev/null 2>&1
for r in $(agent-grant pending --json | jq -r .request); do agent-grant approve "$r" >/dev/null; done
agent-run -q -r a >/dev/null
agent-grant give a 'allow exec exec:ls' >/dev/null
seq() { agent-audit query --json "$1" a | jq -r .seq | tail -n 1; }
explain() { agent-audit explain "$@"; }
# tree SEQ: "LINK TYPE" of each node
tree() { explain --json "$1" a | jq -r '.. | objects | select(.link) | "\(.link) \(.type)"'; }
# path LINK…: what jq finds along these links
path() { local l p=.; for l; do p+="|.causes[]|select(.link==\"$l\")"; done; jq -c "$p"; }

result=$(seq 'type=tool.result tool=write_file status=ok')
status 0 'a result is explained' explain "$result" a
like "$out" "^$result tool.result ok wrote a" 'from the record that was asked for'
like "$out" '^└─ call: [0-9]+ tool.call write_file' 'to its call'
like "$out" '^   └─ asked for by: [0-9]+ model.reply calls again' 'the reply that wanted it'
like "$out" '^      └─ request: [0-9]+ model.call script:' 'the request that got the reply'
like "$out" '^   ├─ grant: [0-9]+ grant g[0-9]+ ask write' 'the grants that decided'
like "$out" '^   │  └─ from: policy:2' 'and where they came from'
like "$out" '^   ├─ approval: [0-9]+ answer .* approve' 'and the approval'
like "$out" 'answers: [0-9]+ ask ' 'with what was asked'
like "$out" 'signed: by [0-9a-f]+: good, this root.s key' 'and the command that signed it'
j=$(explain --json "$result" a)
is "$(path call approval answers call <<<"$j" | jq -r .text | cut -d ' ' -f 1,2)" 'write_file ask' \
    'up to the call that had to ask'
is "$(path call approval command <<<"$j" | jq -r .text)" 'approve status=0' 'by a command'

call=$(seq type=model.call)
is "$(explain --json "$call" a | jq '.holds | length')" \
    "$(agent-audit show --request "$call" a | jq '.messages | length')" \
    'a request holds as many records as it has messages'
is "$(explain --json "$call" a | jq -r '.holds[]' | while read -r n; do
	agent-audit show "$n" a | jq -r .type; done | sort | uniq -c | awk '{print $2 ":" $1}' | paste -sd ' ')" \
    'answer:2 born:1 goal:1 model.reply:3 tool.result:4' 'and names them'
is "$(explain --json "$call" a | jq -r '[.causes[].seq] == .holds[-5:]')" true 'the newest are followed'

grant=$(seq 'type=grant text~connect')
is "$(tree "$grant" | head -n 2 | paste -sd ,)" 'answer answer,answers ask' \
    'a grant that was asked for names its answer, which names the question'
like "$(explain "$(seq 'type=grant text~exec:ls')" a)" 'command: [0-9]+ command give' \
    'one that was given names its command'
like "$(explain "$(seq 'type=tool.result tool=read_file')" a)" \
    'decision: no grant to read file:/etc/shadow' 'a denial says why'
is "$(tree "$(seq type=goal)")" 'from null' 'a goal is a person'"'"'s'

is "$(explain --json --depth 1 "$result" a | jq -c '[.causes[0].link, .causes[0].cut, .causes[0].causes]')" \
    '["call",true,null]' '--depth says how far'
like "$(explain --depth 1 "$result" a)" '\[goes on\]$' 'and what goes on is marked'
is "$(explain --json --depth 60 "$call" a | jq '[.. | objects | select(.causes) | .seq] | length == (unique | length)')" \
    true 'a record is taken apart once'

# ---- other agents, checkpoints, bundles -------------------------------------------

cat >s <<'EOM'
{"content":"tell","tool_calls":[{"name":"send_message","arguments":{"to":"a","text":"good news"}}]}
{"content":"told"}
EOM
printf '%s\n' nobase 'allow send agent:*' >policy2
agent-run -q -m script:s --name b -g policy2 'tell it' >/dev/null
agent-run -q -r a >/dev/null 2>&1
mail=$(seq type=mail)
status 0 'mail is explained' explain "$mail" a
like "$out" "sent by: agent $(agent-ps --json b | jq -r .id), [0-9]+ tool.call send_message" \
    'with the call in the journal of the agent that sent it'
ckpt=$(agent-ckpt save a)
agent-ckpt export -o a.tar.zst "$ckpt"
is "$(explain --json "$result" a.tar.zst)" "$(explain --json "$result" a)" \
    'a bundle is explained like the agent'
is "$(cd / && AGENT_ROOT=/nowhere explain --json "$result" "$OLDPWD/a.tar.zst" |
    jq -r '.. | objects | select(.link? == "signed").note' | grep -vc 'not checked')" 0 \
    'without a root no signature is checked'
agent-ckpt save a >/dev/null
is "$(tree "$(seq type=ckpt)" | head -n 1)" 'parent ckpt' 'a checkpoint names its parent'
printf '{"content":"%s"}\n' one two three four >r
agent-run -q -m script:r --name back first >/dev/null
then=$(agent-ckpt save back)
agent-run -q -r back second >/dev/null
agent-ckpt restore "$then" >/dev/null 2>&1
agent-run -q -r back third >/dev/null
call=$(agent-audit query --json type=model.call back | jq -r .seq | tail -n 1)
is "$(explain --json "$call" back | jq -r '.holds[]' | while read -r n; do
	agent-audit show "$n" back | jq -r '.body.text // .type'; done | paste -sd ' ')" \
    'born first one third' 'what a restore took back is in no request'
call=$(seq type=model.call)
mv "$AGENT_ROOT/agents/$(agent-ps --json b | jq -r .id)" gone
like "$(explain "$mail" a)" 'sent by: agent [0-9A-Z]+, [0-9]+ +\(not here\)' \
    'a sender that is gone is said to be'

# ---- what is bad --------------------------------------------------------------------

printf '%s\n' '{"content":"\u001b[2J\u202e","tool_calls":[{"name":"\u001b[2Jx","arguments":{}}]}' \
    '{"content":"end"}' >evil
agent-run -q -m script:evil --name evil hi >/dev/null
unlike "$(explain 11 evil)" $'\e|\u202e' 'no escape sequence reaches the output'
unlike "$(script -qec 'agent-audit explain --json 11 evil' /dev/null </dev/null)" $'\e|\u202e' \
    'nor, as JSON, a terminal'
file=$AGENT_ROOT/agents/$(agent-ps --json a | jq -r .id)/journal.jsonl
cp "$file" kept
n=$(seq 'type=tool.call tool=write_file')
sed -i "${n}s/\"body\":.*/\"body\":null}/" "$file"
like "$(explain "$n" a)" 'redacted: what it named is not known' 'a redacted record says so'
like "$(explain "$result" a)" 'call: [0-9.]+ \(no record here has it\)' \
    'and what names it does not guess which it was'
like "$(explain "$call" a)" 'what it holds cannot be told: ' \
    'nor does a request behind it'
cp kept "$file"
sed -i "${n}s/write_file/wrote_file/" "$file"
status 65 'a damaged journal is bad data' explain "$result" a
cp kept "$file"
status 66 'a record that is not there is no such input' explain 9999 a
status 66 'so is an agent' explain 1 nobody
status 64 'a number that is none is a usage error' explain x a
status 64 'so is a depth of 0' explain --depth 0 1 a
status 64 'and no agent' explain 1
status 74 'an output that cannot be written is 74' bash -c 'agent-audit explain 3 a >/dev/full'
done_testing
