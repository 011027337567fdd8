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
for call in mkdirat linkat renameat fsync fdatasync; do
	inject $call signal=KILL 137 after_fork agent-fork -n 2 --name k a
done
for call in mkdirat linkat; do
	inject $call error=EIO '73|74' after_fork agent-fork -n 2 --name k a
done
# What only saves time may be lost.
inject fdatasync error=EIO '73|74' after_fork agent-fork -n 2 --name k a
inject write error=ENOSPC '0|73|74' after_fork agent-fork -n 2 --name k a

# Many files are synced at once.
after_many() {
	agent-fork --name z a >out 2>err || tell "then: $(cat err)"
	settled '1|8'
}
inject syncfs signal=KILL 137 after_many agent-fork -n 7 --name k a
inject syncfs error=EIO '73|74' after_many agent-fork -n 7 --name k a

# order N: what is done to the disk when N children are made.
order() {
	again
	strace -f -qq -e trace=syncfs,fdatasync,renameat,fsync,openat -o trace agent-fork -n "$1" a >out
	awk '{ sub(/^[0-9]+ +/, "") }
	/^openat\(.*"journal.jsonl".*O_APPEND/ && !/O_CREAT/ { journal = $NF }
	/^syncfs\(/ { print "all" }
	/^fsync\(/ { print "sync" }
	/^fdatasync\(/ { split($0, x, /[()]/); print x[2] == journal ? "commit" : "sync" }
	/^renameat\(.*"\.new\// { print "rename" }' trace | uniq | xargs
}
# A kill does not show that a sync is missing: their order does.
like "$(order 1)" '^sync commit rename sync' \
    'what is prepared is synced before the record, and that before the name'
like "$(order 7)" ' all commit rename sync' 'also when it is much'
done_testing
