#!/bin/bash
# agent-audit redact: what was said is gone, and the chain holds.
. "$SRC/tests/cli/tap.sh"

cat >m <<'EOM'
{"content":"look at plan-nine","tool_calls":[{"name":"run_command","arguments":{"command":"echo plan-nine"}},{"name":"read_file","arguments":{"path":"a"}}]}
{"content":"done with it"}
{"content":"and again"}
{"content":"more"}
{"content":"much more"}
EOM
agent-run -q -m script:m --name a 'the goal' >/dev/null
agent-ckpt save a >/dev/null
id=$(agent-ps --json a | jq -r .id)
dir=$AGENT_ROOT/agents/$id
redact() { agent-audit redact "$@"; }
# number EXPR [AGENT]: of the first record that matches
number() { agent-audit query --json --limit 1 "$1" "${2:-a}" | jq -r .seq; }
reply=$(number type=model.reply) call=$(number type=tool.call)
result=$(number type=tool.result)
sums() { find "$AGENT_ROOT" -type f ! -name lock -exec sha256sum {} + | sort; }

# ---- what would go ----------------------------------------------------------------

before=$(sums)
status 0 '-n says what would go' redact -n "$reply" "$call" "$result" a
is "$(wc -l <<<"$out")" 4 'the records and the bundle'
like "$out" "^$id +$result .*tool.result ok exit=0 plan-nine" 'each record in a line'
like "$out" "^$id bundle $id@[0-9]+" 'and each bundle'
is "$(sums)" "$before" 'and nothing is changed'
status 0 'one record alone' redact -n "$call" a
like "$err" "record $reply .model.reply. has the same words" 'others with the same words are named'

# ---- gone ---------------------------------------------------------------------------

head=$(agent-audit head a)
status 0 'they are redacted' redact --why 'told by mistake' "$reply" "$call" "$result" a
is "$out" 'redacted 3 records of 1 agent' 'which is said'
like "$err" 'bundles went; what was pushed or exported' 'and that copies elsewhere stay'
is "$(grep -rl plan-nine "$AGENT_ROOT")" '' 'nothing below the root holds the words any more'
is "$(zstd -dcq "$dir"/ckpt/*.zst | grep -c plan-nine)" 0 'nor does a bundle'
status 0 'the history is proved' agent-audit verify --head "$head" a
like "$out" '3 redacted|some redacted' 'with what was its head before'
is "$(agent-audit query --count 'text=plan-nine' a)" 0 'and does not say them'
like "$(agent-audit log a)" 'tool.result \(redacted\)' 'where they were is shown'
note=$(agent-audit query --json 'type=note body.note=redacted' a)
is "$(jq -r '"\(.body.why) \(.body.by) \(.body.redacted | map(.seq) | join(" "))"' <<<"$note")" \
    "told by mistake user $reply $call $result" 'a record tells what was done, and why'
is "$(agent-audit log --json a | jq -r .type | grep -A 1 note | paste -sd ' ')" 'note seal' \
    'which is sealed'
is "$(jq -c '.body.redacted[2].body' <<<"$note" | jq -c '[.call, .status, .exit, .text]')" \
    "[\"$reply.0\",\"ok\",0,\"[redacted]\"]" 'and what is left: ids, numbers, words of ours'
status 1 'a second time there is nothing to do' redact --why x "$result" a
like "$err" "record $result is redacted already" 'which is said'

# ---- afterwards ----------------------------------------------------------------------

status 0 'the agent goes on' agent-run -q -r a next
is "$out" 'and again' 'where it was'
last=$(agent-audit query --json type=model.call a | jq -r .seq | tail -n 1)
is "$(agent-audit show --request "$last" a | jq -r '[.messages[2:5][].content] | join("|")')" \
    $'[redacted]|[redacted]|[failed]\nno such file: a' 'and its model is told that something was there'
is "$(agent-audit show --request "$last" a | jq -r '.messages[2].tool_calls[0].function.arguments')" \
    '{}' 'not what'
old=$(agent-audit query --json type=model.call a | jq -r .seq | sed -n 2p)
status 1 'a request of before cannot be rebuilt' agent-audit show --request "$old" a
like "$err" 'a part of what was sent is redacted' 'and that is no drift'
status 1 'replay says the same' agent-audit replay a
like "$err" "record $reply is redacted" 'and where'
status 0 'the new bundle is proved' agent-ckpt verify a
status 0 'and saved upon' agent-ckpt save a
mkdir elsewhere
agent-ckpt export -o elsewhere/a.tar.zst a
status 0 'and an agent made from it' agent-ckpt restore --new-agent --name again elsewhere/a.tar.zst
status 0 'goes on' agent-run -q -r again next
rm "$dir/state"
status 0 'a fold from the first record on does, too' agent-run -q -r a next

# ---- blobs, families -----------------------------------------------------------------

long=$(head -c 70000 /dev/zero | tr '\0' x)
printf '{"content":"%s"}\n' "$long" end >big
agent-run -q -m script:big --name b1 hi >/dev/null
agent-run -q -m script:big --name b2 hi >/dev/null
is "$(find "$AGENT_ROOT/blobs" -size 69k | wc -l)" 1 'a text in a blob is there once'
redact --why x "$(number type=model.reply b1)" "$(number type=exit b1)" b1 >/dev/null
is "$(find "$AGENT_ROOT/blobs" -size 69k | wc -l)" 1 'which stays while another agent names it'
redact --why x "$(number type=model.reply b2)" "$(number type=exit b2)" b2 >/dev/null
is "$(find "$AGENT_ROOT/blobs" -size 69k | wc -l)" 0 'and goes with the last one'
agent-audit verify b1 >/dev/null && agent-audit verify b2 >/dev/null
ok $? 'both are proved'

cat >f <<'EOM'
{"content":"family-word"}
{"content":"two"}
{"content":"three"}
{"content":"four"}
EOM
agent-run -q -m script:f --name lead 'the start' >/dev/null
agent-fork --name kid --goal 'child-word' lead >/dev/null
agent-run -q -r kid >/dev/null
status 0 'what a parent said' redact --why x "$(number type=model.reply lead)" \
    "$(number type=exit lead)" lead
is "$out" 'redacted 2 records of 2 agents' 'is redacted in its child'
is "$(grep -rl family-word "$AGENT_ROOT")" '' 'where it stood as well'
agent-audit verify lead >/dev/null && agent-audit verify kid >/dev/null
ok $? 'and both are proved'
status 0 'the child goes on' agent-run -q -r kid next
status 0 'through the child' redact --why x "$(number type=goal kid)" kid
is "$out" 'redacted 1 record of 2 agents' 'its parent is reached'
is "$(grep -rl 'the start' "$AGENT_ROOT")" '' 'and holds it no more'
status 0 'what is the child'"'"'s own' redact --why x "$(number 'type=goal text~child' kid)" kid
is "$out" 'redacted 1 record of 1 agent' 'is nobody else'"'"'s'
agent-audit verify lead >/dev/null && agent-run -q -r kid next >/dev/null
ok $? 'and all goes on'

# ---- a policy, a running agent --------------------------------------------------------

status 1 'a policy that nothing matches is status 1' \
    redact --why old --policy 'type=tool.result until=30d' --all
status 0 'one that matches' redact -n --why old --policy 'type=tool.result until=0s' a
is "$(grep -c ' tool.result ' <<<"$out")" \
    "$(agent-audit query --count 'type=tool.result text' a)" 'finds what query finds'
status 0 'and redacts it' redact --why old --policy 'type=tool.result until=0s' a
is "$(agent-audit query --count 'type=tool.result text' a)" 0 'all of it'
printf '%s\n' '{"content":"wait","tool_calls":[{"name":"run_command","arguments":{"command":"touch up; until [ -e go ]; do sleep 0.05; done"}}]}' \
    '{"content":"over"}' >slow
mkdir ws
agent-run -q -m script:slow -w ws --name slow 'hurry-word' >/dev/null &
for _ in $(seq 600); do [ -e ws/up ] && break; sleep 0.1; done
status 75 'while the agent runs it waits' redact --why x "$(number type=goal slow)" slow
like "$err" 'it is done when the agent ends' 'which is said'
touch ws/go
wait $!
agent-grant give slow 'allow exec exec:ls' >/dev/null
is "$(grep -rl hurry-word "$AGENT_ROOT")" '' 'and the next who opens it does it'
status 0 'and all is proved' agent-audit verify slow

# ---- what is refused --------------------------------------------------------------------

for type in born grant model.call seal wake; do
	status 64 "a record $type stays" redact --why x "$(number type=$type)" a
done
like "$err" 'the history stands on it' 'for a reason'
status 66 'a record that is not there is no such input' redact --why x 9999 a
status 66 'so is an agent' redact --why x 4 nobody
status 64 'no reason is a usage error' redact 4 a
status 64 'so is no record' redact --why x a
status 64 'and a policy that is none' redact --why x --policy 'colour=red' a
status 64 'and a bundle' redact --why x 4 ./elsewhere/a.tar.zst
is "$(agent-audit query --count 'type=goal text' a)" 3 'and nothing went'
done_testing
