#!/bin/bash
# What write_file and edit_file leave when the machine or the disk fails.
. "$SRC/tests/cli/tap.sh"

command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
tool=$BUILD/tests/helpers/insidewrite
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

# trace COMMAND…: the calls that change files, in order, one word each.
trace() {
	strace -f -o trace -e trace=write,fsync,renameat,mkdirat,unlinkat \
		"$@" >out <<<go
	got=$? calls=$(grep -v '(1,\|(2,\|= -1' trace |
		grep -o '^[0-9]* *[a-z]*(' | tr -d '0-9 (' | xargs)
}

echo old >file
trace "$tool" write '{"path":"file","content":"new"}'
is "$got $calls" '0 write fsync renameat fsync' \
	'a file is replaced by write, fsync, rename, and fsync of the folder'
trace "$tool" edit '{"path":"file","old":"new","new":"newer"}'
is "$got $calls" '0 write fsync renameat fsync' 'an edit is made alike'
trace "$tool" write '{"path":"a/b/file","content":"new"}'
is "$got $calls" \
	'0 mkdirat fsync mkdirat fsync write fsync renameat fsync' \
	'a folder that is made is synced into the one above it'

# breaks CALL ERROR N TEXT: the N-th such call fails; the file then holds TEXT.
breaks() {
	echo old >file
	strace -f -o trace -e trace="$1" -e inject="$1":error="$2":when="$3" \
		"$tool" write '{"path":"file","content":"new"}' >out <<<go
	got=$?
	[ "$(grep -c INJECTED trace)" = 1 ] || got=untouched
	is "$got $(cat file) $(find . -name '.new-*' | wc -l)" "1 $4 0" \
		"$1 number $3 failing with $2 is a failure, and the text is $4"
	like "$(cat out)" "cannot [a-z]+ 'file'" 'whose answer says what failed'
}
breaks fsync EIO 1 old
breaks fsync EIO 2 new
breaks renameat EIO 1 old
breaks write ENOSPC 2 old
breaks write EIO 2 old

# dies CALL N TEXT: killed at the N-th such call, the file holds TEXT.
dies() {
	echo old >file
	{
		strace -f -o trace -e trace="$1" \
			-e inject="$1":signal=KILL:when="$2" \
			"$tool" write '{"path":"file","content":"new"}' \
			>out <<<go
		got=$?
	} 2>/dev/null
	is "$got $(cat file)" "137 $3" \
		"killed at $1 number $2, the file holds the $3 text, whole"
}
dies write 2 old
dies fsync 1 old
dies renameat 1 old
dies fsync 2 new
done_testing
