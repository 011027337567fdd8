#!/bin/bash
# Saving and pruning are refused what they read and open, or killed there; and
# what they write only to save time.
# shellcheck disable=SC2086 # the words of a verb
. "$SRC/tests/cli/tap.sh"
. "$SRC/tests/cli/ckptcrash.sh"

for what in save 'prune --keep 2'; do
	for call in openat pread64 read getdents64 newfstatat; do
		inject -s "$what" $call error=EIO '0|65|66|69|74|77' $what
	done
	inject -s "$what" openat error=EMFILE '0|65|66|69|74' $what
	inject -s "$what" openat signal=KILL 137 $what
done
for call in ftruncate pwrite64 mkdirat; do
	inject save $call error=ENOSPC '0|73|74' save
	inject save $call signal=KILL 137 save
done

done_testing
