#!/bin/bash
# Taking an agent over from a host that is not heard of any more, killed at every
# system call by which it changes anything: nothing of the history is lost, and
# another takes over.  The order of what it does keeps the old host out.
. "$SRC/tests/cli/tap.sh"

command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced
root=${AGENT_ROOT:-$PWD/root}
mkdir -p "$root"
echo 60s >"$root/shared"

printf '%s\n' '{"content":"one"}' '{"content":"two"}' '{"content":"three"}' >m
agent-run -q -m script:m --ckpt none --name far hi >/dev/null
id=$(agent-ps --json far | jq -r .id)
dir=$root/agents/$id
rm "$dir"/lease.*
echo 'elsewhere 12 34 another-boot pid:[1]' >"$dir/lease.7"
touch -d '1 hour ago' "$dir/lease.7"
printf '{"seq":99,"torn' >>"$dir/journal.jsonl" # its last words
agent-audit log --json far 2>/dev/null >was
cp -a "$root" base

strace -qq -f -o trace -e trace=linkat,unlinkat,renameat,fsync,fdatasync,copy_file_range,write,utimensat \
    -y agent-run -q -r far 'go on' >/dev/null
is "$(tail -n 1 "$dir/journal.jsonl" | jq -r .type)" seal 'it is taken over and goes on'
order=$(sed -nE "s/^[0-9]+ +//; /lease|journal|agents\/$id>/{
	s/^linkat.*lease-.*lease\.8.*/claim/p
	s/^unlinkat.*\"lease\.7\".*/shut-out/p
	s/^copy_file_range.*/copy/p
	s/^fsync.*\.journal\.8.*/sync-copy/p
	s/^renameat.*\.journal\.8.*journal\.jsonl.*/rename/p
	s/^fsync.*agents\/$id>.*/sync-folder/p
	s/^write.*journal\.jsonl.*/append/p
}" trace | uniq | head -n 8 | xargs)
is "$order" 'claim shut-out sync-folder copy sync-copy rename sync-folder append' \
    'the old one is shut out before its journal is copied, and the copy is safe before it is used'

tell() { problems+="  $point: $*"$'\n'; }
problems='' points=0
for kind in linkat unlinkat renameat fsync copy_file_range write utimensat ftruncate; do
	for n in $(seq 20); do
		rm -rf "$root" && cp -a base "$root"
		{ strace -qq -o strace.out -e "trace=$kind" \
		    -e "inject=$kind:signal=KILL:when=$n" agent-run -q -r far 'go on'; } \
		    >/dev/null 2>&1 && break
		grep -q 'killed by SIGKILL' strace.out || break
		point="$kind $n" points=$((points + 1))
		agent-run -q -r far 'and on' >/dev/null 2>err
		got=$?
		if [ $got = 75 ]; then # not taken yet, or not by a name that tells
			touch -d '1 hour ago' "$dir"/lease.*
			agent-run -q -r far 'and on' >/dev/null 2>err
			got=$?
		fi
		[ $got = 0 ] || tell "status $got: $(cat err)"
		agent-audit verify far >/dev/null 2>err || tell "$(cat err)"
		agent-audit log --json far | head -n "$(wc -l <was)" | cmp -s - was ||
			tell 'what was written before is not there'
		[ "$(find "$dir" -name '.journal.*' | wc -l)" = 0 ] || tell 'a copy is left'
	done
done
ok "$([ $points -ge 12 ]; echo $?)" "it dies at each of its calls ($points)"
is "$problems" '' 'and another takes over, with all that there was'
done_testing
