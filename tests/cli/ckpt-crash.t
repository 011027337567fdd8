#!/bin/bash
# Saving and pruning are killed, or refused a call, at each call of each kind
# by which they change anything: what was there is whole, and the next one
# works.
# shellcheck disable=SC2086 # the words of a verb
. "$SRC/tests/cli/tap.sh"
. "$SRC/tests/cli/ckptcrash.sh"

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
# A bundle that was never recorded does not take the last one's place.
inject save fdatasync signal=KILL 137 prune --keep 2
inject 'prune --keep 2' unlinkat signal=KILL 137 prune --keep 2
inject 'prune --keep 2' unlinkat error=EIO 74 prune --keep 2
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
