#!/bin/bash
# agent-ckpt: what a user may rely on.  The format is bundle.t's, crashes are
# ckpt-crash.t's.
# shellcheck disable=SC2016,SC2317
. "$SRC/tests/cli/tap.sh"

cat >script.jsonl <<'EOF'
{"content":"first","tool_calls":[{"name":"write_file","arguments":{"path":"src/a.txt","content":"one\n"}}],"usage":{"input_tokens":7,"output_tokens":2}}
{"content":"second","tool_calls":[{"name":"run_command","arguments":{"command":"mkdir -p tests empty && echo two >tests/b && ln tests/b hard && ln -s src link && chmod 750 tests/b"}}]}
{"content":"third","tool_calls":[{"name":"run_command","arguments":{"command":"echo more >>tests/b; rm link; false"}}]}
{"content":"I look","tool_calls":[{"name":"list_files","arguments":{}}]}
{"content":"fourth","tool_calls":[{"name":"run_command","arguments":{"command":"rm -r src && echo file >src && true"}}]}
{"content":"the end"}
EOF
echo '{"content":"Hello."}' >hi.jsonl
run() { agent-run -q -m "script:$PWD/script.jsonl" "$@"; }
folder() { echo "$AGENT_ROOT/agents/$(agent-ps --json "$1" | jq -r .id)"; }
seqs() { agent-ckpt list --json "$1" | jq -r .seq; }
# tree DIR: all that a restore brings back, but for the top's own time.
tree() {
	(cd "$1" && find . -mindepth 1 -printf '%P %y %m %n %l %s\n' | sort
		find . -type f -exec sha256sum {} + | sort)
}

# ---- agent-run --ckpt ------------------------------------------------------------

# The workspace after each turn, as it was then: a model that copies it.
cat >model <<'EOF'
#!/bin/sh
n=$(cat count 2>/dev/null || echo 0)
cp -a ws "was.$n"
echo $((n + 1)) >count
cat >request
sed -n "$((n + 1))p" script.jsonl | jq -c '{message: {role: "assistant",
    content: .content, tool_calls: [(.tool_calls // [])[] | {id: "c1",
    type: "function", function: {name, arguments: (.arguments | tojson)}}]}}'
EOF
chmod +x model
mkdir ws
seq 2000 >ws/given # so that what changes is less than what does not
status 0 'an agent runs with --ckpt turn' \
    agent-run -q -m "exec:$PWD/model" -w ws --ckpt turn --name turns 'the goal'
mapfile -t s < <(seqs turns)
is "${#s[@]}" 5 'there is a bundle of the beginning, and of each turn that could write'
i=0
for was in 0 1 2 3 5; do
	agent-ckpt restore --to "back.$i" "turns@${s[i]}"
	is "$(tree "back.$i")" "$(tree "was.$was")" \
	    "restoring bundle $i gives the files as they were then"
	status 0 'and its state is proved by its records' \
	    agent-ckpt verify "turns@${s[i]}"
	i=$((i + 1))
done
is "$(tail -n 1 back.0/given)" 2000 'the first bundle is of what was there before'
status 0 'history is proved, too' agent-audit verify turns

status 0 'without --ckpt' run --name none x
status 1 'there are none' agent-ckpt list none
status 0 'with --ckpt exit' run --ckpt exit --name exits x
is "$(seqs exits | wc -l)" 2 'there is one of the beginning and one of the end'
is "$(agent-ckpt show --json exits | jq -r '.state.state + " " + .state.text')" \
    'done the end' 'which says how it ended'
status 0 'with --ckpt 1h' run --ckpt 1h --name hourly x
is "$(seqs hourly | wc -l)" 2 'there are as many'
status 0 'with --ckpt 1ms' run --ckpt 1ms --name often x
is "$(seqs often | wc -l)" 5 'or one for each turn that could write'
status 0 'with --ckpt turn' agent-run -q -m script:hi.jsonl --ckpt turn --name talk x
is "$(seqs talk | wc -l)" 1 'turns without tools make none'
status 64 'another word is a usage error' run --ckpt sometimes x

# ---- save, list, show, cat ---------------------------------------------------------

status 0 'save makes a bundle' agent-ckpt save turns
like "$out" '^[0-9A-Z]{26}@[0-9]+$' 'and says its name'
last=${out##*@}
is "$(agent-ckpt list --json turns | tail -n 1 | jq -r '"\(.seq) \(.full)"')" \
    "$last false" 'which is the newest in the list, and a delta'
status 0 'save --full --json' agent-ckpt save --full --json turns
is "$(jq -r '"\(.full) \(.files)"' <<<"$out")" 'true 3' 'makes one with all files'
last=$(jq -r .seq <<<"$out")
status 66 'an agent that is not there is 66' agent-ckpt save nobody

status 0 'list is a table' agent-ckpt list turns
like "$out" '^SEQ +TIME +KIND +FILES +BYTES +BUNDLE' 'with titles'
is "$(($(wc -l <<<"$out") - 1))" "$(seqs turns | wc -l)" 'and a line a bundle'

status 0 'show' agent-ckpt show "turns@${s[2]}"
for want in 'agent +[0-9A-Z]{26}' 'state +running' 'goal +the goal' 'text +second' \
    'usage +2 turns, 2 tool calls' 'workspace +delta, 3 files' 'grant +base' \
    'grant +allow read,write,exec file:\*\*' 'added +tests/b' 'added +link'; do
	like "$out" "^$want" "tells $want"
done
unlike "$out" 'given|src/a' 'and not what did not change'
agent-ckpt show "turns@${s[3]}" >out
like "$(cat out)" '^removed +link' 'what is gone is told'
status 0 'show --json' agent-ckpt show --json "turns@${s[3]}"
is "$(jq -r '[.manifest.seq, .state.usage.turns, .grants.base,
    (.changes[] | select(.path == "link").change)] | join(" ")' <<<"$out")" \
    "${s[3]} 3 true removed" 'is one object of manifest, state, grants and changes'
is "$(jq -r .bundle <<<"$out")" "$(agent-ckpt cat "turns@${s[3]}" agent/manifest.json |
    sha256sum | cut -d' ' -f1)" 'with its id, the digest of its manifest'
esc=$(printf 'x\033[31m\u202ey')
agent-run -q -m script:hi.jsonl --ckpt exit --name odd "$esc" >out
agent-ckpt show odd >out
unlike "$(cat out)" $'\033' 'what a terminal would obey is not shown'

status 0 'AGENT@SEQ is the newest bundle that covers no more' \
    agent-ckpt show --json "turns@$((s[3] + 1))"
is "$(jq .manifest.seq <<<"$out")" "${s[3]}" 'so any record will do'
status 66 'before the first there is none' agent-ckpt show "turns@$((s[0] - 1))"
status 64 'what is no number is a usage error' agent-ckpt show turns@x

status 0 'cat prints a file' agent-ckpt cat "turns@${s[2]}" tests/b
is "$out" two 'as it was'
status 0 'of whatever bundle holds it' agent-ckpt cat turns given
is "$(tail -n 1 <<<"$out")" 2000 ''
status 0 'a hard link is the file' agent-ckpt cat turns hard
is "$out" $'two\nmore' ''
status 0 'the records are there, too' agent-ckpt cat "turns@${s[2]}" agent/journal.jsonl
is "$(head -n 1 <<<"$out" | jq .seq)" "$((s[1] + 1))" 'those since the parent'
status 66 'a path that is not there is 66' agent-ckpt cat turns nothing
status 66 'as is one that is gone' agent-ckpt cat "turns@${s[3]}" link

# ---- diff ----------------------------------------------------------------------------

status 0 'diff of a bundle and itself is 0' agent-ckpt diff turns turns
is "$out" '' 'and prints nothing'
status 1 'diff of two that differ is 1' agent-ckpt diff "turns@${s[1]}" "turns@${s[3]}"
like "$out" '^new folder empty$' 'and prints them: ckpt-diff.t is about how'
status 1 'in both directions' agent-ckpt diff --files --json "turns@${s[4]}" "turns@${s[3]}"
is "$(jq -r '.change + " " + .path' <<<"$out" | xargs)" \
    'changed src added src/a.txt' 'with --json as objects'
status 66 'a missing one is 66' agent-ckpt diff turns nobody
status 1 'bundles of two agents can be compared' agent-ckpt diff turns talk

# ---- what a verb does not take --------------------------------------------------------

status 64 'an option of another verb is refused' agent-ckpt verify --keep 2 turns
like "$err" 'verify: takes no --keep' 'and named'
status 64 'so -n never makes what it was to show' agent-ckpt import --root new -n turns
ok "$([ ! -e new ]; echo $?)" 'not even a root'
status 64 'nor a folder' agent-ckpt restore -n --to never turns
ok "$([ ! -e never ]; echo $?)" 'of files'
status 64 'nor an agent' agent-ckpt restore -n --new-agent turns
status 64 'an agent that goes back keeps its name' agent-ckpt restore --name x turns
status 0 'where -n is at home it shows' agent-ckpt restore -n turns

# ---- without a root: a file, a pipe -----------------------------------------------------

status 0 'export makes one file of a chain' agent-ckpt export -o one.tar.zst turns
one=$PWD/one.tar.zst key=$AGENT_ROOT/key.pub dir=$(folder turns)
is "$(seqs "$dir/ckpt/$(seqs turns | tail -n 1).tar.zst")" "$(seqs turns)" \
    'of a file the chain is listed, as it stands beside it'
status 0 'in its root' agent-ckpt verify "$one"
like "$out" ', signed$' 'the signature is looked at without --key'
is "$(agent-ckpt verify --json turns | jq .signed)" true 'that of each bundle'
signify-openbsd -G -n -p other.pub -s other.sec
cp -r "$AGENT_ROOT" changed
python3 - "$key" other.pub >changed/key.pub <<'END'
import base64, sys
own, other = (base64.b64decode(open(f).readlines()[1]) for f in sys.argv[1:])
print('untrusted comment: x\n' + base64.b64encode(own[:10] + other[10:]).decode())
END
status 65 'a signature that is not of the key which it names is 65' \
    agent-ckpt verify --root changed "$one"
like "$err" 'signature' 'and said so'
status 79 'what expands past --max-size is 79' agent-ckpt verify --max-size 1k "$one"
status 79 'also from a pipe' bash -c 'agent-ckpt show --max-size 1k - <"$0"' "$one"
status 79 'also its parents' agent-ckpt cat --max-size 1k turns src/a.txt
status 0 'within it all is well' agent-ckpt verify --max-size 100G "$one"
unset AGENT_ROOT
export HOME=$PWD/nowhere
status 0 'which is verified elsewhere' agent-ckpt verify --key "$key" "$one"
like "$out" ': 1 bundles, .* 3 files, signed$' 'and says of what'
status 0 'what has a slash is a file, though it be a pipe' \
    bash -c 'agent-ckpt --root "${1%/*}" show --json <(cat "$0")' "$one" "$key"
is "$(jq .manifest.seq <<<"$out")" "$last" 'which is read'
status 0 'a file is listed' agent-ckpt list --json "$one"
is "$(jq -r '"\(.seq) \(.full)"' <<<"$out")" "$last true" 'as what it is'
status 0 'also from a pipe' bash -c 'cat "$0" | agent-ckpt list -' "$one"
status 0 'verify --json' agent-ckpt verify --json "$one"
is "$(jq -r '"\(.bundles) \(.seq) \(.signed)"' <<<"$out")" "1 $last false" \
    'says the same; without a key nor a root no signature was looked at'
status 0 'and restored' agent-ckpt restore --to there "$one"
is "$(tree there)" "$(tree was.5)" 'whole'
status 73 'a folder that is there is not touched' agent-ckpt restore --to there "$one"
is "$(tree there)" "$(tree was.5)" 'at all'
mkdir void
status 73 'nor an empty one' agent-ckpt restore --to void "$one"
status 64 'restore wants to be told where' agent-ckpt restore "$one"
status 66 'into a folder that is there' agent-ckpt restore --to no/where "$one"
is "$(find . -name '.bundle*')" '' 'and nothing is left'
for verb in show verify 'check' ; do
	rule=()
	[ $verb != check ] || rule=(state=done)
	status 0 "$verb reads from a pipe" \
	    bash -c 'cat "$0" | agent-ckpt "$@"' "$one" $verb - "${rule[@]}"
done
status 0 'so does cat' bash -c 'agent-ckpt cat - src <"$0"' "$one"
is "$out" file ''
status 0 'and restore' bash -c 'cat "$0" | agent-ckpt restore --to piped -' "$one"
is "$(tree piped)" "$(tree was.5)" 'with the same result'
status 0 'and diff' bash -c 'agent-ckpt diff - "$0" <"$0"' "$one"
status 0 'export writes to a pipe' \
    bash -c 'agent-ckpt export "$0" | agent-ckpt verify -' "$one"
status 0 'bundles beside each other are a chain without a root' \
    agent-ckpt verify "$dir/ckpt/${s[3]}.tar.zst"
cp "$dir/ckpt/${s[3]}.tar.zst" alone.tar.zst
status 66 'a delta without its parent is 66' agent-ckpt verify alone.tar.zst
like "$err" 'missing' 'and says so'
status 66 'its files are not there' agent-ckpt restore --to no alone.tar.zst
status 0 'but its state is' bash -c 'agent-ckpt show - <alone.tar.zst'
like "$out" '^removed +link' 'with what changed'
status 0 'for a gate, too' agent-ckpt check alone.tar.zst state=running turns=3
status 66 'a file that is not there is 66' agent-ckpt show nothing.tar.zst
status 66 'an agent, where there is no root, too' agent-ckpt list turns

# ---- other tools --------------------------------------------------------------------------

status 0 'zstd finds it sound' zstd -tq "$one"
mkdir plain
status 0 'tar unpacks it' tar --zstd -xf "$one" -C plain
is "$(tree plain/work)" "$(tree was.5)" 'to the same files'
status 0 'sha256sum accepts its sums' \
    bash -c 'cd plain && sha256sum --strict --quiet -c agent/SHA256SUMS'
status 0 'signify its signature' signify-openbsd -V -q -p "$key" \
    -x plain/agent/manifest.sig -m plain/agent/manifest.json
status 0 "Python's tarfile lists it" bash -c 'zstd -dcq "$0" | python3 -c "
import sys, tarfile
names = [m.name for m in tarfile.open(fileobj=sys.stdin.buffer, mode=\"r|\")]
assert \"work/given\" in names and names[-2:] == [\"agent/manifest.json\", \"agent/manifest.sig\"], names"' "$one"
is "$(jq -r .usage.turns plain/agent/state.json)" 6 'jq reads its state'

# ---- damage ---------------------------------------------------------------------------------

size=$(stat -c %s "$one")
bad=''
for ((i = 0; i < 40; i++)); do
	at=$((i * size / 40 + i % 7))
	perl -e 'local $/; $_ = <STDIN>; substr($_, shift, 1) ^= "\x20"; print' \
	    "$at" <"$one" >flipped
	agent-ckpt verify flipped >out 2>&1
	[ $? = 65 ] || bad+=" flip:$at"
	head -c "$at" "$one" >short
	agent-ckpt restore --to broken short >out 2>&1
	[ $? = 65 ] || bad+=" cut:$at"
done
is "$bad" '' 'a byte that is another, or an end that is missing, is 65'
ok "$([ ! -e broken ]; echo $?)" 'and nothing is restored'
status 65 'what is no bundle is 65' agent-ckpt show script.jsonl
like "$err" 'script.jsonl' 'and is named'
status 65 'a signature by another key is 65' agent-ckpt verify --key other.pub "$one"
like "$err" 'not signed by the key' 'and said so'
status 65 'for every verb' agent-ckpt restore --key other.pub --to never "$one"
ok "$([ ! -e never ]; echo $?)" 'which then does nothing'
status 0 'where the right one does' agent-ckpt show --key "$key" "$one"
status 66 'a key that is not there is 66' agent-ckpt verify --key no.pub "$one"
AGENT_ROOT=$PWD/empty agent-ckpt export "$one" >unsigned.tar.zst
status 0 'what is exported without a key' agent-ckpt verify unsigned.tar.zst
status 65 'is not signed' agent-ckpt verify --key "$key" unsigned.tar.zst

# ---- check ------------------------------------------------------------------------------------

# holds RULE, broken RULE FOUND
holds() { status 0 "check: $1" agent-ckpt check "$one" "$1"; }
broken() {
	status 1 "check: not $1" agent-ckpt check "$one" "$1"
	like "$out" "$2" "since $2"
	is "$(wc -l <<<"$out")" 1 'in one line'
}
holds state=done
broken state=failed "^state=failed: state is 'done'$"
holds 'state!=failed'
holds 'goal = the goal'
broken 'text=x' "text is 'the end'"
broken 'report=x' 'no report'
broken 'report!=x' 'no report'
holds 'cost<2.00'
broken 'cost>0.5' 'cost is 0\.000000'
holds 'turns<=6'
broken 'turns<6' 'turns is 6'
holds 'turns=6'
holds 'turns>=6'
holds 'turns!=5'
holds 'tool_calls<50'
holds 'tokens<100000'
holds 'time<10m'
broken 'time>10m' 'time is'
holds pending=0
holds open_calls=0
holds files=3
holds 'bytes>8000'
holds kind=full
holds tainted=false
holds 'no-grant net:*'
holds 'no-grant net:*.example.org:443'
broken 'no-grant file:src/**' 'granted: allow read,write,exec file:\*\*'
broken 'no-grant file:/etc/**' 'file:/etc'
broken 'no-grant exec:*' 'exec:'
holds 'no-grant file:/srv/**'
broken "tests-passed run_command:'make test'" 'no such call'
broken "tests-passed run_command:'echo more >>tests/b; rm link; false'" 'ended: failed'
holds "tests-passed run_command:'rm -r src && echo file >src && true'"
holds 'tests-passed run_command'
holds 'tests-passed list_files'
broken 'tests-passed read_file' 'no such call'
broken 'changed-only src/** tests/**' 'changed: given, hard, src$'
holds 'changed-only **'
holds 'changed=4'
for bad in '' state turn=1 'cost<cheap' 'turns<-1' 'turns<1.5' 'state<done' 'time<soon' \
    changed-only 'changed-only  ' no-grant 'no-grant net' 'no-grant x:y' tests-passed \
    'tests-passed run_command:' "tests-passed run_command:'x" '=1' 'a b'; do
	status 64 "'$bad' is no rule" agent-ckpt check "$one" "$bad"
	like "$err" 'expected' 'and what was expected is said'
done
status 64 'no rules at all are a usage error' agent-ckpt check "$one"
status 1 'each broken rule is a line' agent-ckpt check "$one" state=done turns=1 turns=2
is "$(wc -l <<<"$out")" 2 'and no other'

# Changes are counted from the first bundle of the chain, or --since.
chain=$dir/ckpt/$last.tar.zst
status 0 'changes are those since the first bundle' \
    agent-ckpt check "$chain" 'changed-only src tests/** hard' changed=3
status 1 'also those of the turns between' agent-ckpt check "$chain" 'changed-only src'
is "$out" 'changed-only src: changed: hard, tests/b' 'which are named'
status 0 'or since another bundle' agent-ckpt check --since "$dir/ckpt/${s[3]}.tar.zst" \
    "$one" 'changed-only src/** src'
status 1 'what is gone counts' agent-ckpt check --since "$dir/ckpt/${s[3]}.tar.zst" \
    "$one" 'changed-only src'
like "$out" 'src/a.txt' ''
status 1 'a pattern is no prefix' agent-ckpt check "$chain" 'changed-only s te*' changed=3
status 0 '* is one component' agent-ckpt check "$chain" 'changed-only */b s?c h*'

cat >rules <<'EOF'
# what the job asks for
state=done

turns<=6
EOF
status 0 'rules come from a file' agent-ckpt check --rules rules "$one"
status 1 'and from both' agent-ckpt check --rules rules "$one" turns=1
echo 'cost<x' >>rules
status 78 'a bad one in a file is 78' agent-ckpt check --rules rules "$one"
like "$err" 'rules:5: .*expected an amount' 'and its line is named'
status 66 'no file is 66' agent-ckpt check --rules none "$one"

status 1 'check --json' agent-ckpt check --json "$one" state=done turns=1
is "$(jq -c . <<<"$out")" '{"rule":"state=done","ok":true,"found":"state is '"'done'"'"}
{"rule":"turns=1","ok":false,"found":"turns is 6"}' 'is an object a rule'
status 1 'check --junit' agent-ckpt check --junit report.xml "$one" state=done \
    'goal=<&"'$'\001\xff'
status 0 'writes XML' python3 -c '
import xml.etree.ElementTree as E
r = E.parse("report.xml").getroot()
assert (r.tag, r.get("tests"), r.get("failures")) == ("testsuite", "2", "1")
c = r.findall("testcase")
assert [x.get("name") for x in c] == ["state=done", "goal=<&\"\ufffd\ufffd"], c[1].get("name")
assert c[0].find("failure") is None
assert c[1].find("failure").get("message") == "goal is '"'the goal'"'"'
status 65 'a damaged bundle passes no gate' agent-ckpt check flipped state=done
status 66 'nor does one without the history that a rule needs' \
    agent-ckpt check alone.tar.zst 'tests-passed list_files'

# ---- grants that a gate sees ---------------------------------------------------------------

export AGENT_ROOT=$PWD/root
printf '%s\n' nobase 'allow read,write file:src/**' 'deny read,write file:src/key' \
    'allow connect net:*.example.org:443' 'ask connect net:pay.test:443' >policy
agent-run -q -m script:hi.jsonl -g policy --ckpt exit --name granted x >out
grant() { agent-ckpt check granted "no-grant $1" >out; echo $?; }
is "$(grant net:api.example.org:443)" 1 'a grant of a whole domain is one of a host in it'
is "$(grant 'net:*')" 1 'a pattern covers every host'
is "$(grant net:pay.test:443)" 1 'what has to be asked for counts'
is "$(grant net:example.com:443)" 0 'another host is not granted'
is "$(grant file:src)" 1 'a folder is part of what is in it'
is "$(grant 'file:**')" 1 'a wider pattern overlaps'
is "$(grant file:tests/x)" 0 'another folder does not'
is "$(grant file:src/key)" 0 'a denial takes away'
is "$(grant 'file:src/k*')" 1 'but only what it names'
is "$(grant 'exec:*')" 0 'without base nothing is started'

# ---- prune -----------------------------------------------------------------------------------

mkdir copy
cp -a "$dir"/ckpt/*.tar.zst copy
before=$(ls "$dir/ckpt")
status 64 'prune wants to be told what stays' agent-ckpt prune turns
status 0 'prune -n' agent-ckpt prune -n --keep 2 turns
n=$(seqs turns | wc -l)
is "$(grep -c ^fold <<<"$out") $(grep -c ^keep <<<"$out")" "$((n - 2)) 2" \
    'says what would be done'
plan=$out
is "$(ls "$dir/ckpt")" "$before" 'and does nothing'
cmp -s "$dir/ckpt/$last.tar.zst" "copy/$last.tar.zst"
ok $? 'at all'
status 0 'prune' agent-ckpt prune --keep 2 turns
is "$out" "$plan" 'does what it said'
is "$(seqs turns | wc -l)" 2 'as many are left as were to stay'
mapfile -t left < <(seqs turns)
for seq in "${left[@]}"; do
	status 0 'what is left is sound' agent-ckpt verify --key "$key" "turns@$seq"
	rm -rf a b
	agent-ckpt restore --to a "turns@$seq"
	agent-ckpt restore --to b "copy/$seq.tar.zst"
	is "$(tree a)" "$(tree b)" 'and gives the same files'
done
is "$(agent-ckpt export turns | agent-ckpt cat - agent/journal.jsonl | sha256sum)" \
    "$(agent-ckpt export "copy/$last.tar.zst" | agent-ckpt cat - agent/journal.jsonl |
	sha256sum)" 'no record is lost'
status 0 'the next save follows it' agent-ckpt save turns
status 0 'and is sound' agent-ckpt verify turns
is "$(agent-ckpt show --json turns | jq -r .manifest.kind)" delta 'and a delta'
status 0 'pruning again' agent-ckpt prune --keep 2 turns
status 0 'is sound again' agent-ckpt verify turns
status 0 'prune --json' agent-ckpt prune -n --json --keep 1 turns
is "$(jq -s 'all(.seq and .into and .bytes)' <<<"$out")" true 'is an object a bundle'
status 0 'an agent without bundles has nothing to prune' agent-ckpt prune --keep 1 none
is "$out" '' ''
status 66 'no agent is 66' agent-ckpt prune --keep 1 nobody
status 64 'none is not a number to keep' agent-ckpt prune --keep 0 turns

# Bundles that stay between others that go are deltas on what stays.
jq -cn '[range(12)] | .[] | {tool_calls: [{name: "run_command", arguments: {command: (
    if . == 0 then "mkdir d e; seq 9000 >big; seq 100 >d/a; ln d/a d/hard; ln -s a d/link"
    elif . == 3 then "rm -r d; echo file >d; mkdir -p f/g; echo \(.) >f/g/x"
    elif . == 5 then "rm d; mkdir d; echo new >d/a; ln d/a d/b; ln d/a d/c; mkfifo pipe"
    elif . == 7 then "echo more >>d/a; chmod 700 f; rmdir e"
    elif . == 9 then "rm d/c; cp d/b d/c2; mv f f2; head -c 70000 /dev/zero | tr \"\\0\" z"
    else "echo \(.) >>log" end)}}]}, if . == 11 then {content: "end"} else empty end' >long.jsonl
status 0 'an agent with many bundles' \
    agent-run -q -m script:long.jsonl --name often2 --ckpt turn x
mid=$(folder often2)
mapfile -t s < <(seqs often2)
is "${#s[@]}" 13 'has one for each turn'
mkdir odd
cp -a "$mid"/ckpt/*.tar.zst odd
status 0 'all can stay' agent-ckpt prune --keep 99 often2
cmp -s "$mid/ckpt/${s[4]}.tar.zst" "odd/${s[4]}.tar.zst"
ok $? 'and are not touched'
status 0 'some can be named' agent-ckpt prune --also "${s[2]}" --also "${s[5]}" \
    --also "${s[9]}" --keep 2 often2
is "$(seqs often2 | xargs)" "${s[2]} ${s[5]} ${s[9]} ${s[11]} ${s[12]}" 'and stay'
is "$(agent-ckpt list --json often2 | jq -r .full | xargs)" 'true false false false false' \
    'as what changed since the one before'
for i in 2 5 9 11 12; do
	status 0 "bundle $i is sound" agent-ckpt verify --key "$key" "often2@${s[i]}"
	rm -rf a b
	agent-ckpt restore --to a "often2@${s[i]}" 2>/dev/null
	agent-ckpt restore --to b "odd/${s[i]}.tar.zst" 2>/dev/null
	is "$(tree a)" "$(tree b)" 'and gives the same files'
done
is "$(agent-ckpt export often2 | agent-ckpt cat - agent/journal.jsonl | sha256sum)" \
    "$(agent-ckpt export "odd/${s[12]}.tar.zst" | agent-ckpt cat - agent/journal.jsonl |
	sha256sum)" 'no record is lost'
is "$(agent-ckpt export often2 | zstd -dc | tar -t | grep -c blobs/.)" \
    "$(agent-ckpt export "odd/${s[12]}.tar.zst" | zstd -dc | tar -t | grep -c blobs/.)" \
    'and no blob'
status 0 'the next save follows' agent-ckpt save often2
status 0 'pruned again' agent-ckpt prune --also "${s[9]}" --keep 1 often2
status 0 'it is sound' agent-ckpt verify often2
is "$(seqs often2 | wc -l)" 2 'with as many as were to stay'
status 0 'one a day' agent-ckpt prune --daily 3 often
ok "$([ "$(seqs often | wc -l)" -le 2 ]; echo $?)" 'leaves one for each day'
status 0 'which is sound' agent-ckpt verify often

status 75 'while the agent runs, save and prune are 75' bash -c '
	printf "%s\n" "{\"tool_calls\":[{\"name\":\"run_command\",\"arguments\":{\"command\":\"touch up; sleep 20\"}}]}" "{\"content\":\"x\"}" >long.jsonl
	agent-run -q -m script:long.jsonl --name long --ckpt turn x >out 2>&1 &
	run=$!
	for i in $(seq 100); do [ -e root/agents/*/work/up ] && break; sleep .1; done
	agent-ckpt prune --keep 1 long; prune=$?
	agent-ckpt show long >shown; show=$?
	agent-ckpt save long; save=$?
	kill $run; wait $run
	[ $prune.$show = 75.0 ] || exit 99
	exit $save'
like "$err" 'held|runs|busy|lock' 'and said so'

# ---- usage ------------------------------------------------------------------------------------

for words in '' frob show 'show a b' 'cat turns' 'diff turns' 'check' '--frob list turns' \
    'prune --keep x turns' 'diff - -'; do
	# shellcheck disable=SC2086
	status 64 "agent-ckpt $words is a usage error" agent-ckpt $words
done
status 66 'a root that is not there is 66' agent-ckpt list --root nowhere turns
status 74 'an output that cannot be written is 74' \
    bash -c 'agent-ckpt show turns >/dev/full'
status 74 'so is a folder to export to' agent-ckpt export -o void turns
status 66 'a folder that is not there is 66' agent-ckpt export -o no/where turns

# ---- where -o leads

ln -s /dev/null device
id=$(agent-ps --json | jq -r .id | head -n 1)
agent-ckpt save "$id" >/dev/null 2>&1
for verb in 'agent-ckpt export' 'agent-audit html' 'agent-audit export --csv'; do
	# shellcheck disable=SC2086  # a verb of two words
	status 0 "$verb -o writes to a device" $verb -o device "$id"
	is "$(readlink device)" /dev/null 'and puts no file in its place'
done
done_testing
