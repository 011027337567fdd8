#!/bin/bash
# Authority as a table: what is attempted, what was granted, what the verdict
# is and where it must stop.  Each attempt is made twice, by the tool and by a
# native child of run_command, under an authority that must stop it and under
# one that lets it through: the control.  Each is proven by the journal to have
# come to a verdict.
# shellcheck disable=SC2016,SC2034,SC2094 # conditions are evaluated later
. "$SRC/tests/cli/tap.sh"

command -v python3 >/dev/null || skip_all 'no python3'
# Not below /tmp, which is a private one in the sandbox.
here=$(mktemp -d /var/tmp/agentutils-test.XXXXXX) w=$here/w o=$here/outside
trap 'kill "$server" 2>/dev/null; rm -rf "$here"' EXIT
cd "$here" || exit
export AGENT_ROOT=$here/root

# ---- what there is to reach
cat >server.py <<'EOT'
import socket, sys, threading, os
def serve(name, hits):
    s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64)
    with open(name + ".tmp", "w") as f:
        f.write(str(s.getsockname()[1]))
    os.rename(name + ".tmp", name)
    while True:
        c, _ = s.accept()
        try:
            head = c.recv(4096)
        except OSError:
            head = b""
        with open(hits, "ab") as f:
            f.write(b"HIT " + head.split(b"\r\n")[0] + b"\n")
        to = b""
        if b"/turn" in head:
            to = b"Location: http://127.0.0.1:%d/\r\n" % int(open("port2").read())
        c.sendall((b"HTTP/1.1 302 Found\r\n" + to if to else
                   b"HTTP/1.1 200 OK\r\n") +
                  b"Content-Length: 6\r\nConnection: close\r\n\r\nSECRET")
        c.close()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0))
open("udp", "w").write(str(u.getsockname()[1]))
def datagrams():
    while True:
        d, _ = u.recvfrom(99)
        open("hits.udp", "ab").write(d + b"\n")
a = socket.socket(socket.AF_UNIX); a.bind("\0agentutils-%d" % os.getpid()); a.listen(8)
p = socket.socket(socket.AF_UNIX); p.bind("outside/socket"); p.listen(8)
def local(s, hits):
    while True:
        c, _ = s.accept()
        open(hits, "a").write("HIT\n")
        c.close()
threading.Thread(target=serve, args=("port2", "hits2"), daemon=True).start()
threading.Thread(target=datagrams, daemon=True).start()
threading.Thread(target=local, args=(a, "hits.abstract"), daemon=True).start()
threading.Thread(target=local, args=(p, "hits.path"), daemon=True).start()
serve("port", "hits")
EOT
mkdir outside
python3 server.py &
server=$!
for _ in $(seq 100); do
	[ -e port ] && [ -e port2 ] && break
	sleep 0.05
done
port=$(cat port) port2=$(cat port2) udp=$(cat udp)

mkdir tools
cat >tools/pay <<'EOT'
#!/bin/sh
if [ "$1" = --describe ]; then
	echo '{"name":"pay","description":"pay","parameters":{"type":"object"}}'
	exit
fi
ls "$SINK_DIR" >/dev/null 2>&1
cat >>HERE/sink/ledger && echo paid
EOT
sed -i "s#HERE#$here#" tools/pay
cp tools/pay tools/other && sed -i 's/name":"pay/name":"other/' tools/other
chmod +x tools/*

fixture() {
	rm -rf w outside/[!s]* outside/secret sink hits*
	mkdir -p w/sub w/secret w/.git/hooks sink
	echo plain >w/plain
	echo SECRET >w/key
	echo SECRET >w/.env
	echo SECRET >w/secret/key
	echo SECRET >outside/secret
	ln -s .env w/link-in
	ln -s "$o/secret" w/link-out
	ln -s ../outside w/dir-out
	printf '#!/bin/sh\necho RAN\n' >w/prog
	cp /bin/echo w/elf
	chmod 755 w/prog w/elf
	chmod 600 w/plain
}

# ---- one attempt
# try POLICY SCRIPT: runs the turns of SCRIPT; $verdict and $result are those
# of its last call, $text what it gave.
try() {
	local id
	tr ';' '\n' <<<"$1" | sed 's/^ *//' >policy
	n=$((n + 1)) id=a$n
	agent-run -q -m script:script -g policy -w w --name $id --tools tools \
		go >out 2>err </dev/null
	agent-audit log --json "$id" >log
	verdict=$(jq -r 'select(.type=="tool.call").body.decision.verdict' log |
		tail -n 1)
	result=$(jq -r 'select(.type=="tool.result").body.status' log |
		tail -n 1)
	text=$(jq -r 'select(.type=="tool.result").body.text' log)
}

# script TOOL JSON…: a turn for each pair.
script() {
	: >script
	while [ $# -gt 1 ]; do
		jq -cn --arg t "$1" --argjson a "$2" \
			'{tool_calls:[{name:$t,arguments:$a}]}' >>script
		shift 2
	done
	echo '{"content":"end"}' >>script
}

# cases NAME STOP NO YES TOOL ARGUMENTS NATIVE THROUGH
# STOP: decision (denied by the runner), ask, inside (the call was allowed and
# met the boundary).  TOOL or NATIVE may be "-".  THROUGH is true when the
# attempt came about.  A native child meets the kernel, whatever STOP says.
count=0 n=0
cases() {
	local name=$1 stop=$2 no=$3 yes=$4 tool=$5 args=$6 native=$7 through=$8
	if [ "$tool" != - ]; then
		script "$tool" "$args"
		attempt "$name, by $tool" "$stop" "$no" "$yes" "$through"
	fi
	if [ "$native" != - ]; then
		script run_command "$(jq -cn --arg c "$native" '{command:$c}')"
		attempt "$name, by a native child" inside "$no" "$yes" "$through"
	fi
}

attempt() {
	local want=
	case $2 in decision) want=deny ;; ask) want=ask ;; inside) want=allow ;; esac
	count=$((count + 2))
	fixture
	try "$3" "$2"
	is "$verdict" "$want" "$1: the verdict is $want"
	if eval "$5"; then
		ok 1 "$1: it stops" "policy: $3
$(tail -n 4 log | cut -c1-600)"
	else ok 0 "$1: it stops"; fi
	fixture
	try "$4" "$2"
	if [ "$verdict" = allow ] && eval "$5"; then
		ok 0 "$1: granted, it comes about"
	else
		ok 1 "$1: granted, it comes about" "policy: $4
$(tail -n 4 log | cut -c1-600; cat err)"
	fi
}

sees='[[ $text == *SECRET* ]]'
ws='allow read,write file:**'

# ---- reading
cases 'reading what nothing grants' decision \
	'allow read file:sub/**' 'allow read file:key' \
	read_file '{"path":"key"}' 'cat key' "$sees"
cases 'reading a denied name in a granted folder' decision \
	"$ws; deny read file:.env" "$ws" \
	read_file '{"path":".env"}' 'cat .env' "$sees"
cases 'reading below a denied folder' decision \
	"$ws; deny read file:secret/**" "$ws" \
	read_file '{"path":"secret/key"}' 'cat secret/key' "$sees"
cases 'reading a denied name by its whole path' decision \
	"$ws; deny read file:.env" "$ws" \
	read_file "{\"path\":\"$w/.env\"}" "cat $w/.env" "$sees"
cases 'reading a denied name spelled with dots' decision \
	"$ws; deny read file:.env" "$ws" \
	read_file '{"path":"././/.env"}' 'cat ././/.env' "$sees"
cases 'reading a denied name by way of a folder and back' decision \
	"$ws; deny read file:.env" "$ws" \
	read_file '{"path":"sub/../.env"}' 'cat sub/../.env' "$sees"
cases 'reading a denied name through a link' inside \
	"$ws; deny read file:.env" "$ws" \
	read_file '{"path":"link-in"}' 'cat link-in' "$sees"
cases 'reading outside through a link' inside \
	"$ws" "$ws; allow read file:$o/**" \
	read_file '{"path":"link-out"}' 'cat link-out' "$sees"
cases 'reading outside through a linked folder' inside \
	"$ws" "$ws; allow read file:$o/**" \
	read_file '{"path":"dir-out/secret"}' 'cat dir-out/secret' "$sees"
cases 'reading outside by the parent folder' decision \
	"$ws" "$ws; allow read file:$o/**" \
	read_file '{"path":"../outside/secret"}' 'cat ../outside/secret' \
	"$sees"
cases 'reading outside by its path' decision \
	"$ws" "$ws; allow read file:$o/secret" \
	read_file "{\"path\":\"$o/secret\"}" "cat $o/secret" "$sees"
cases 'reading outside through /proc/self/root' inside \
	"$ws; allow read file:/proc/**" \
	"$ws; allow read file:/proc/**; allow read file:$o/**" \
	- - "cat /proc/self/root$o/secret" "$sees"
cases "reading outside through a parent process's root" inside \
	"$ws" "$ws; allow read file:$o/**" - - \
	"cat /proc/1/root$o/secret || cat /proc/self/cwd/../outside/secret" \
	"$sees"
cases 'listing a denied folder' decision \
	"$ws; deny read file:secret/**" "$ws" \
	list_files '{"path":"secret"}' 'ls secret' '[[ $text == *key* ]]'
cases 'searching a granted folder that holds a denied name' inside \
	"$ws; deny read file:.env; deny read file:key; deny read file:secret/**" \
	"$ws" search_files '{"pattern":"SECR"}' 'grep -r SECR . ' "$sees"
cases "reading the system's shadow file" decision \
	"$ws" "$ws; allow read file:/etc/shadow" \
	read_file '{"path":"/etc/shadow"}' 'cat /etc/shadow' \
	'[[ $text == *root:* ]]'
cases 'reading with a grant that is over' decision \
	'allow read file:key until 2020-01-01T00:00:00Z' \
	'allow read file:key until 2099-01-01T00:00:00Z' \
	read_file '{"path":"key"}' 'cat key' "$sees"
cases "reading with another tool's grant" decision \
	'allow read file:key via tool:pay' \
	'allow read file:key via tool:read_file; allow read file:key via tool:run_command' \
	read_file '{"path":"key"}' 'cat key' "$sees"
cases 'reading with the right to write' decision \
	'allow write file:key' 'allow read file:key' \
	read_file '{"path":"key"}' 'cat key' "$sees"
cases 'reading what is asked for' ask \
	"$ws; ask read file:key" "$ws" \
	read_file '{"path":"key"}' 'cat key' "$sees"
cases 'reading a neighbour of what is granted' decision \
	'allow read file:ke' 'allow read file:key' \
	read_file '{"path":"key"}' 'cat key' "$sees"

# ---- writing
made='[ -e w/made ]'
cases 'making a file where only reading is granted' decision \
	'allow read file:**' "$ws" \
	write_file '{"path":"made","content":"x"}' 'echo x >made' "$made"
cases 'writing a denied file' decision \
	"$ws; deny write file:.env" "$ws" \
	write_file '{"path":".env","content":"MARK"}' 'echo MARK >.env' \
	'grep -q MARK w/.env'
cases 'editing a denied file' decision \
	"$ws; deny write file:.env" "$ws" \
	edit_file '{"path":".env","old":"SECRET","new":"MARK"}' \
	'sed -i s/SECRET/MARK/ .env' 'grep -q MARK w/.env'
cases 'writing below a denied folder' decision \
	"$ws; deny write file:.git/**" "$ws" \
	write_file '{"path":".git/hooks/made","content":"x"}' \
	'echo x >.git/hooks/made' '[ -e w/.git/hooks/made ]'
cases 'writing outside through a link' inside \
	"$ws" "$ws; allow read,write file:$o/**" \
	write_file '{"path":"dir-out/made","content":"x"}' \
	'echo x >dir-out/made' '[ -e outside/made ]'
cases 'writing outside by the parent folder' decision \
	"$ws" "$ws; allow read,write file:$o/**" \
	write_file '{"path":"../outside/made","content":"x"}' \
	'echo x >../outside/made' '[ -e outside/made ]'
cases 'making folders where nothing is granted' decision \
	"$ws" "$ws; allow read,write file:$o/**" \
	write_file "{\"path\":\"$o/a/b\",\"content\":\"x\"}" \
	"mkdir -p $o/a && echo x >$o/a/b" '[ -e outside/a/b ]'
cases 'replacing a denied file by a rename' inside \
	"$ws; deny read,write file:.env" "$ws" \
	- - 'cp plain new; mv -f new .env' 'grep -q plain w/.env'
cases 'removing a denied file' inside \
	"$ws; deny read,write file:.env" "$ws" - - 'rm -f .env' '[ ! -e w/.env ]'
cases 'renaming the folder above a denied file' inside \
	"$ws; deny read,write file:secret/key" "$ws" \
	- - 'mv secret other; cat other/key' "$sees"
cases 'a new hard link to a denied file' inside \
	"$ws; deny read,write file:.env" "$ws" \
	- - 'ln .env again; cat again' "$sees"
cases 'changing the mode of what may only be read' inside \
	'allow read file:**' "$ws" - - 'chmod 777 plain' \
	'[ "$(stat -c %a w/plain)" = 777 ]'
cases 'changing the times of what may only be read' inside \
	'allow read file:**' "$ws" - - 'touch -d 2001-01-01 plain' \
	'[ "$(date -r w/plain +%Y)" = 2001 ]'
cases 'changing the attributes of what may only be read' inside \
	'allow read file:**' "$ws" - - \
	'python3 -c "import os; os.setxattr(\"plain\", \"user.x\", b\"1\")"' \
	'python3 -c "import os; os.getxattr(\"w/plain\", \"user.x\")" 2>/dev/null'
cases 'cutting what may only be read' inside \
	'allow read file:**' "$ws" - - 'truncate -s 0 plain' '[ ! -s w/plain ]'
cases 'writing through the memory of a file that may only be read' inside \
	'allow read file:**' "$ws" - - \
	'python3 -c "
import mmap, os
f = os.open(\"plain\", os.O_RDWR)
mmap.mmap(f, 5)[:5] = b\"MARK!\""' 'grep -q MARK w/plain'

# ---- executing
cases 'a shell when starting one is denied' decision \
	"$ws; deny exec exec:/bin/sh" "$ws" \
	run_command '{"command":"echo RAN"}' - '[[ $text == *RAN* ]]'
cases 'a shell when starting one is asked for' ask \
	"$ws; ask exec exec:/bin/sh" "$ws" \
	run_command '{"command":"echo RAN"}' - '[[ $text == *RAN* ]]'
cases 'a shell without any program' decision \
	"nobase; $ws" "$ws" \
	run_command '{"command":"echo RAN"}' - '[[ $text == *RAN* ]]'
cases 'a program where only reading and writing is granted' inside \
	"$ws" 'allow read,write,exec file:**' - - './prog' '[[ $text == *RAN* ]]'
cases 'a program by way of the loader' inside \
	"$ws" 'allow read,write,exec file:**' - - \
	'/lib64/ld-linux-x86-64.so.2 ./elf RAN || ./elf RAN' \
	'[[ $text == *RAN* ]]'
cases 'a library put before a program' inside \
	"$ws; deny exec file:/usr/bin/id" "$ws" - - \
	'LD_PRELOAD=/lib/x86_64-linux-gnu/libc.so.6 /usr/bin/id' \
	'[[ $text == *uid=* ]]'

# ---- the network
hit='[ -e hits ]'
cases 'a host that nothing grants' decision \
	"$ws" "$ws; allow connect net:127.0.0.1:$port" \
	http_get "{\"url\":\"http://127.0.0.1:$port/\"}" - "$hit"
cases 'another port of a granted host' decision \
	"$ws; allow connect net:127.0.0.1:1" \
	"$ws; allow connect net:127.0.0.1:*" \
	http_get "{\"url\":\"http://127.0.0.1:$port/\"}" - "$hit"
cases 'a granted name that leads home' decision \
	"$ws; allow connect net:127.0.0.1:$port" \
	"$ws; allow connect net:localhost:$port" \
	http_get "{\"url\":\"http://localhost:$port/\"}" - "$hit"
cases 'a host behind a user name' decision \
	"$ws; allow connect net:example.org:$port" \
	"$ws; allow connect net:127.0.0.1:$port" \
	http_get "{\"url\":\"http://127.0.0.1:$port/?example.org:$port@\"}" - \
	"$hit"
cases 'a redirect to what is not granted' inside \
	"$ws; allow connect net:127.0.0.1:$port" \
	"$ws; allow connect net:127.0.0.1:$port; allow connect net:127.0.0.1:$port2" \
	http_get "{\"url\":\"http://127.0.0.1:$port/turn\"}" - '[ -e hits2 ]'
cases 'a host that is asked for' ask \
	"$ws; ask connect net:127.0.0.1:$port" \
	"$ws; allow connect net:127.0.0.1:$port" \
	http_get "{\"url\":\"http://127.0.0.1:$port/\"}" - "$hit"
cases 'a host in the sandbox of another tool' decision \
	"$ws; allow connect net:127.0.0.1:$port via tool:pay" \
	"$ws; allow connect net:127.0.0.1:$port via tool:http_get" \
	http_get "{\"url\":\"http://127.0.0.1:$port/\"}" - "$hit"

# ---- tools and their arguments
paid='[ -s sink/ledger ]' sink="allow read,write file:$here/sink/** via tool:pay"
all="$ws; $sink; allow call tool:pay"
cases 'a tool that nothing grants' decision \
	"$ws; $sink" "$all" pay '{"to":"a","n":5}' - "$paid"
cases 'a tool that is denied' decision \
	"$all; deny call tool:pay" "$all" pay '{"to":"a","n":5}' - "$paid"
cases 'a tool that is asked for' ask \
	"$ws; $sink; ask call tool:pay" "$all" pay '{"to":"a","n":5}' - "$paid"
cases 'a tool without its sink' inside \
	"$ws; allow call tool:pay" "$all" pay '{"to":"a","n":5}' - "$paid"
cases "another tool at a tool's sink" inside \
	"$ws; $sink; allow call tool:other" \
	"$ws; ${sink/pay/other}; allow call tool:other" \
	other '{"to":"a","n":5}' - "$paid"
cases "a native child at a tool's sink" inside \
	"$all" "$all; allow read,write file:$here/sink/**" - - \
	"echo x >>$here/sink/ledger" "$paid"
# where CONDITION: a grant on some calls of pay only.
where() { echo "$ws; $sink; allow call tool:pay where $1"; }
cases 'another value than the one granted' decision \
	"$(where 'to = "a"')" "$(where 'to = "b"')" pay '{"to":"b"}' - "$paid"
cases 'a value that only begins like the one granted' decision \
	"$(where 'to = "a"')" "$(where 'to prefix "a"')" pay '{"to":"ab"}' - \
	"$paid"
cases 'a value in another case' decision \
	"$(where 'to = "a"')" "$(where 'to = "A"')" pay '{"to":"A"}' - "$paid"
cases 'a larger amount' decision \
	"$(where 'n <= 100')" "$(where 'n <= 101')" pay '{"n":100.5}' - "$paid"
cases 'an amount as text' decision \
	"$(where 'n <= 100')" "$(where 'n = "5"')" pay '{"n":"5"}' - "$paid"
cases 'an amount that is not there' decision \
	"$(where 'n <= 100')" "$(where 'to = "a"')" pay '{"to":"a"}' - "$paid"
cases 'a condition met at a deeper place' decision \
	"$(where 'to = "a"')" "$all" pay '{"x":{"to":"a"}}' - "$paid"
cases 'one of two conditions' decision \
	"$(where 'to = "a" where n <= 9')" "$(where 'to = "a" where n <= 10')" \
	pay '{"to":"a","n":10}' - "$paid"
cases 'a list in the place of a value' decision \
	"$(where 'to = "a"')" "$all" pay '{"to":["a"]}' - "$paid"
cases 'a use too many' decision "$all uses 0" "$all uses 1" \
	pay '{"to":"a"}' - "$paid"
cases 'a built-in tool that is denied' decision \
	"$ws; deny call tool:read_file" "$ws" \
	read_file '{"path":"key"}' - "$sees"
cases 'a built-in tool on other arguments than those granted' decision \
	"$ws; allow call tool:read_file where path prefix \"sub/\"" \
	"$ws; allow call tool:read_file where path prefix \"k\"" \
	read_file '{"path":"key"}' - "$sees"
cases 'a person, without the grant to ask one' decision \
	"$ws" "$ws; allow send human:*" ask_human '{"question":"SECRET?"}' - \
	'[[ $(agent-grant pending --json) == *"SECRET?"* ]]'

# ---- what no grant gives: the control is that the same can be had outside
never() { # NAME COMMAND THROUGH: everything else is granted
	count=$((count + 1))
	fixture
	script run_command "$(jq -cn --arg c "$2" '{command:$c}')"
	try 'allow read,write,exec file:/**'
	is "$verdict" allow "$1: the call comes to a verdict"
	if eval "$3"; then
		ok 1 "$1: it stops all the same" "$(tail -n 3 log | cut -c1-600)"
	else ok 0 "$1: it stops all the same"; fi
}
ok "$([ -s "$AGENT_ROOT/key.sec" ]; echo $?)" 'control: the root has a key'
never "the root's key" "cat $AGENT_ROOT/key.sec" '[[ $text == *untrusted* ]]'
never "the agents' journals" "cat $AGENT_ROOT/agents/*/journal.jsonl" \
	'[[ $text == *born* ]]'
never "the root through another's /proc" \
	"cat /proc/*/root$AGENT_ROOT/key.sec" '[[ $text == *untrusted* ]]'
never 'the runner, by a signal' \
	'kill -9 $PPID; kill -9 -1; kill -9 1; echo ALIVE' \
	'[ "$(jq -r "select(.type==\"exit\").body.status" log)" != 0 ]'
never 'a datagram to a port outside' \
	"python3 -c 'import socket
socket.socket(2, 2).sendto(b\"HIT\", (\"127.0.0.1\", $udp))'" '[ -e hits.udp ]'
python3 -c "import socket
socket.socket(2, 2).sendto(b'HIT', ('127.0.0.1', $udp))"
sleep 0.2
ok "$([ -e hits.udp ]; echo $?)" 'control: the datagram arrives from outside'
unix="python3 -c 'import socket
socket.socket(1).connect(ADDRESS)'"
never 'an abstract socket' "${unix/ADDRESS/\"\\0agentutils-$server\"}" \
	'[ -e hits.abstract ]'
bash -c "${unix/ADDRESS/\"\\0agentutils-$server\"}" && sleep 0.2
ok "$([ -e hits.abstract ]; echo $?)" \
	'control: the abstract socket answers outside'
fixture
script run_command "$(jq -cn --arg c "${unix/ADDRESS/\"$o/socket\"}" \
	'{command:$c}')"
try "$ws"
ok "$([ "$verdict" = allow ] && [ ! -e hits.path ]; echo $?)" \
	'a socket by its path, which nothing grants: it stops'
bash -c "${unix/ADDRESS/\"$o/socket\"}" && sleep 0.2
ok "$([ -e hits.path ]; echo $?)" 'control: that socket answers outside'
never 'a connection past the proxy' \
	"python3 -c 'import socket
socket.create_connection((\"127.0.0.1\", $port), 2).send(b\"x\")'" "$hit"
never 'mounting' 'mount --bind secret sub && cat sub/key' "$sees"
never 'a device' 'mknod disk b 8 0 && head -c 1 disk | wc -c' \
	'[[ $text == 1* ]]'
never 'tracing a sibling' "python3 -c 'import ctypes
print(\"R%d\" % ctypes.CDLL(None).ptrace(16, 1, 0, 0))'" '[[ $text == *R0* ]]'
never 'a setting of the kernel' \
	'echo 1 >/proc/sys/vm/drop_caches && echo DONE' '[[ $text == *DONE* ]]'
never 'a user namespace' 'unshare -Ur id && echo DONE' '[[ $text == *DONE* ]]'
never 'outliving the call' \
	"(setsid sh -c 'sleep 0.5; echo x >made' &) ; echo STARTED" \
	'sleep 0.8; [ -e w/made ]'

ok "$([ "$count" -ge 80 ]; echo $?)" "$count cases were tried"
done_testing
