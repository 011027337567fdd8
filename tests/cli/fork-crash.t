#!/bin/bash
# shellcheck disable=SC2317 # functions are called by name
# agent-fork is killed, or refused a call, at each call of each kind by which
# it changes anything: all children are there, whole, or none, and the next one
# works.
. "$SRC/tests/cli/tap.sh"
. "$SRC/tests/cli/forkcrash.sh"

after_fork() {
	[ "$1" != 0 ] || [ "$(children | wc -l)" = 2 ] || tell 'it did nothing'
	agent-fork --name z a >out 2>err || tell "then: $(cat err)"
	settled '1|3'
}
for call in mkdirat linkat renameat fsync fdatasync syncfs; do
	inject $call signal=KILL 137 after_fork agent-fork -n 2 --name k a
done
for call in mkdirat linkat syncfs; do
	inject $call error=EIO '73|74' after_fork agent-fork -n 2 --name k a
done
# What only saves time may be lost.
inject fdatasync error=EIO '73|74' after_fork agent-fork -n 2 --name k a
inject write error=ENOSPC '0|73|74' after_fork agent-fork -n 2 --name k a

# A kill does not show that a sync is missing: their order does.
again
strace -f -qq -e trace=syncfs,fdatasync,renameat,fsync,write,openat -o trace agent-fork --name k a >out
order=$(awk '
	/openat\(.*"journal.jsonl", .*O_APPEND/ && !/O_CREAT/ { journal = $NF }
	/syncfs\(/ { print "syncfs" }
	/fdatasync\(/ { sub(/^[^(]*\(/, ""); if ($0 + 0 == journal) print "commit" }
	/renameat\(.*"\.new\// { print "rename"; named = 1 }
	/[^a]sync\(/ && !/fdatasync/ && named { print "fsync"; named = 0 }' trace | xargs)
like "$order" '(^| )syncfs commit rename fsync' \
    'what is prepared is synced before the record, and that before the names'
done_testing
