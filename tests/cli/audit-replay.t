#!/bin/bash
# agent-audit replay: what a run did is what its records called for.
. "$SRC/tests/cli/tap.sh"
. "$SRC/tests/cli/forge.sh"

cat >m <<'EOF'
{"content":"look","tool_calls":[{"name":"list_files","arguments":{}},{"name":"read_file","arguments":{"path":"none"}},{"name":"write_file","arguments":{"path":"a","content":"b"}},{"name":"read_file","arguments":{"path":"/etc/shadow"}},{"name":"no_such_tool","arguments":{}},{"name":"report","arguments":{"text":"done so far"}}]}
{"content":"done","usage":{"input_tokens":10,"output_tokens":4}}
{"content":"again"}
EOF
agent-run -q -m script:m --name a 'the goal' >/dev/null
agent-run -q -m script:m -r a more >/dev/null
id=$(agent-ps --json a | jq -r .id) dir=$AGENT_ROOT/agents/$id
agent-audit log --json a >records
n=$(wc -l <records)

# ---- what is as it should be -------------------------------------------------------

status 0 'a history as it was run has no drift' agent-audit replay a
like "$out" "^$id: $n records, [0-9]+ actions and 3 requests as called for\$" \
    'and how much that is, is told'
status 0 '--json' agent-audit replay --json a
is "$(jq -c '[.agent,.ok,.records,.requests]' <<<"$out")" "[\"$id\",true,$n,3]" \
    'tells the same to programs'
status 0 '--until goes up to a record' agent-audit replay --json --until 7 a
is "$(jq .records <<<"$out")" 7 'and no further'
status 66 'one that is not there is no such input' agent-audit replay --until 4000 a
status 64 'nor is a word a number' agent-audit replay --until x a
status 0 '--state prints the state there' agent-audit replay --until 7 --state a
is "$(jq -c '[.seq,.state,.goal,.usage.turns]' <<<"$out")" '[7,"running","the goal",1]' \
    'as bundles hold it'
agent-ckpt save a >/dev/null
last=$(agent-ckpt list --json a | jq .seq | tail -n 1)
agent-ckpt cat "a@$last" agent/state.json >/dev/null 2>&1
is "$(agent-audit replay --until "$last" --state a)" \
    "$(agent-ckpt export -o - "a@$last" | tar --zstd -xOf - agent/state.json)" \
    'to the byte'
agent-ckpt export -o a.tar.zst a
status 0 'a bundle is replayed like an agent' agent-audit replay --json ./a.tar.zst
is "$(jq -c '[.ok,.records,.requests]' <<<"$out")" "[true,$last,3]" 'all of it'

# ---- calls that change nothing, made again ------------------------------------------

cat >reads <<'EOF'
{"content":"make","tool_calls":[{"name":"write_file","arguments":{"path":"f","content":"one"}},{"name":"read_file","arguments":{"path":"f"}}]}
{"content":"change","tool_calls":[{"name":"write_file","arguments":{"path":"f","content":"two"}}]}
{"content":"look","tool_calls":[{"name":"read_file","arguments":{"path":"f"}},{"name":"list_files","arguments":{}},{"name":"read_file","arguments":{"path":"none"}},{"name":"search_files","arguments":{"pattern":"t"}}]}
{"content":"done"}
EOF
agent-run -q -m script:reads --name r go >/dev/null
again=(agent-audit replay --rerun-tools none-effect --json r)
status 0 'calls without effects are made again' "${again[@]}"
is "$(jq -c .rerun <<<"$out")" '{"same":4,"differ":0,"not_comparable":1}' \
    'those since the last change are the same'
is "$(agent-audit log --json r | wc -l)" "$(jq .records <<<"$out")" 'and nothing is recorded'
echo three >"$AGENT_ROOT/agents/$(agent-ps --json r | jq -r .id)/work/f"
status 1 'a file that is another since is found' "${again[@]}"
is "$(jq -c '.rerun | [.differ, .first]' <<<"$out")" \
    "[2,$(agent-audit log --json -t tool.call r | jq -s '.[3].seq')]" \
    'with the first call that reads it'
status 1 'which people are told' agent-audit replay --rerun-tools none-effect r
like "$out$err" '2 not;.*is another now' 'too'
status 64 'other calls are never made again' agent-audit replay --rerun-tools all r

# ---- drift --------------------------------------------------------------------------

cp -r "$dir" kept
cp records kept/journal.jsonl
# drifts NAME SED RECORD WHAT: the forgery is found at that record.
drifts() {
	forge kept "$2" >"$dir/journal.jsonl"
	cmp -s kept/journal.jsonl "$dir/journal.jsonl" && ok 1 "$1: nothing changed"
	status 1 "drift: $1" agent-audit replay --json a
	is "$(jq -r '[.ok,.seq]|join(" ")' <<<"$out")" "false $3" 'is found where it is'
	like "$out" "$4" 'and what was called for is told'
}
# seq TYPE N: the number of the Nth record of a type.
seq() { jq "select(.type==\"$1\").seq" kept/journal.jsonl | sed -n "$2p"; }
call=$(seq tool.call 1) result=$(seq tool.result 1) second=$(seq model.call 2)
reply=$(seq model.reply 1) goal=$(seq goal 1) wake=$(seq wake 1) end=$(seq exit 1)

forge kept '' >"$dir/journal.jsonl"
is "$(cmp "$dir/journal.jsonl" kept/journal.jsonl 2>&1)" '' 'a forger who changes nothing'
status 0 'is not found out' agent-audit replay a

drifts 'another goal' "${goal}s/the goal/my goals/" "$((wake + 1))" 'request that these records make'
drifts 'another digest of the request' "${second}s/\"request\":\"[0-9a-f]/&0/;${second}s/(\"request\":\"[0-9a-f]{64})[0-9a-f]/\1/" \
    "$second" 'model.call of another request'
drifts 'another answer of a tool' "${result}s/\"text\":\"/&x/" "$second" 'request that'
drifts 'another reply' "$(seq model.reply 2)s/\"text\":\"done/&x/" "$end" 'last text|request'
drifts 'a call to another model' "${second}s/script:/scripx:/" "$second" 'script:'
drifts 'an attempt that there was not' "${second}s/\"attempt\":1/\"attempt\":2/" "$second" 'attempt'
drifts 'a call twice' "${call}{h;G}" "$((call + 1))" \
    "tool.result $reply.0"
drifts 'other arguments than the model wrote' \
    "$((call + 1))s/(\"arguments\":\".*)none/\1nine/" "$((call + 1))" 'arguments that the model wrote'
drifts 'another tool' "${call}s/\"tool\":\"list_files\"/\"tool\":\"read_file\"/" "$call" 'list_files'
drifts 'calls in another order' "${call}{h;d};$((call + 1))G" "$call" "tool.call $reply.0"
drifts 'a call that is missing' "${call}d" "$call" "tool.call $reply.0"
drifts 'calls one after the other that were made together' \
    "$((call + 1)){h;d};$((call + 2))G" "$((call + 2))" 'together'
drifts 'results in another order' "${result}{h;d};$((result + 1))G" "$((result + 1))" 'stopped'
drifts 'a result twice' "${result}{h;G}" "$((result + 1))" 'found'
drifts 'a result that is missing' "$(seq tool.result 6)d" "$((second - 1))" "tool.result $reply.5"
drifts 'a denied call that was made' \
    "$(seq tool.result 4)s/\"status\":\"denied\"/\"status\":\"ok\"/" "$(seq tool.result 4)" 'denied'
drifts 'a grant that there is not' \
    "$(seq tool.call 3)s/\"grants\":\[/&\"g0123\",/;$(seq tool.call 3)s/,\]/]/" "$(seq tool.call 3)" 'grant that stands'
drifts 'a run without a wake' "${wake}d" "$wake" 'wake'
drifts 'a model call after the end' "${second}h;${end}G" "$((end + 1))" 'a wake'
drifts 'an end before its time' "$((second - 1)),$((end - 1))d" "$((second - 1))" "tool.result $reply.5"
drifts 'another end' "${end}s/\"state\":\"done\",\"status\":0/\"state\":\"failed\",\"status\":1/" "$end" 'exit done 0'
drifts 'an end by a signal that nobody sent' \
    "${end}s/\"state\":\"done\",\"status\":0/\"state\":\"killed\",\"status\":1/" "$((end + 1))" 'signal that killed'
drifts 'other tokens' "${end}s/\"input\":10/\"input\":11/" "$end" 'input..:10'
times=kept drifts 'a clock that ran backwards' "${result}s/\"time\":\"20../\"time\":\"2001/" "$result" 'time that goes on'

forge kept "${result}s/\"body\":\{.*/\"body\":null}/" >"$dir/journal.jsonl"
status 1 'behind a redacted body nothing can be proved' agent-audit replay a
like "$err" "record $result is redacted" 'which is told'
cp kept/journal.jsonl "$dir/journal.jsonl"
sed -i "${result}s/\"text\":\"/&x/" "$dir/journal.jsonl"
status 65 'damage is no drift' agent-audit replay a
cp kept/journal.jsonl "$dir/journal.jsonl"
replayed
done_testing
