#!/bin/bash
# agent-audit watch: a family as it runs, on a terminal and as lines.
. "$SRC/tests/cli/tap.sh"

# A run that stands still until the file `go` is there.
cat >m <<'JSON'
{"content":"First \u001b[31mred\u001b[0m \u202e 今日は","tool_calls":[{"name":"run_command","arguments":{"command":"until [ -e go ]; do sleep 0.05; done"}}],"usage":{"input_tokens":1200,"output_tokens":80}}
{"content":"The end."}
JSON
mkdir work
agent-run -q --name parent --max-turns 10 -m script:m -w work go >/dev/null &
runner=$!
trap 'kill $runner 2>/dev/null; wait' EXIT
for _ in $(seq 400); do
	[ "$(agent-ps --json parent 2>/dev/null | jq -r '.state + (.turns | tostring)')" != running1 ] || break
	sleep 0.05
done

# ---- lines --------------------------------------------------------------------------

agent-audit watch --interval 50ms parent >lines 2>lines.err &
watcher=$!
seen() { # seen REGEX FILE: before long
	for _ in $(seq 400); do
		! grep -Eq -- "$1" "$2" || return 0
		sleep 0.05
	done
	return 1
}
seen 'parent running turn 1 .*run_command' lines
ok $? 'what an agent does is a line' "$(cat lines lines.err)"
like "$(cat lines)" 'tokens 1280 ' 'with its tokens'
like "$(cat lines)" '\| First \\x1b\[31mred\\x1b\[0m <U\+202E> 今日は' \
    'and what it said last, without what a terminal obeys'

# ---- a terminal ---------------------------------------------------------------------

cat >terminal.py <<'PY'
# terminal.py COLUMNS STEP… -- COMMAND…: runs it on a terminal.  A STEP is
# see:TEXT, key:TEXT, kill:SIGNAL, size:COLUMNS or stopped.  What it wrote goes
# to the file `screen`.
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

at = sys.argv.index('--')
columns, steps, command = int(sys.argv[1]), sys.argv[2:at], sys.argv[at + 1:]
master, slave = pty.openpty()
def size(n):
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 10, n, 0, 0))
size(columns)
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.environ['TERM'] = 'xterm'
    os.execvp(command[0], command)
out, mark, end = b'', 0, time.time() + 60
def read():
    global out
    if select.select([master], [], [], 0.05)[0]:
        out += os.read(master, 65536)
def until(what):
    while not what():
        if time.time() > end:
            open('screen', 'wb').write(out)
            os.kill(pid, signal.SIGKILL)
            sys.exit('never: ' + step)
        read()
def stopped():
    return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG) is not None
for step in steps:
    kind, _, arg = step.partition(':')
    if kind == 'see':
        until(lambda: arg.encode().decode('unicode_escape').encode() in out[mark:])
    elif kind == 'key':
        os.write(master, arg.encode())
    elif kind == 'kill':
        mark = len(out)
        os.kill(pid, getattr(signal, arg))
    elif kind == 'stopped':
        until(stopped)
    elif kind == 'size':
        mark = len(out)
        size(int(arg))
        os.kill(pid, signal.SIGWINCH)
status = None
def ended():
    global status
    p, s = os.waitpid(pid, os.WNOHANG)
    if p:
        status = os.waitstatus_to_exitcode(s)
    return p
step = 'the end'
until(ended)
for _ in range(3):
    read()
open('screen', 'wb').write(out)
# Each line that was drawn, and the columns that it takes.
widest = 0
for frame in out.decode('utf8', 'replace').split('\x1b[H')[-1:]:
    for line in frame.split('\x1b[?1049l')[0].split('\n'):
        text = re.sub(r'\x1b\[[?0-9]*[a-zA-Z]|\r', '', line)
        widest = max(widest, sum(2 if ord(c) > 0x2e80 else 1 for c in text))
print('status', status)
print('widest', widest)
print('terminal', 'as before' if termios.tcgetattr(slave) == before else 'changed')
PY
# on COLUMNS STEP… -- COMMAND…
on() {
	out=$(timeout 100 python3 terminal.py "$@" 2>&1)
	escapes=$(tr -d '\r\n' <screen | sed 's/\x1b/\n/g')
}
watch=(agent-audit watch --interval 50ms parent)
on 150 'see:running' 'see:run_command' 'see:First' 'see:90% turns' key:q -- "${watch[@]}"
is "$out" 'status 0
widest 150
terminal as before' 'on a terminal it shows the same, and q ends it' 
is "$(sed -n 2p <<<"$escapes") $(tail -n 1 <<<"$escapes")" '[?1049h [?1049l' \
    'it takes the alternate screen and gives it back'
like "$(cat screen)" 'First \\x1b\[31mred\\x1b\[0m <U\+202E>' 'texts are safe'
unlike "$(cat screen)" "$(printf '\033')\[31mred|$(printf '\342\200\256')" 'nothing of them is obeyed'
on 150 'see:running' kill:SIGTERM -- "${watch[@]}"
is "$out" 'status 143
widest 150
terminal as before' 'a signal ends it with its number, the terminal as it was'
is "$(tail -n 1 <<<"$escapes")" '[?1049l' 'on its own screen'
on 150 'see:running' kill:SIGINT -- "${watch[@]}"
like "$out" 'status 130' 'so does an interrupt'
on 150 'see:running' size:60 'see:running' key:q -- "${watch[@]}"
is "$(grep widest <<<"$out")" 'widest 60' 'it follows the size of the terminal'
on 40 'see:parent' key:q -- "${watch[@]}"
like "$out" 'status 0' 'however small'
on 150 'see:running' kill:SIGTSTP 'see:\x1b[?1049l' stopped kill:SIGCONT \
    'see:\x1b[?1049h' 'see:running' key:q -- "${watch[@]}"
is "$(head -n 1 <<<"$out")" 'status 0' 'when it is stopped the shell has its screen, and then it goes on'
on 150 'see:running' key:q -- env NO_COLOR=1 "${watch[@]}"
unlike "$(cat screen)" "$(printf '\033')\[3[0-9]m" 'NO_COLOR is kept to'
on 150 'see:running' kill:SIGINT -- env TERM=dumb "${watch[@]}"
unlike "$(cat screen)" "$(printf '\033')" 'a terminal that knows nothing gets lines'

# ---- its end ------------------------------------------------------------------------

touch work/go
wait $runner
got=0
wait $watcher || got=$?
is "$got" 0 'without a terminal it ends when all have'
like "$(tail -n 1 lines)" 'parent done turn 2 .*\| The end\.$' 'and the last line says how'

agent-fork -n 2 --goal more parent >children
status 124 'a fork stands below its parent' timeout 1 agent-audit watch parent
is "$(wc -l <<<"$out")" 3 'with its children'
child=$(head -n 1 children)
timeout 1 agent-audit watch "$child" >lines
is "$(wc -l <lines)" 1 'a child is watched alone'
timeout 1 agent-audit watch --family "$child" >lines
is "$(wc -l <lines)" 3 'or with its family'
echo '{"content":"Another."}' >other
agent-run -q --name stranger -m script:other go >/dev/null
timeout 1 agent-audit watch --all >lines
is "$(wc -l <lines)" 4 '--all are all'
sed -i '1s/"prev":"../"prev":"zz/' "$AGENT_ROOT"/agents/"$child"/journal.jsonl
rm -f "$AGENT_ROOT"/agents/"$child"/state
timeout 1 agent-audit watch parent >lines
like "$(cat lines)" 'damaged' 'one that is damaged is shown so, and the others too'
is "$(wc -l <lines)" 3 'all of them'
status 64 'somebody has to be named' agent-audit watch
status 64 'or all' agent-audit watch --all parent
status 64 'an interval is a duration' agent-audit watch --interval soon parent
status 66 'an agent that is not there is 66' agent-audit watch nobody

done_testing
