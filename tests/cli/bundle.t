#!/bin/bash
# Bundles: what other tools make of them, what comes back, what a crash leaves.
. "$SRC/tests/cli/tap.sh"
bundle=$BUILD/tests/helpers/bundle
[ -x "$bundle" ] || skip_all "tests/helpers/bundle is not built"
umask 022

mkdir -p work/a/b work/empty work/shut ck
echo hello >work/a/x
ln work/a/x work/hard
ln -s ../a/x work/a/b/link
ln -s /etc/passwd work/absolute
head -c 1500000 /dev/urandom >work/big
truncate -s 9M work/sparse
echo end >>work/sparse
mkfifo work/fifo
printf 1 >work/$'bad\xff'
printf 2 >work/$'new\nline\\ \r'
touch -d '2001-02-03 04:05:06.7' work/a/x
touch -d '1960-01-01' work/a/b
chmod 750 work/big
chmod 500 work/shut
(
	cd work || exit
	name=$(printf 'd%.0s' {1..240})
	for _ in {1..15}; do mkdir "$name" && cd "$name" || exit; done
	echo deep >file
)
echo 'blob' >blob
echo '{"seq":1}' >journal.jsonl
signify-openbsd -G -n -p key.pub -s key.sec -c 'agentutils test'

# same A B NAME: contents, kinds, links, modes and times.
same() {
	local d
	d=$(
		list() {
			(cd "$1" && find . ! -type p -printf \
			    '%y %m %n %l %TY-%Tm-%Td %TT %P\n' |
			    LC_ALL=C sort)
		}
		diff -a <(list "$1") <(list "$2") | head -5
		diff -r --no-dereference "$1" "$2" 2>&1 | grep -v ': fifo$'
	)
	is "$d" "" "$3"
}
# left NAME: what is there of a restore that failed.
left() {
	find . -maxdepth 1 -name "$1*" -o -maxdepth 1 -name '.bundle*'
}
touch -d '1970-01-01 UTC' work/a/b

status 0 'a tree is saved' "$bundle" save -k key.sec -j journal.jsonl \
    -b blob work ck 1
id1=$out
status 0 'it is a zstd file' zstd -tq ck/1
mkdir tar bsd
# GNU tar does not know the record that announces a name that is not UTF-8.
status 0 'tar unpacks it' \
    tar --warning=no-unknown-keyword --zstd -xf ck/1 -C tar
is "$err" '' 'without a word'
same work tar/work 'what tar unpacked is the tree'
status 0 'bsdtar unpacks it' bsdtar -xf ck/1 -C bsd
same work bsd/work 'what bsdtar unpacked is the tree'
cd tar || exit 1
status 0 'sha256sum checks what was unpacked' \
    sha256sum -c --quiet agent/SHA256SUMS
is "$(wc -l <agent/SHA256SUMS | tr -d ' ')" 11 \
    'the check sums are of every file and hard link'
status 0 'signify checks the manifest' signify-openbsd -V -p ../key.pub \
    -x agent/manifest.sig -m agent/manifest.json
is "$(sha256sum <agent/manifest.json | cut -d' ' -f1)" "$id1" \
    "the id is the manifest's SHA-256"
is "$(sha256sum <agent/index.jsonl | cut -d' ' -f1)" \
    "$(jq -r .index.sha256 agent/manifest.json)" \
    'the manifest holds the digest of the index'
is "$(jq -c 'select((.path // "work") | startswith("work")) |
    del(.mtime, .frame, .offset)' agent/index.jsonl |
    sha256sum | cut -d' ' -f1)" "$(jq -r .work agent/manifest.json)" \
    "jq and sha256sum rebuild the tree's digest"
is "$(cat agent/blobs/*)" blob 'the blob is there under its digest'
cd .. || exit 1
if python3 -c 'import tarfile' 2>/dev/null; then
	is "$(zstd -dc ck/1 | python3 -c '
import sys, tarfile
t = tarfile.open(fileobj=sys.stdin.buffer, mode="r|")
print(sum(1 for m in t if m.name.startswith("work/")))')" \
	    "$(find work -mindepth 1 ! -type p -printf x | wc -c)" \
	    "Python's tarfile reads every member"
fi
is "$(zstd -dc ck/1 | tar -tf - | head -5 | tr '\n' ' ')" \
    "agent/state.json agent/grants.json agent/journal.jsonl $(zstd -dc ck/1 |
	tar -tf - | sed -n 4p) work/ " \
    'members stand in the order of the format'
status 0 'a bundle proves itself' "$bundle" check ck/1
status 0 'with the right key' "$bundle" show -p key.pub ck/1
signify-openbsd -G -n -p other.pub -s other.sec
status 65 'another key is refused' "$bundle" show -p other.pub ck/1
like "$err" 'another key' 'and the reason is told'

# ---- restore ----------------------------------------------------------------
status 0 'a tree is restored' "$bundle" restore . back ck/1
same work back 'what came back is the tree'
is "$out" 'omitted fifo work/fifo' 'a fifo is named and not made'
is "$([ "$(stat -c %b back/sparse)" -lt 200 ] && echo sparse)" sparse \
    'holes come back as holes'
status 73 'a folder that is there is left alone' \
    "$bundle" restore . back ck/1
status 79 'more files than allowed are refused' \
    "$bundle" restore -F 3 . few ck/1
status 79 'more bytes than allowed are refused' \
    "$bundle" restore -m 1000000 . few ck/1
is "$(left few)" '' 'and nothing is left of it'
status 0 'a bundle is read from a pipe' \
    bash -c "cat ck/1 | '$bundle' cat work/a/x -"
is "$out" hello 'and gives what it holds'
status 0 'a hard link is read through' "$bundle" cat work/hard ck/1
is "$out" hello 'by its file'
status 66 'a path that is not there is status 66' \
    "$bundle" cat work/none ck/1
status 65 'a folder has no contents' "$bundle" cat work/a ck/1

# ---- deltas -----------------------------------------------------------------
sleep 0.1
echo changed >work/a/x
rm -r work/empty
rm work/absolute
mkdir work/absolute
echo new >work/absolute/new
touch work/big
rm -r work/a/b
echo 'now a file' >work/a/b
status 0 'what changed is saved as a delta' "$bundle" save work ck 2 ck/1
is "$(zstd -dc ck/2 | tar -tf - | grep work | tr '\n' ' ')" \
    'work/a/b work/a/x work/absolute/ work/absolute/new work/.wh.empty work/hard ' \
    'a delta holds what changed, whiteouts for what is gone, no touched file'
status 0 'the chain proves itself' "$bundle" check ck/1 ck/2
status 0 'a chain is restored' "$bundle" restore . back2 ck/1 ck/2
touch -r work/big back2/big
touch -r work back2
touch -r work/a back2/a
same work back2 'as the newest tree'
status 66 'a delta without its parent is refused' \
    "$bundle" restore . lone ck/2
like "$err" "$id1" 'naming the bundle that is missing'
is "$("$bundle" cat work/a/b ck/1 ck/2)" 'now a file' \
    'the newest bundle that holds a path gives its contents'
status 66 'what a later one removed is not there' \
    "$bundle" cat work/a/b/link ck/1 ck/2
status 0 'nothing below a removed folder is there either' \
    "$bundle" cat work/absolute/new ck/1 ck/2
rm ck/index
status 0 'without the stat cache the delta is the same' \
    "$bundle" save work ck 2b ck/1
is "$("$bundle" show ck/2b | jq -r '.index.sha256 // empty' 2>/dev/null)" \
    "$("$bundle" show ck/2 | jq -r '.index.sha256 // empty' 2>/dev/null)" \
    'to the byte of its index'
echo third >work/third
"$bundle" save -j journal.jsonl work ck 3 ck/1 ck/2 >id3
is "$("$bundle" list ck/1 ck/2 ck/3 | sha256sum | cut -d' ' -f1)" \
    "$("$bundle" show ck/3 | sed -n 2p | jq -r .work)" \
    'the list of a chain has the digest that the manifest names'

# ---- squash -----------------------------------------------------------------
status 0 'a chain is folded into one' \
    "$bundle" squash -k key.sec ck s ck/1 ck/2
status 0 'which proves itself' "$bundle" check ck/s
is "$("$bundle" cat agent/journal.jsonl ck/s)" '{"seq":1}' \
    'and holds the records'
is "$(zstd -dc ck/s | tar -tf - | grep -c blobs)" 1 'and the blobs'
status 0 'and stands for what it replaces' \
    "$bundle" restore . back3 ck/s ck/3
is "$(diff -r --no-dereference work back3 2>&1 | grep -v fifo)" '' \
    'with the same tree'
status 1 'two bundles are compared' "$bundle" compare ck/1 ck/s
like "$out" '^- work/empty$' 'what is gone is told'
like "$out" '^\+ work/absolute/new$' 'what is new is told'
like "$out" '^M work/a/x$' 'what changed is told'
status 1 'a bundle is compared with a live tree' "$bundle" diff ck/s work
is "$out" '+ work/third' 'by its contents'

# ---- ignored ----------------------------------------------------------------
mkdir -p ig/build/deep ig/src/build ig/keep
touch ig/build/x ig/build/deep/y ig/src/build/z ig/a.o ig/b.o ig/keep/c.o
printf '%s\n' '# objects' '*.o' '!b.o' '/build/' >ig/.agentignore
echo 'c.o' >ig/src/.agentignore
echo '!c.o' >ig/keep/.agentignore
mkdir igck
"$bundle" save ig igck 1 >/dev/null
is "$("$bundle" list igck/1 | jq -r .path | tr '\n' ' ')" \
    'work work/.agentignore work/b.o work/keep work/keep/.agentignore work/keep/c.o work/src work/src/.agentignore work/src/build work/src/build/z ' \
    '.agentignore is honoured in every folder'

# ---- not entered ------------------------------------------------------------
mkdir -p out/in/root out/m outck
touch out/in/root/x out/in/y out/m/below
"$bundle" save -x out/in/root out outck 1 >/dev/null
is "$("$bundle" list outck/1 | jq -r .path | tr '\n' ' ')" \
    'work work/in work/in/y work/m work/m/below ' \
    'one folder is left out, by its inode'
if unshare -m mount -t tmpfs none out/m 2>/dev/null; then
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs none out/m && touch out/m/other &&
	    "$0" save out outck 2' "$bundle" >/dev/null
	is "$("$bundle" list outck/2 | jq -r 'select(.path == "work/m").type')" \
	    mount 'another mount is recorded'
	is "$("$bundle" list outck/2 | grep -c -e other -e below)" 0 \
	    'and not entered'
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount --bind /etc out/m && "$0" save out outck 3' \
	    "$bundle" >/dev/null
	is "$("$bundle" list outck/3 | grep -c work/m/)" 0 \
	    'nor is a bind mount of the same file system'
fi

# ---- racy -------------------------------------------------------------------
mkdir racy racyck
bad=0
for i in {1..40}; do
	echo "$i" | tr '0-9' 'a-j' >racy/f
	"$bundle" save racy racyck a >/dev/null
	echo "$i" | tr '0-9' 'k-t' >racy/f
	"$bundle" save racy racyck b >/dev/null
	[ "$("$bundle" cat work/f racyck/b)" = "$(cat racy/f)" ] || bad=1
done
is $bad 0 'a change of the same size within the clock tick is not missed'

# ---- vector -----------------------------------------------------------------
mkdir -p v/d vck
printf 'one\n' >v/one
ln -s one v/two
chmod 755 v v/d
chmod 644 v/one
touch -h -d '2020-01-01 00:00:00 UTC' v/two v/one v/d v
is "$("$bundle" save v vck 1)" \
    21bc6c6d0490175d3cf822ed2f38ecef805e9d71beca3b13ad27713d3928ecf0 \
    'a known tree has a known id'
is "$("$bundle" save -l 19 -t 1 v vck 2)" "$("$bundle" show vck/1 | head -1)" \
    'whatever the compression'

# ---- hostile ----------------------------------------------------------------
tar -C work -cf - a | zstd -q >foreign
status 65 'a foreign archive is refused' "$bundle" show foreign
like "$err" 'no bundle' 'with a clear message'
status 65 'so is an empty file' "$bundle" show /dev/null
head -c 5000 /dev/urandom >noise
status 65 'and noise' "$bundle" show noise
bad=0
size=$(stat -c %s ck/1)
for n in 1 2 9 17 511 1000 $((size / 2)) $((size - 1)); do
	head -c $n ck/1 >short
	"$bundle" restore . lost short >/dev/null 2>&1
	[ $? = 65 ] && [ ! -e lost ] || bad=1
done
is $bad 0 'a bundle that is cut is refused, and nothing is left'

# ---- crash ------------------------------------------------------------------
names() { find "$1" -mindepth 1 -printf "%f\n" | sort | xargs; }
mkdir -p crash crashck
for i in {1..40}; do head -c 300000 /dev/urandom >"crash/$i"; done
"$bundle" save crash crashck good >good.id
bad=0 killed=0
# The shell tells of what was killed on its own stderr.
{
for ms in 001 003 005 008 012 020 040; do
	bash -c 'timeout -s KILL "0.$1" "$2" save -f crash crashck new' - \
	    $ms "$bundle" >/dev/null 2>&1
	[ $? != 137 ] || killed=$((killed + 1))
	[ ! -e crashck/new ] || "$bundle" check crashck/new || bad=1
	rm -f crashck/new
	"$bundle" sweep crashck
	[ "$(names crashck)" = 'good index' ] || bad=1
	"$bundle" check crashck/good || bad=1
done
} 2>/dev/null
status 0 'saves were killed half-way' test $killed -gt 0
is $bad 0 'a save that is killed leaves nothing but what a sweep removes'
if strace -o /dev/null true 2>/dev/null; then
	for call in write fsync renameat; do
		status 74 "a failed $call is told" strace -f -o /dev/null \
		    -e trace=$call -e inject=$call:error=ENOSPC:when=1 \
		    "$bundle" save crash crashck new
		is "$(names crashck)" "good index" \
		    'and leaves nothing behind'
	done
	strace -f -o trace -e trace=fsync,renameat "$bundle" save v vck 3 \
	    >/dev/null
	is "$(sed -n 's/^[0-9 ]*\([a-z]*\)(.*/\1/p' trace | tr '\n' ' ')" \
	    'fsync renameat fsync ' \
	    'a bundle is synced, renamed, and its folder synced'
	for kind in mkdirat:73 openat2:73 write:74 fchmod:74 syncfs:74 \
	    renameat2:73; do
		status "${kind#*:}" "a failed ${kind%:*} in a restore is told" \
		    strace -f -o /dev/null -e trace="${kind%:*}" \
		    -e inject="${kind%:*}":error=ENOSPC:when=1 \
		    "$bundle" restore . half ck/1
		is "$(left half)" '' \
		    'and nothing is half restored'
	done
fi

# Headers are libarchive's; nothing else is.
mkdir broken
echo 'no library' >broken/libarchive.so.13
status 69 'without libarchive nothing is saved' \
    env LD_LIBRARY_PATH="$PWD/broken" "$bundle" save -f work ck none
like "$err" 'install libarchive13' 'and the message says what to install'
status 0 'with it the tree is' "$bundle" save -f work ck bare1
status 69 'without it nothing is proved' \
    env LD_LIBRARY_PATH="$PWD/broken" "$bundle" check ck/bare1
status 0 'with it the bundle is' "$bundle" check ck/bare1
status 0 'without it a bundle is listed' \
    env LD_LIBRARY_PATH="$PWD/broken" "$bundle" list ck/bare1
status 0 'and restored' \
    env LD_LIBRARY_PATH="$PWD/broken" "$bundle" restore . bare ck/bare1
same work bare 'to the same tree'
done_testing
