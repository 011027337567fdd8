#!/bin/bash
# shellcheck disable=SC2094,SC2317  # functions are called by name
# Calls of the system fail, disks are full, signals come: the run ends with the
# documented status and a message, nothing is lost, and it can be gone on with.
. "$SRC/tests/cli/tap.sh"

command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

here=$PWD
cat >script.jsonl <<'EOF'
{"tool_calls":[{"name":"write_file","arguments":{"path":"a.txt","content":"one\n"}},{"name":"read_file","arguments":{"path":"a.txt"}}]}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo line >>log.txt; head -c 100000 /dev/zero | tr '\\0' x"}}]}
{"content":"the end"}
EOF
run=(agent-run -q -m "script:$here/script.jsonl")

agent() { ls root/agents 2>/dev/null; }
results() {
	agent-audit --json -t tool.result log "$1" | jq -r '.body.status'
}
tell() { problems+="  $point: $*"$'\n'; }

# ---- the order of durable writes --------------------------------------------

printf '{"tool_calls":[{"name":"write_file","arguments":{"path":"b.txt","content":"%s"}}]}\n' \
	"$(head -c 100000 /dev/zero | tr '\0' x)" | cat - script.jsonl >blobs.jsonl
rm -rf root
strace -y -s 9999 -o trace \
	-e trace=write,fdatasync,fsync,renameat,sendto,mkdirat \
	agent-run -q -m script:blobs.jsonl goal >out
# Words in the order of the calls: what the runner did to which file.
awk '
function say(w) { out = out " " w }
/^write\(.*journal\.jsonl>/ {
	say(match($0, /type\\":\\"tool.call/) ? "append-call" : "append")
}
/^fdatasync\(.*journal\.jsonl>/ { say("sync") }
/^(write|sendto)\([0-9]+<(pipe|socket|UNIX)[^,]*, "g/ { say("go") }
/^write\([0-9]+<[^>]*\/blobs\// { say("blob-write") }
/^fsync\([0-9]+<[^>]*\/blobs\/..\/\.[^>]*>/ { say("blob-sync") }
/^renameat\([0-9]+<[^>]*\/blobs\// { say("blob-rename") }
/^fsync\([0-9]+<[^>]*\/blobs\/..>/ { say("blob-folder") }
/^fsync\([0-9]+<[^>]*\/agents>/ { say("agents-sync") }
/^renameat\([0-9]+<[^>]*\/agents>, "\.new/ { say("publish") }
/^fsync\([0-9]+<[^>]*\/agents\/\.new\/[^\/>]*>/ { say("agent-sync") }
/^renameat\(.*agent\.json/ { say("agent-json") }
END { print out }' trace >order
order=$(cat order)
unlike "$order" '(append|append-call) (append|go|blob|publish|agent)' \
	'each append to a journal is synced before anything else is done'
is "$(grep -o ' append[a-z-]*' order | wc -l)" "$(grep -o ' sync' order | wc -l)" \
	'and there is one sync for each'
like "$order" 'append-call sync go.* append-call sync go' \
	'a call is durable before it is let go'
is "$(grep -o ' go' order | wc -l)" 4 'each of the four calls is let go once'
blobs=$(grep -o 'blob-rename' order | wc -l)
is "$blobs $(grep -o 'blob-write blob-sync blob-rename blob-folder' order |
	wc -l)" "3 3" \
	'a blob is written, synced, renamed, and its folder synced: all three'
# The tools' before the first model.call; the calls' and the arguments' before
# the group of the reply and the call.
like "$order" 'blob-folder append sync( blob-[a-z]*){8} append' \
	'before the append that names it'
like "$order" 'agent-json.* append sync agent-sync publish agents-sync' \
	'a new agent is whole and synced before it is there'
like "$(grep 'key-' trace | sed 's/(.*//' | xargs)" 'write fsync renameat' \
	'the key is synced'

rm -rf root
strace -y -s 9999 -o trace -e trace=write,fdatasync,fsync,syncfs,renameat,sendto \
	"${run[@]}" --ckpt tool goal >out
order=$(awk '
/^syncfs\([0-9]+<[^>]*\/pre\// { out = out " copied" }
/^renameat\([0-9]+<[^>]*\/pre>/ { out = out " named" }
/^fsync\([0-9]+<[^>]*\/pre>/ { out = out " kept" }
/^write\(.*journal\.jsonl>.*\\"run_command\\",\\"effect/ { out = out " append" }
/^sendto\([0-9]+<[^,]*, "g/ { out = out " go" }
END { print out }' trace)
like "$order" 'copied named kept append go' \
	'a pre-image is copied, synced and named before the call is recorded'

# ---- calls that fail --------------------------------------------------------

# What a failed call left is whole, and going on leads to the same end.
recover() {
	local id got=0 n
	id=$(agent)
	if [ -z "$id" ]; then
		"${run[@]}" goal >out 2>err || tell "a new run: $(cat err)"
		return
	fi
	agent-audit verify "$id" >out 2>err || tell "verify: $(cat err)"
	agent-audit replay "$id" >out 2>err || tell "replay: $(cat err)"
	agent-audit --json log "$id" >before
	agent-run -q -r "$id" >out 2>err || got=$?
	[ "$got $(cat out)" = '0 the end' ] ||
		tell "went on to $got: $(cat out err)"
	agent-audit verify "$id" >out 2>err || tell "verify, then: $(cat err)"
	agent-audit replay "$id" >out 2>err || tell "replay: $(cat err)"
	agent-audit --json log "$id" | head -n "$(wc -l <before)" |
		cmp -s - before || tell 'records were lost'
	n=$(grep -c '' "root/agents/$id/work/log.txt" 2>/dev/null)
	n=${n:-0}
	case $(results "$id" | xargs) in
	'ok ok ok') [ "$n" = 1 ] || tell "the command was run $n times" ;;
	'ok ok interrupted') [ "$n" -le 1 ] || tell "run $n times" ;;
	*) [ "$1" = loose ] || tell "results: $(results "$id" | xargs)" ;;
	esac
}

# fail CALL ERROR LEAST [loose]: the 1st, 2nd, … such call of the runner fails.
# LEAST so many of them, or all, must end the run.  Where calls are hit that
# the starting of a tool needs, its result may be a failure as well (loose).
fail() {
	local n got problems='' bad=0
	for ((n = 1; n < 500; n++)); do
		rm -rf root
		point="$1 $n" got=0
		strace -o trace -e "trace=$1" -e "inject=$1:error=$2:when=$n" \
			"${run[@]}" goal >out 2>err || got=$?
		grep -q INJECTED trace || break
		case $got in
		0) [ "$(cat out)" = 'the end' ] || tell "0, but $(cat out)" ;;
		73 | 74)
			bad=$((bad + 1))
			grep -q '^agent-run: .*[a-z]' err || tell 'no message'
			;;
		*) tell "ended with $got: $(cat err)" ;;
		esac
		recover "${4-}"
	done
	if [ "$3" = all ]; then
		[ "$bad-$n" = "$((n - 1))-$n" ] && [ "$bad" -gt 4 ]
	else
		[ "$bad" -ge "$3" ]
	fi || tell "$bad of $((n - 1)) ended the run"
	ok "${#problems}" "$2 at each of $((n - 1)) calls of $1: the run ends \
with 73 or 74 and a message, or is as good as undisturbed" "$problems"
}
fail fdatasync EIO all
fail fdatasync ENOSPC all
fail fsync EIO all
fail renameat EIO 3
fail renameat ENOSPC 3
fail mkdirat ENOSPC 5
fail pwrite64 ENOSPC 1
fail ftruncate EIO 0
fail write ENOSPC 10 loose
fail write EIO 10 loose
fail openat EIO 5 loose
fail openat EMFILE 5 loose

# ---- disks ------------------------------------------------------------------

rm -rf root
if [ "$(id -u)" = 0 ] && mkdir root &&
	mount -t tmpfs -o size=256k crash root 2>/dev/null; then
	trap 'umount -l "$here/root" 2>/dev/null' EXIT
	for i in 1 2 3 4 5 6 7 8; do
		printf '%s\n' "{\"tool_calls\":[{\"name\":\"run_command\",\"arguments\":{\"command\":\"echo $i >>log.txt; head -c 40000 /dev/zero | tr '\\\\0' $i\"}}]}"
	done >fill.jsonl
	echo '{"content":"the end"}' >>fill.jsonl
	mkdir ws
	status 74 'a disk that is full ends the run' \
		agent-run -q -m script:fill.jsonl -w ws goal
	like "$err" 'No space left on device' 'with a message that says so'
	id=$(cd root/agents && ls)
	status 0 'what is there is whole' agent-audit verify "$id"
	lines=$(agent-audit log "$id" | wc -l)
	status 74 'going on with the disk still full ends alike' \
		agent-run -q -r "$id"
	status 0 'and leaves it whole' agent-audit verify "$id"
	mount -o remount,size=8m root
	status 0 'with room again it is gone on with' agent-run -q -r "$id"
	is "$out" 'the end' 'to the end'
	[ "$(agent-audit log "$id" | wc -l)" -gt "$lines" ]
	ok $? 'and has lost nothing'
	is "$(sort -n ws/log.txt | uniq -d)" '' 'no command was made twice'
	status 0 'its history is whole' agent-audit verify "$id"

	mount -o remount,ro root
	status 73 'a root that is read-only takes no new agent' \
		"${run[@]}" goal
	like "$err" 'Read-only file system' 'and says so'
	status 73 'nor does an agent go on there' agent-run -q -r "$id" more
	like "$err" 'Read-only file system' 'with the same words'
	status 0 'but it can be listed' agent-ps
	like "$out" "${id:0:8}.*done" 'with its state'
	status 0 'and verified' agent-audit verify "$id"
	mount -o remount,rw root
	(cat fill.jsonl && echo '{"content":"more"}') >more.jsonl
	status 0 'once it can be written, it goes on' \
		agent-run -q -m script:more.jsonl -r "$id" more
	umount root
else
	for i in 1 2 3; do ok 0 'a full disk # SKIP mount(2) is not allowed'; done
fi
rm -rf root ws

# ---- two runners ------------------------------------------------------------

cat >slow.jsonl <<'EOF'
{"content":"the end","delay":"1s"}
EOF
wait_until() {
	local i
	for ((i = 0; i < 1000; i++)); do
		! "$@" 2>/dev/null || return 0
		sleep 0.01
	done
	return 1
}
called() { agent-audit log -t model.call slow >/dev/null 2>&1; }
agent-run -q -m script:slow.jsonl --name slow goal >first.out 2>first.err &
pid=$!
wait_until called
status 75 'a second runner of an agent ends with 75' agent-run -q -r slow
like "$err" "held by process $pid\$" 'and names the process that has it'
wait "$pid"
is "$? $(cat first.out)" '0 the end' 'the first is not disturbed'
status 0 'and then the agent is free' agent-run -q -r slow
status 0 'with a whole history' agent-audit verify slow

# ---- signals ----------------------------------------------------------------

cat >beat.jsonl <<'EOF'
{"tool_calls":[{"name":"run_command","arguments":{"command":"[ ! -e stop ] || exit 0; setsid sh -c 'trap \"\" TERM INT HUP; while :; do date +%N >beat; sleep 0.02; done' & while :; do sleep 1; done"}}]}
{"content":"the end"}
EOF
exits() { agent-audit --json -t exit log "$1" | jq -r '.body.state' | xargs; }

# signalled NAME STATUS: during a model call, then during a tool's.
signalled() {
	local got
	rm -rf root ws
	mkdir ws
	agent-run -q -m script:slow.jsonl --name slow goal >out 2>err &
	pid=$!
	wait_until called
	kill -s "$1" "$pid"
	got=0
	wait "$pid" || got=$?
	is "$got $(exits slow)" "$2 ready" \
		"SIG$1 during a model call: status $2, and the end is recorded"
	agent-audit verify slow >out 2>err
	like "$(cat out)" 'sealed up to' 'and sealed'
	status 0 'it goes on' agent-run -q -r slow
	is "$out" 'the end' 'to the end'

	agent-run -q -m script:beat.jsonl -w ws --name beat goal >out 2>err &
	pid=$!
	wait_until test -s ws/beat
	kill -s "$1" "$pid"
	got=0
	wait "$pid" || got=$?
	is "$got $(exits beat)" "$2 ready" \
		"SIG$1 during a tool call: status $2, and the end is recorded"
	last=$(cat ws/beat)
	sleep 0.15
	is "$(cat ws/beat)" "$last" 'nothing of the call is left running'
	status 0 'it goes on' agent-run -q -r beat
	is "$out $(results beat)" 'the end interrupted' \
		'and the model is told what was interrupted'
	status 0 'its history is whole' agent-audit verify beat
}
signalled INT 130
signalled TERM 143
signalled HUP 129

# ---- a journal that was changed ---------------------------------------------

rm -rf root ws
mkdir ws
"${run[@]}" -w ws --name kept goal >out 2>err
cp root/agents/*/journal.jsonl kept.jsonl
journal=$(echo root/agents/*/journal.jsonl)
# changed NAME WORDS COMMAND…: after COMMAND on the journal.
changed() {
	local name=$1 words=$2
	shift 2
	cp kept.jsonl "$journal"
	"$@" "$journal"
	status 65 "$name: an agent does not go on: 65" agent-run -q -r kept more
	like "$err" "$words" 'and says why'
}
half() { truncate -s -100 "$1"; }
last() { sed -i '$d' "$1"; }
flip() { sed -i '$s/"sig":"./"sig":"!/' "$1"; }
changed 'the last record cut' 'the journal was cut: record [0-9]+ is gone' half
changed 'the last record gone' 'the journal was cut: record [0-9]+ is gone' last
changed 'the last record changed' 'the journal was changed: record' flip
cp kept.jsonl "$journal"
sed -i '6s/"call":"m/"call":"n/' "$journal"
status 65 'a record changed in the middle: verify says 65' \
	agent-audit verify kept
like "$err" 'damaged at record 6, byte [0-9]+:' 'and names the record'
rm root/agents/*/state
status 65 'as does whoever reads it all' agent-run -q -r kept more
like "$err" 'damaged at record 6, byte [0-9]+:' 'with the same words'
cp kept.jsonl "$journal"
printf '{"seq":99,"time":' >>"$journal"
status 0 'a torn end is cut off' agent-run -q -r kept
agent-audit --json -t note log kept >note
is "$(jq -r '.body | "\(.bytes) \(.sha256)"' note)" \
	"17 $(printf '{"seq":99,"time":' | sha256sum | cut -d' ' -f1)" \
	'and its length and digest are recorded'
status 0 'and the history is whole' agent-audit verify kept
done_testing
