#!/bin/bash
# shellcheck disable=SC2016,SC2317  # texts for inner shells; called by `status`
# Ways out of the sandbox, tried from inside by native code, by the shell and
# by python; each has a control, where the same attempt is granted and works.
. "$SRC/tests/cli/tap.sh"

attack=$BUILD/tests/helpers/attack
here=$PWD
mkdir -p ws/dir outside/sub root/agents/A
export AGENT_ROOT=$here/root
cp "$attack" ws/attack
echo hunter2 >outside/secret
echo hunter2 >root/key.sec
echo hunter2 >root/agents/A/journal.jsonl
echo plain >ws/file
pass=(--env "ASAN_OPTIONS=${ASAN_OPTIONS-}")
run() { agent-exec -w ws "${pass[@]}" "$@"; }

# refused NAME PATTERN COMMAND…: it was tried, failed, and told nothing
refused() {
	local name=$1 pattern=$2 got=0
	shift 2
	"$@" >tap.out 2>tap.err </dev/null || got=$?
	out=$(cat tap.out tap.err)
	if [ $got = 0 ] || [ $got = 2 ] || [ $got -ge 64 ] ||
		grep -q hunter2 tap.out tap.err ||
		! grep -Eq -- "$pattern" tap.out tap.err; then
		ok 1 "$name" "status $got, want a failure like /$pattern/
$out"
	else ok 0 "$name"; fi
}
works() { status 0 "$@"; }

# ---- reading what is not granted, by every name that it has --------------------

ln -s "$here/outside/secret" ws/absolute
ln -s ../outside/secret ws/relative
ln -s "$here/outside" ws/folder
ln -s /proc/self/root ws/up
allowed=(--allow "read file:$here/outside/**")
gone='ENOENT|EACCES|No such file|Permission denied'
while read -r path; do
	for by in read reopen cat python; do
		case $by in
		cat) command=(cat "$path") ;;
		python) command=(python3 -c "print(open('$path').read())") ;;
		*) command=(./attack "$by" "$path") ;;
		esac
		refused "$path is not to be read ($by)" "$gone" \
			run -- "${command[@]}"
		case $path in
		/proc/1/*) ;; # the init's, whatever is granted
		*) works "and is, granted" run "${allowed[@]}" -- "${command[@]}" ;;
		esac
	done
done <<END
$here/outside/secret
../outside/secret
dir/../../outside/secret
absolute
relative
folder/secret
up$here/outside/secret
/proc/self/root$here/outside/secret
/proc/self/cwd/../outside/secret
/proc/thread-self/root$here/outside/secret
/proc/1/root$here/outside/secret
END
rm ws/absolute ws/relative ws/folder

# ---- the agents' root, by any path -----------------------------------------------

ln -s "$here/root" ws/way
all=(--allow "read,write file:$here/**")
for path in "$here/root/key.sec" way/key.sec ../root/agents/A/journal.jsonl \
	"up$here/root/key.sec"; do
	refused "$path is not to be read, also where all around is granted" \
		"$gone" run "${all[@]}" -- cat "$path"
done
refused 'nor to be written' 'EROFS|EACCES|ENOENT' \
	run "${all[@]}" -- ./attack write way/key.sec
refused 'nor is a new name of it' 'EXDEV|EPERM|EACCES|ENOENT' \
	run "${all[@]}" -- ./attack link "$here/root/key.sec"
refused 'nor can it be renamed into sight' 'EBUSY|EXDEV|EACCES|EROFS' \
	run "${all[@]}" -- ./attack rename "$here/root"
works 'what lies beside it is read' run "${all[@]}" -- cat "$here/outside/secret"
if mkdir ws/mounted && [ "$(id -u)" = 0 ] &&
	unshare -m mount --bind "$here/root" "$here/ws/mounted" 2>/dev/null; then
	# what an administrator binds elsewhere is another name of it
	bound() {
		unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' \
			"$here/outside" "$here/ws/mounted" "$@"
	}
	refused 'a folder bound into a denied one is not to be read' "$gone" \
		bound agent-exec -w ws --deny 'read,write file:mounted/**' \
		-- cat mounted/secret
	works 'and is, granted' bound agent-exec -w ws -- cat mounted/secret
else
	ok 0 'bind mounts # SKIP none to be made here'
fi
rmdir ws/mounted

# ---- changing what is not granted for that -----------------------------------------

setfattr -n user.test -v x ws/file 2>/dev/null && attributes=attribute
printf 'allow read,exec file:**\n' >ro.policy
ro() { agent-exec -w ws -g ro.policy "${pass[@]}" -- "$@"; }
for what in write cut mode times ${attributes-} remove rename link; do
	echo plain >ws/victim
	refused "$what: not of what may only be read" 'EROFS|EACCES|EPERM|EXDEV' \
		ro ./attack "$what" victim
	is "$(cat ws/victim)" plain 'which is whole'
	works 'but of what may be written' run ./attack "$what" victim
	rm -f ws/victim ws/stolen
done
for path in /usr/bin/env /etc/passwd /dev/null /proc/self/comm; do
	for what in mode times; do
		refused "$what of $path is not to be changed" \
			'EROFS|EACCES|EPERM' run ./attack $what $path
	done
done
refused 'the shell is held to it' 'Read-only|Permission' ro chmod 600 file
refused 'and python' 'Read-only|Permission|not permitted' \
	ro python3 -c 'import os; os.utime("file", (1, 1))'
refused 'settings of the kernel are not to be written' \
	'EROFS|EACCES|EPERM' run ./attack write /proc/sys/kernel/core_pattern
refused 'by the shell' 'Read-only|Permission|cannot create' \
	run sh -c '(echo x >/proc/sys/kernel/hostname) || exit 1'
refused 'nor scores of other processes' 'EROFS|EACCES|EPERM' \
	run ./attack write /proc/1/oom_score_adj

# ---- a denied file in a granted folder ------------------------------------------------

mkdir -p ws/a/b
echo hunter2 >ws/a/b/key
deny=(--deny 'read,write file:a/b/key')
while IFS=: read -r what script; do
	refused "a denied file is not $what" \
		'denied|busy|cross-device|Permission|not permitted|superuser' \
		run "${deny[@]}" -- sh -c "($script) || exit 1"
	is "$(cat ws/a/b/key)" hunter2 'and is whole'
	rm -rf ws/c ws/k ws/l
done <<'END'
read:cat a/b/key
renamed:mv a/b/key k && cat k
reached by renaming its folder:mv a/b c && cat c/key
reached by renaming the one above:mv a c && cat c/b/key
linked:ln a/b/key l && cat l
replaced:echo x >k && mv -f k a/b/key
removed:rm -f a/b/key
uncovered:umount a/b/key && cat a/b/key
copied with its folder:cp -r a c && cat c/b/key
END
works 'granted, it is read' run -- cat a/b/key

# ---- what is inherited -------------------------------------------------------------------

exec 8<outside/secret 9<outside
refused 'an open file is not inherited' 'ENOENT|EBADF|Bad file|No such' \
	run sh -c 'cat <&8 || exit 1'
refused 'nor an open folder' 'No such|ENOENT' run cat /proc/self/fd/9/secret
exec 8<&- 9<&-
is "$(run cat <outside/secret)" hunter2 'what is given as stdin is read'
mkdir open
refused 'a file given as stdout cannot be made to run as its owner' EPERM \
	run python3 -c '
import errno, os, sys
try: os.fchmod(2, 0o4755)
except OSError as e: sys.exit(errno.errorcode[e.errno])' 2>open/out

# ---- sockets ---------------------------------------------------------------------------------

coproc LISTEN { exec "$attack" listen "$here/outside/socket"; }
read -r port <&"${LISTEN[0]}"
for kind in tcp udp mptcp fastopen; do
	if [ "$("$attack" $kind "$port")" = ok ]; then
		refused "$kind reaches nothing of the machine" \
			'ENETUNREACH|EACCES|EAFNOSUPPORT|ECONNREFUSED' \
			run ./attack $kind "$port"
	else
		ok 0 "$kind # SKIP not in this kernel"
	fi
done
refused 'nor does python' 'unreachable|Permission' run python3 -c "
import socket; socket.create_connection(('127.0.0.1', $port), 5)"
works 'a socket in a folder answers outside' \
	"$attack" socket "$here/outside/socket"
refused 'and not inside' ENOENT run ./attack socket "$here/outside/socket"
works 'but where its folder is granted' \
	run --allow "read,write file:$here/outside/**" \
	-- ./attack socket "$here/outside/socket"
kill "$LISTEN_PID"
wait "$LISTEN_PID" 2>/dev/null

# ---- processes ----------------------------------------------------------------------------------

works 'a process signals itself' run sh -c './attack signal $$'
refused 'the runner is not there to be signalled' ESRCH run ./attack signal $$
refused 'by the shell' 'No such process' run sh -c "kill -KILL $$ || exit 1"
works 'the init does not die of a signal' \
	run sh -c 'kill -KILL 1; kill -STOP 1; sleep 0.2; kill -0 1'
if [ "$("$attack" ptrace)" = ok ]; then
	refused 'a process beside is not to be traced' EPERM run ./attack ptrace
fi
for what in newuser clone3; do
	[ "$("$attack" $what)" != ok ] ||
		refused "$what: no namespace is made" 'EPERM|ENOSYS' \
			run ./attack $what
done
refused 'the memory of the init is closed' 'EACCES|EPERM|ENOENT' \
	run ./attack read /proc/1/mem
works "a process's own is not" run ./attack read /proc/self/maps

# ---- code --------------------------------------------------------------------------------------------

noexec=(--deny 'exec file:**')
refused 'what may not be executed is not' 'Permission' \
	run "${noexec[@]}" -- sh -c './attack clone3 || exit 1'
loader=$(echo /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.*)
loader=${loader%% *}
if [ -e "$loader" ]; then
	refused 'nor through the loader' 'failed to map|cannot' \
		sh -c 'agent-exec "$@" || exit 1' - -w ws "${noexec[@]}" -- \
		"$loader" ./attack read file
	works 'which does so where it may' run "$loader" ./attack read file
fi
refused 'nor by LD_PRELOAD' 'cannot be preloaded' \
	sh -c 'agent-exec "$@"; exit 1' - -w ws "${noexec[@]}" \
	--env LD_PRELOAD=./attack -- true
if [ "$(id -u)" = 0 ] && [ -e /proc/sys/vm/memfd_noexec ]; then
	works 'a program in memory runs outside' "$attack" memfd /bin/true
	refused 'and not inside' 'EACCES|EPERM' run ./attack memfd /bin/true
fi
if [ "$(id -u)" = 0 ]; then
	cp /usr/bin/id ws/id
	chown 65534 ws/id
	chmod 4755 ws/id
	is "$(ws/id -u)" 65534 'a program runs as its owner outside'
	is "$(run ./id -u)" 0 'and not inside'
fi

done_testing
