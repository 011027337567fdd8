#!/bin/bash
# Saving and pruning are killed, or refused a call, at each call of each kind
# by which they change anything: what was there is whole, and the next one
# works.
. "$SRC/tests/cli/tap.sh"
command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

cat >script.jsonl <<'EOF'
{"content":"1","tool_calls":[{"name":"run_command","arguments":{"command":"seq 3000 >big; echo one >a"}}]}
{"content":"2","tool_calls":[{"name":"run_command","arguments":{"command":"echo two >a; mkdir d; ln a d/hard"}}]}
{"content":"3","tool_calls":[{"name":"run_command","arguments":{"command":"echo three >d/new; rm -r big; seq 2999 >big"}}]}
{"content":"4","tool_calls":[{"name":"run_command","arguments":{"command":"echo four >a"}}]}
{"content":"end"}
EOF
status 0 'an agent has bundles' \
    agent-run -q -m script:script.jsonl --ckpt turn --name a x
cp -a root was
id=$(agent-ps --json a | jq -r .id)
ckpt=root/agents/$id/ckpt
newest() { agent-ckpt list --json a | tail -n 1 | jq -r .seq; }
last=$(newest)
agent-ckpt restore --to want a

again() {
	rm -rf root got
	cp -a was root
}

# tell WORDS: one more problem of this point.
tell() { problems+="  $point: $*"$'\n'; }

# Every bundle that is there is sound, and the last one from before is what it
# was.
whole() {
	local seq
	for seq in $(agent-ckpt list --json a | jq -r .seq); do
		agent-ckpt verify "a@$seq" >out 2>err || tell "a@$seq: $(cat err)"
	done
	rm -rf got
	agent-ckpt restore --to got "a@$last" 2>err || tell "restore: $(cat err)"
	diff -r want got >out 2>&1 || tell "restored: $(head -n 3 out)"
	agent-audit verify a >out 2>err || tell "audit: $(cat err)"
}

# Leftovers are swept by the next one, which works.
next() {
	agent-ckpt "$@" a >out 2>err || tell "then: $(cat err)"
	[ -z "$(find "$ckpt" -name '.bundle*')" ] || tell 'leftovers'
	whole
}

# points WHAT CALL: how often WHAT makes this call, undisturbed.
points() {
	again
	strace -f -qq -e "trace=$2" -e signal=none -o trace agent-ckpt $1 a \
	    >/dev/null 2>&1
	grep -c "$2(" trace
}

done_save() { [ "$(newest)" -gt "$last" ]; }
done_prune() { [ "$(agent-ckpt list --json a | wc -l)" = 2 ]; }

# inject WHAT CALL HOW STATUS NEXT…
inject() {
	local what=$1 call=$2 how=$3 want=$4 n i got
	shift 4
	n=$(points "$what" "$call")
	problems=''
	for ((i = 1; i <= n; i++)); do
		point="$call $i of $n"
		again
		got=0
		{
			strace -f -qq -e "trace=$call" -o trace \
			    -e "inject=$call:$how:when=$i" agent-ckpt $what a \
			    >out 2>err || got=$?
		} 2>killed
		grep -q INJECTED trace ||
			grep -q 'killed by SIGKILL' trace || tell 'not injected'
		[[ $got =~ ^($want)$ ]] || tell "status $got: $(cat err)"
		[ $got != 0 ] || "done_${what%% *}" || tell 'it did nothing'
		whole
		next "$@"
	done
	is "$problems" '' "$what, $how at each of $n $call"
	[ "$n" -gt 0 ] || ok 1 "$what makes no $call"
}

mapfile -t s < <(agent-ckpt list --json a | jq -r .seq)
for what in save 'prune --keep 2' "prune --keep 1 --also ${s[1]}"; do
	for call in fsync renameat; do
		inject "$what" $call signal=KILL 137 $what
		# What only saves time may be lost.
		inject "$what" $call error=EIO '0|74' $what
	done
	inject "$what" write error=ENOSPC '0|74' $what
done
inject save fdatasync signal=KILL 137 save
inject save fdatasync error=EIO 74 save
inject 'prune --keep 2' unlinkat signal=KILL 137 prune --keep 2

# A kill does not show that a sync is missing: their order does.
again
strace -f -qq -e trace=openat,write,fsync,renameat,fdatasync -o trace agent-ckpt save a >out
order=$(awk '
    /openat.*"\.bundle-/ { print "open"; split($NF, x, " "); fd = $NF; next }
    /fsync\(/ && !/fdatasync/ { print "fsync" }
    /renameat\(.*"\.bundle-/ { print "rename" }
    /fdatasync\(/ { print "fdatasync" }' trace | xargs)
like "$order" 'open fsync rename fsync.* fdatasync' \
    'a bundle is synced, renamed, its folder synced, and then recorded'

# A full disk, for real.
if mkdir small && mount -t tmpfs -o size=2m none small 2>/dev/null; then
	trap 'umount small 2>/dev/null' EXIT
	cp -a was/. small/
	head -c 8m /dev/urandom >small/filler 2>full
	AGENT_ROOT=$PWD/small agent-ckpt save --full a >out 2>err
	is $? 74 'a full disk is 74'
	like "$(cat err)" 'No space' 'and said so'
	is "$(find small -name '.bundle*')" '' 'nothing is left'
	for seq in $(AGENT_ROOT=$PWD/small agent-ckpt list --json a | jq -r .seq); do
		status 0 'what was there is sound' \
		    env AGENT_ROOT="$PWD/small" agent-ckpt verify "a@$seq"
	done
	rm small/filler
	status 0 'with room again it works' \
	    env AGENT_ROOT="$PWD/small" agent-ckpt save --full a
	umount small
fi
done_testing
