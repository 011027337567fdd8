#!/bin/bash
# agent-audit verify: any change of a history is found where it is.
. "$SRC/tests/cli/tap.sh"
. "$SRC/tests/cli/forge.sh"

cat >m <<'EOF'
{"content":"look","tool_calls":[{"name":"write_file","arguments":{"path":"a","content":"b"}},{"name":"read_file","arguments":{"path":"/etc/shadow"}}]}
{"content":"done"}
{"content":"again"}
{"content":"and again"}
EOF
audit() { agent-audit "$@"; }
agent-run -q -m script:m --ckpt turn --name a 'the goal' >/dev/null
id=$(agent-ps --json a | jq -r .id) dir=$AGENT_ROOT/agents/$id

# ---- every change -------------------------------------------------------------------

status 0 'a history as it was written is proved' audit verify --json a
n=$(wc -l <"$dir/journal.jsonl")
is "$(jq -c '[.ok,.records,.bundles,.pruned]' <<<"$out")" "[true,$n,2,0]" \
    'with the bundles that it names'
"$BUILD/tests/helpers/damage" "$AGENT_ROOT" "$id" >found 2>&1
ok $? 'all of it is tried on a small history'
for kind in 'changed any byte' 'high any third byte, to one that is no ASCII' \
    'removed any line' 'doubled any line' 'reordered any two lines' \
    'appended any line' 'cut at any byte of the last records'; do
	like "$(grep "^${kind%% *} " found)" '^[a-z]+ [1-9][0-9]* tried 0 missed$' \
	    "$kind: found, and the first broken record named"
done
cp -r "$dir" kept
agent-ckpt export -o whole.tar.zst a
"$BUILD/tests/helpers/damage" "$AGENT_ROOT" "$id" ./whole.tar.zst >found 2>&1
like "$(grep ^changed found)" ' 0 missed$' 'any byte of a bundle that is changed is found'
like "$(grep ^cut found)" ' 0 missed$' 'and where its end is cut off'

# hurt STATUS NAME SED SEQ WHY: also for programs.
hurt() {
	cp kept/journal.jsonl "$dir/journal.jsonl"
	LC_ALL=C sed -i "$3" "$dir/journal.jsonl"
	status "$1" "$2" audit verify --json a
	is "$(jq -c '[.agent,.ok,.seq]' <<<"$out")" "[\"$id\",false,$4]" 'is told to programs'
	like "$(jq -r .why <<<"$out")" "$5" 'with the reason'
	like "$err" "$5" 'and to people'
}
hurt 65 'a body' '4s/the goal/the gaol/' 4 'record 4,.*body'
hurt 65 'a line that nobody wrote at the end' "\$a garbage" $((n + 1)) "no writer left"
hurt 65 'a part of one' "\$a {\"seq\":4" $((n + 1)) "no writer left"
cp kept/journal.jsonl "$dir/journal.jsonl"
printf '{"seq":%d,"ti' $((n + 1)) >>"$dir/journal.jsonl"
status 0 'what a writer that died left is no damage' audit verify a
like "$out" 'unfinished' 'but told'
cp kept/journal.jsonl "$dir/journal.jsonl"

# ---- bundles that records name ------------------------------------------------------

bundle=$(find "$dir/ckpt" -name '*.tar.zst' | sort -V | tail -n 1)
ckpt=$(audit log --json -t ckpt a | tail -n 1 | jq .seq)
cp "$bundle" bundle.kept
truncate -s -10 "$bundle"
status 65 'a bundle that was cut is found' audit verify --json a
is "$(jq .seq <<<"$out")" "$ckpt" 'under the record that names it'
cp "$(find "$dir/ckpt" -name '*.tar.zst' | sort -V | head -n 1)" "$bundle"
status 65 'another in its place, too' audit verify a
like "$err" 'another bundle' 'as such'
rm "$bundle"
status 0 'one that was pruned is no damage' audit verify --json a
is "$(jq -c '[.bundles,.pruned]' <<<"$out")" '[1,1]' 'but told'
cp bundle.kept "$bundle"
status 0 'a bundle is proved by itself' audit verify ./whole.tar.zst
status 0 'and by the key that signed it' audit verify --key "$AGENT_ROOT/key.pub" ./whole.tar.zst
mkdir other
AGENT_ROOT=$PWD/other agent-run -q -m script:m x >/dev/null
status 65 'not by another' audit verify --key other/key.pub ./whole.tar.zst
status 65 'nor a history' audit verify --key other/key.pub a

# ---- what was known before ----------------------------------------------------------

head=$(audit head a)
agent-run -q -m script:m -r a more >/dev/null
status 0 'a history that went on holds the head from before' audit verify --head "$head" a
status 0 'and goes on from the bundle from before' audit verify --against ./whole.tar.zst a
cp -r "$dir" grown
rm "$dir/state"
seq=$(agent-ckpt show --json ./whole.tar.zst | jq .manifest.seq)
head -n $((seq - 1)) grown/journal.jsonl >"$dir/journal.jsonl"
status 65 'one that was cut before the bundle does not' audit verify --json --against ./whole.tar.zst a
like "$err" 'was cut|unfinished|is gone' 'and says so'
status 1 'nor does it hold the head' audit verify --head "$head" a
forge grown '4s/the goal/my goals/' >"$dir/journal.jsonl"
status 65 'a forger without the key is found by the seals' audit verify a
forge grown '/"type":"seal"/d;4s/the goal/my goals/' >"$dir/journal.jsonl"
rm -r "$dir/ckpt"
status 65 'a forger who takes them out is found by the bundle' \
    audit verify --json --against ./whole.tar.zst a
is "$(jq .seq <<<"$out")" 4 'where the forgery begins'
cp grown/journal.jsonl "$dir/journal.jsonl"
cp -r kept/ckpt "$dir/ckpt"
AGENT_ROOT=$PWD/other agent-ckpt import --name b ./whole.tar.zst >/dev/null 2>&1
AGENT_ROOT=$PWD/other agent-ckpt save b >/dev/null
AGENT_ROOT=$PWD/other agent-ckpt export -o foreign.tar.zst b
status 65 'a bundle of another key proves nothing here' audit verify --against ./foreign.tar.zst a
like "$err" 'signed|signature' 'which is told'
status 66 'nor one that is not there' audit verify --against ./none.tar.zst a

# ---- parts and many -------------------------------------------------------------------

sed -i '4s/"text":"the goal"/"text":"the gaol"/' "$dir/journal.jsonl"
status 65 '--from trusts no sum' audit verify --from 6 a
cp grown/journal.jsonl "$dir/journal.jsonl"
blob=$(find "$AGENT_ROOT/blobs" -type f | head -n 1)
cp "$blob" blob && echo x >>"$blob"
status 65 'a blob that changed is found' audit verify a
status 0 'but not by who begins behind it' audit verify --from $((n + 5)) --json a
is "$(jq .from <<<"$out")" $((n + 5)) 'which is told to programs'
like "$(audit verify --from $((n + 5)) a)" "of those before $((n + 5)) the chain alone" 'and to people'
cp blob "$blob"

LC_ALL=C sed -E '4s/"body":\{.*/"body":null}/' grown/journal.jsonl >"$dir/journal.jsonl"
status 0 'a body that was redacted leaves the chain whole' audit verify --json a
is "$(jq .redacted <<<"$out")" 1 'and is counted'
cp grown/journal.jsonl "$dir/journal.jsonl"

agent-fork -n 2 a >children
child=$(head -n 1 children)
status 0 '--tree proves an agent and all that came of it' audit verify --tree --json a
is "$(jq -r .agent <<<"$out" | sort | xargs)" "$(sort children | xargs echo "$id" | xargs -n 1 | sort | xargs)" 'each of them'
LC_ALL=C sed -i '1s/"body":{/&"x":1,/' "$AGENT_ROOT/agents/$child/journal.jsonl"
status 65 'one that is damaged fails them all' audit verify --tree --json a
is "$(jq -s -c 'map(.ok) | sort' <<<"$out")" '[false,true,true]' 'and the others are told all the same'
status 65 'so does --all' audit verify --all
status 64 'which wants no agent' audit verify --all a
status 64 'without it one is wanted' audit verify
status 64 'one' audit verify a a
status 64 'what was known is of one history' audit verify --tree --head "$head" a
status 64 'a bundle is no tree' audit verify --tree ./whole.tar.zst
done_testing
