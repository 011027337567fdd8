#!/bin/bash
# shellcheck disable=SC2016,SC2317  # functions are called through `status`
. "$SRC/tests/cli/tap.sh"

probe=$BUILD/tests/helpers/probe
bound=20 # seconds that anything here may take on a slow machine

mkdir ws outside
cp "$probe" ws/probe
echo secret >outside/file
echo data >ws/file
here=$PWD
# what a sanitised build of the probe needs to be told inside as well
pass=(--env "ASAN_OPTIONS=${ASAN_OPTIONS-}")
run() { agent-exec -w "$here/ws" "${pass[@]}" "$@"; }

# alive MARK: how many processes are "sleep MARK"
alive() {
	local n=0 f words
	for f in /proc/[0-9]*/cmdline; do
		mapfile -d '' words 2>/dev/null <"$f" || continue
		[ "${words[*]}" = "sleep $1" ] && n=$((n + 1))
	done 2>/dev/null
	echo "$n"
}
# until_alive N MARK: wait until that many are
until_alive() {
	for _ in $(seq $((bound * 10))); do
		[ "$(alive "$2")" = "$1" ] && return 0
		sleep 0.1
	done
	echo "# $(alive "$2") alive, want $1"
	return 1
}

# --- status

status 0 'a command that succeeds ends with status 0' run true
status 3 "the command's status is passed on" run sh -c 'exit 3'
status 137 'a command that a signal ended gives 128 and its number' \
	run sh -c 'kill -KILL $$'
status 127 'a command that is not there gives 127' run no-such-command
like "$err" "cannot run 'no-such-command'" 'and is named'
status 126 'what cannot be executed gives 126' run /etc
status 66 'a workspace that is not there gives 66' \
	agent-exec -w "$here/nowhere" true
status 64 'no command is a usage error' agent-exec
status 64 'an unknown mode is a usage error' run --sandbox=none true
status 64 'a variable without = is a usage error' run --env X true
status 78 'a grant that does not parse gives 78' run --allow 'everything' true
like "$err" "'everything'" 'and is shown'
printf 'allow read file:**\nallow fly file:**\n' >bad.policy
status 78 'a policy that does not parse gives 78' run -g bad.policy true
like "$err" 'bad.policy:2' 'with its file and line'
status 66 'a policy that is not there gives 66' run -g none.policy true
status 124 'a command that takes too long gives 124' run -t 0.3 sleep 60
status 0 'one that is in time does not' run -t 60 true

# --- what can be seen

status 0 'a file of the workspace can be read' run cat file
is "$out" data 'and is what it is'
status 0 'the workspace is the working folder, at its own path' run pwd
is "$out" "$here/ws" 'whatever that is'
status 1 'a file beside the workspace does not exist' run cat ../outside/file
like "$err" 'No such file' 'and the error says no more'
status 0 'granted, it can be read' \
	run --allow "read file:$here/outside/**" cat ../outside/file
is "$out" secret 'as it is'
status 1 'the shadow file does not exist' run test -e /etc/shadow
status 0 'the password file does' run ls /etc/passwd
status 1 'there is no /sys' run test -e /sys
status 0 'the root has a handful of folders' run ls /
unlike "$out" '^(home|root|sys|boot|mnt|run|var)$' "none of the machine's own"
status 0 'devices that do no harm are there' \
	run sh -c 'echo x >/dev/null && head -c 4 /dev/zero && ls /dev'
unlike "$out" '(vda|sda|mem|kmsg|ptmx|tty0)' 'and no others'
echo other >/tmp/agent-exec-test.$$
status 1 "the machine's /tmp is not seen" run cat /tmp/agent-exec-test.$$
status 0 'a private one is' run sh -c 'echo x >/tmp/a && cat /tmp/a'
rm -f /tmp/agent-exec-test.$$
status 0 'only own processes are in /proc' run sh -c 'echo /proc/[0-9]*'
is "$out" '/proc/1 /proc/2' 'the init and the command'
status 0 'the host name tells nothing' run cat /proc/sys/kernel/hostname
is "$out" agent 'of the machine'
status 2 'the root cannot be written' run sh -c 'echo x >/x'

# --- what can be changed

status 0 'the workspace can be written' run sh -c 'echo new >made'
is "$(cat ws/made)" new 'and the file is there'
status 0 'what was written can be executed' \
	run sh -c 'printf "#!/bin/sh\necho ran" >s && chmod +x s && ./s'
is "$out" ran 'and runs'
status 126 'unless executing was denied' \
	run --deny 'exec file:**' ./s
printf 'allow read file:**\n' >ro.policy
ro() { run -g ro.policy "$@"; }
status 0 'a file granted for reading can be read' ro cat file
status 2 'and not be written' ro sh -c 'echo x >file'
like "$err" 'Read-only|Permission' 'by the kernel'
status 1 'nor its mode be changed' ro chmod 777 file
status 1 'nor be removed' ro rm -f file
status 1 'nor be renamed' ro mv file gone
status 1 'nor its times be set' ro touch -d 2001-01-01 file
status 0 'all of which writing allows' \
	run sh -c 'echo x >t && chmod 700 t && touch -d 2001-01-01 t && mv t u && rm u'
status 1 'a system folder cannot be written' run touch /usr/x

# --- denials inside what is granted

mkdir -p ws/a/b
echo hush >ws/a/b/key
status 0 'a file two folders down can be read' run cat a/b/key
deny() { run --deny 'read,write file:a/b/key' "$@"; }
status 1 'denied, it cannot' deny cat a/b/key
unlike "$out$err" hush 'nothing of it is told'
status 1 'nor be renamed' deny mv a/b/key a/b/k
status 1 'nor be reached by renaming its folder' deny mv a/b a/c
status 1 'nor by renaming the one above' deny mv a c
status 0 'others there can be renamed' deny sh -c 'mkdir a/x && mv a/x a/y'
is "$(cat ws/a/b/key)" hush 'it is whole'
status 2 'a denied folder cannot be looked into' \
	run --deny 'read,write file:a/**' ls a
status 2 'a folder denied for writing cannot be written' \
	run --deny 'write file:a/**' sh -c 'cat a/b/key && echo x >a/b/key'
is "$out" hush 'but be read'
ln ws/a/b/key ws/other-name
status 78 'a denied file with a second name is refused' deny true
like "$err" 'a/b/key.*hard links' 'and named'
rm ws/other-name
ln -s a/b/key ws/link
status 78 'a limit that one command cannot keep is refused' \
	run --allow 'read file:a/** uses 3' true
like "$err" 'uses' 'and said'
status 1 'a denied file cannot be read through a link' deny cat link
status 0 'an allowed one can' run cat link
rm ws/link
ln -s b/key ws/a/link
status 1 'what a denied link leads to is denied with it' \
	run --deny 'read,write file:a/link' cat a/b/key
rm ws/a/link

# --- ways out

ln -s "$here/outside/file" ws/out
status 1 'a link out of the workspace leads nowhere' run cat out
status 0 'but where that is granted' \
	run --allow "read file:$here/outside/file" cat out
rm ws/out
status 1 'a hard link to the outside cannot be made' \
	run ln "$here/outside/file" stolen
status 0 'one inside can' run ln file second
coproc LISTEN { exec "$probe" listen "agent-exec-$$"; }
read -r port <&"${LISTEN[0]}"
status 0 'a port of the machine answers outside' "$probe" tcp "$port"
status 1 'and not inside' run ./probe tcp "$port"
status 0 'an abstract socket answers outside' \
	"$probe" abstract "agent-exec-$$"
status 1 'and not inside' run ./probe abstract "agent-exec-$$"
kill "$LISTEN_PID"
wait "$LISTEN_PID" 2>/dev/null
for family in generic packet alg; do
	status 1 "a socket of the family $family is refused" \
		run ./probe socket $family
	is "$out" EAFNOSUPPORT 'by its family'
done
for family in inet unix route; do
	status 0 "one of the family $family can be made" \
		run ./probe socket $family
done
for call in $("$probe" list) ptrace clone-user personality tiocsti; do
	outside=$("$probe" "$call" </dev/null)
	inside=$(run ./probe "$call" </dev/null)
	case $outside in
	ENOSYS) ok 0 "$call # SKIP not in this kernel" ;;
	EPERM) ok 0 "$call # SKIP refused outside as well" ;;
	*) is "$inside" EPERM "$call is refused (outside: $outside)" ;;
	esac
done
if [ "$("$probe" int80)" = ok ]; then
	status 1 "another architecture's calls are fatal" run ./probe int80
else
	ok 0 'foreign calls # SKIP not in this kernel'
fi
for file in keys kcore sysrq-trigger timer_list; do
	[ ! -e /proc/$file ] ||
		status 1 "/proc/$file tells nothing" run cat /proc/$file
done
status 0 'what programs look for there is there' \
	run cat /proc/cpuinfo /proc/meminfo /proc/self/status
status 1 'no file can be left that runs as its owner' \
	run sh -c 'cp /bin/true tool; chmod 4755 tool'
status 1 'nor as its group' run chmod g+s tool
status 0 'other modes are the workspace'"'"'s' run chmod 751 tool
status 1 'nor be made so' run python3 -c \
	'import os; os.close(os.open("made", os.O_CREAT | os.O_RDWR, 0o4755))'
status 0 'one without the bit can' run python3 -c \
	'import os; os.close(os.open("made", os.O_CREAT | os.O_RDWR, 0o755))'
status 1 'devices are not to be changed' run chmod 666 /dev/null
is "$(run sh -c 'head -c 9 /dev/urandom' | wc -c)" 9 \
	'but used'

status 0 'no capability is left' run grep '^Cap' /proc/self/status
unlike "$out" ':.*[1-9a-f]' 'in any set'
status 0 'new privileges cannot be had' \
	run grep -E 'NoNewPrivs|Seccomp:' /proc/self/status
is "${out//[[:space:]]/}" 'NoNewPrivs:1Seccomp:2' 'and calls are filtered'
status 1 "the init's memory is closed" run cat /proc/1/environ

# --- what is inherited

exec 7<"$here/outside/file" 9<"$here"
status 0 'descriptors are not inherited' run ./probe fds
is "$out" '0 1 2 ' 'but for the first three'
exec 7<&- 9<&-
export LD_PRELOAD=/nonexistent.so AGENT_SECRET=hunter2
status 0 'the environment is not inherited' run env 2>/dev/null
unset LD_PRELOAD AGENT_SECRET
unlike "$out" 'LD_PRELOAD|hunter2' 'no variable of it'
like "$out" '^PATH=/usr/local/bin' 'but a plain one is made'
status 0 'variables can be set' run --env A=1 --env A=2 --env PATH=/bin env
is "$(printf '%s\n' "$out" | grep -E '^(A|PATH)=' | sort)" 'A=2
PATH=/bin' 'the last wins'
is "$(echo input | run cat)" input 'stdin is passed through'
is "$(run sh -c 'echo oops >&2' 2>&1)" oops 'and so is stderr'
status 0 'how it ended is told as JSON' \
	sh -c "agent-exec -w ws --json-status 8 -- sh -c 'exit 4' 8>status; [ \$? = 4 ]"
is "$(jq -c '[.status,.signal,.timeout]' status)" '[4,0,false]' 'a line'

# --- the end of a call is the end of all of it

mark=7$$.1
status 0 'a command may leave children behind' \
	run sh -c "sleep $mark & setsid sleep $mark & (setsid sh -c 'sleep $mark & sleep $mark' &) ; true"
is "$(alive $mark)" 0 'none of them outlives it'
mark=7$$.2
agent-exec -w ws sh -c "trap '' TERM; sleep $mark & while :; do sleep $mark; done" &
pid=$!
until_alive 2 $mark
ok $? 'a command that ignores SIGTERM runs'
kill -TERM $pid
wait $pid
is $? 137 'it is killed after a while'
is "$(alive $mark)" 0 'and what it started with it'
mark=7$$.3
agent-exec -w ws sh -c "trap 'exit 5' TERM; sleep $mark & wait" &
pid=$!
until_alive 1 $mark
kill -TERM $pid
wait $pid
is $? 5 'SIGTERM is passed on, for the command to end well'
mark=7$$.4
agent-exec -w ws sh -c "f() { sleep $mark & }; i=0; while [ \$i -lt 60 ]; do f; i=\$((i + 1)); done; setsid sleep $mark" &
pid=$!
until_alive 61 $mark
ok $? 'a call with many processes runs'
kill -KILL $pid
wait $pid 2>/dev/null
until_alive 0 $mark
ok $? 'killing the runner kills them all'

# --- limits

status 152 'processor time can be limited' \
	run --cpu 0.5s sh -c 'while :; do :; done'
status 153 'the size of files too' \
	run --file-size 64K sh -c 'exec head -c 100000 /dev/zero >file2'
is "$(stat -c %s ws/file2)" 65536 'up to there they are written'
status 0 'a smaller one is whole' \
	run --file-size 64K sh -c 'head -c 60000 /dev/zero >file2'
rm ws/file2
status 1 'so can memory' \
	run --memory 100M python3 -c 'x = bytearray(200 << 20)'
like "$err" MemoryError 'as a failure of who asks for more'
status 0 'less is given' run --memory 100M python3 -c 'x = bytearray(20 << 20)'
status 64 'a limit that is none is a usage error' run --memory lots true
status 64 'nor is none at all' run --processes 0 true
least=$(uname -r | awk -F. '{ print ($1 > 6 || ($1 == 6 && $2 >= 14)) }')
if [ "$least" = 1 ]; then
	status 11 'a process too many is refused' run --processes 310 python3 -c '
import os, sys, time
try:
    for i in range(5000):
        if os.fork() == 0:
            time.sleep(60)
except OSError as e:
    print(i)
    sys.exit(e.errno)'
	[ "${out:-0}" -gt 200 ] && [ "$out" -le 310 ]
	ok $? "after as many as were allowed ($out)"
	mark=7$$.9
	run -t 1 --processes 310 sh -c "f() { f & f & sleep $mark; }; f" \
		2>/dev/null
	is "$(alive $mark)" 0 'a bomb of processes ends with its command'
	status 0 'fewer are had' run --processes 310 sh -c \
		'i=0; while [ $i -lt 200 ]; do sleep 60 & i=$((i + 1)); done'
else
	ok 0 'processes of a call # SKIP this kernel has one number for all'
fi

# --- as an ordinary user, and where there are no namespaces

user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
[ "$(id -u)" = 0 ] || user=()
home=$(mktemp -d /tmp/agent-exec.XXXXXX)
trap 'rm -rf "$home"' EXIT
chmod 755 "$home"
mkdir "$home/ws"
cp "$BUILD/bin/agent-exec" "$probe" "$home/"
cp "$probe" "$home/ws/"
echo data >"$home/ws/file"
echo beside >"$home/beside"
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$home/ws"
as_user() { (cd "$home/ws" && "${user[@]}" "$home/agent-exec" "${pass[@]}" "$@"); }
if ! as_user true 2>/dev/null; then
	ok 0 "an ordinary user # SKIP $(as_user true 2>&1)"
else
	status 0 'a user can read and write the workspace' \
		as_user sh -c 'cat file && echo x >new && id -u'
	is "$out" "data
$("${user[@]}" id -u)" 'as the same user'
	status 1 'and see nothing else' as_user cat ../beside
	status 1 'has no network' as_user ./probe tcp "$port"
	status 1 'can deny a file' as_user --deny 'read file:file' cat file
	status 0 'and has no capability' as_user grep '^Cap' /proc/self/status
	unlike "$out" ':.*[1-9a-f]' 'in any set'
fi
bare() { (cd "$home/ws" && "${user[@]}" "$home/probe" without-namespaces "$home/agent-exec" "${pass[@]}" "$@"); }
status 78 'without namespaces nothing runs' bare true
like "$err" 'no namespaces.*best-effort' 'and what is missing is said'
if [ "$(id -u)" = 0 ]; then
	status 78 'uid 0 is refused there even in best effort' \
		"$probe" without-namespaces agent-exec --sandbox=best-effort true
fi
like "$("$probe" without-namespaces agent-exec --sandbox=best-effort true 2>&1)" \
	'What holds: .*seccomp' 'and what holds all the same'
# a container: its own root, without capabilities and without user namespaces
contained() {
	unshare -Urm sh -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
		exec setpriv --no-new-privs --bounding-set=-all \
		--inh-caps=-all "$@"' - "$@"
}
if [ "$(contained id -u 2>/dev/null)" = 0 ]; then
	status 78 'in a container that allows no namespaces nothing runs' \
		contained agent-exec -w "$home/ws" true
	like "$err" 'allows uid 0 no namespaces' 'and the reason is told'
	status 0 'in one that allows them it does' \
		unshare -Urm agent-exec -w "$home/ws" cat file
	is "$out" data 'as usual'
else
	ok 0 'a container # SKIP none to be made here'
fi
be() { bare --sandbox=best-effort "$@"; }
status 0 'in best effort it runs' be cat file
is "$out" data 'in the workspace'
like "$err" 'not enforced: .*namespaces' 'and warns'
status 1 'what is not granted is refused' be cat ../beside
status 1 'there are no sockets' be ./probe socket unix
status 78 'a denial that cannot be enforced is refused' \
	be --deny 'read file:file' true
mark=7$$.5
status 0 'children may be left behind' \
	be sh -c "sleep $mark & (setsid sleep $mark &); true"
is "$(alive $mark)" 0 'and do not outlive it either'

# ---- the agents' root, and folders that are inherited ------------------------
mkdir -p "$AGENT_ROOT/agents"
echo secret >"$AGENT_ROOT/key.sec"
mkdir -p "$PWD/elsewhere"
status 1 "the agents' root is hidden, also where its folder is granted" \
    agent-exec -w "$PWD/elsewhere" --allow "read file:$PWD/**" -- \
    cat "$AGENT_ROOT/key.sec"
echo plain >plain
status 0 "what lies beside it is seen" \
    agent-exec -w "$PWD/elsewhere" --allow "read file:$PWD/**" -- \
    cat "$PWD/plain"
status 77 "a workspace in it is refused" \
    agent-exec -w "$AGENT_ROOT/agents" -- true
agent-exec -- true 0</
is "$?" 64 "a folder as the standard input is refused: it would lead outside"
agent-exec -- true 0</dev/null
is "$?" 0 "another one is passed on"

done_testing
