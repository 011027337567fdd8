#!/bin/bash
# People answer later: what is asked, how it is answered, and how far an
# answer reaches.
. "$SRC/tests/cli/tap.sh"

# script NAME LINE…: makes the script of an agent.
script() {
	local name=$1
	shift
	printf '%s\n' "$@" >"$name.jsonl"
}
sh() { jq -cn --arg c "$1" '{tool_calls:[{name:"run_command",arguments:{command:$c}}]}'; }
put() { jq -cn --arg p "$1" --arg c "$2" '{tool_calls:[{name:"write_file",arguments:{path:$p,content:$c}}]}'; }
say() { jq -cn --arg t "$1" '{content:$t}'; }
open_of() { agent-grant pending --json "$1" 2>/dev/null | jq -r .request; }
told() { # the model's last request
	local id
	id=$(agent-audit log --json -t model.call "$1" | tail -n 1 | jq .seq)
	agent-audit show --request "$id" "$1"
}
results() { agent-audit log --json -t tool.result "$1" | jq -r .body.status | xargs; }
printf '%s\n' 'allow read,write file:**' 'ask exec exec:/bin/sh' >ask.policy

# ---- what a request holds --------------------------------------------------------

mkdir w
echo old >w/f
script edits "$(sh 'echo hi >>out')" \
	"$(put f $'new\n')" \
	'{"tool_calls":[{"name":"edit_file","arguments":{"path":"f","old":"old","new":"mended"}}]}' \
	"$(put fresh $'one\ntwo\n')" "$(say 'I wait.')" "$(say 'The end.')"
printf '%s\n' 'allow read file:**' 'ask write file:**' 'ask exec exec:/bin/sh' >held.policy
status 75 'calls that ask are held back' \
    agent-run -q -m script:edits.jsonl -w w -g held.policy --name edits go
is "$(cat w/f; ls w)" $'old\nf' 'and have no effect'
status 0 'pending lists them' agent-grant pending --json edits
is "$(jq -rs 'map(.tool) | join(" ")' <<<"$out")" \
    'run_command write_file edit_file write_file' 'in their order'
like "$(head -n 1 <<<"$out" | jq -c 'keys_unsorted')" \
    'request.*agent.*effect.*digest.*deadline.*default.*arguments' \
    'with who, what and until when'
is "$(head -n 1 <<<"$out" | jq -r .digest)" \
    "$(head -n 1 <<<"$out" | jq -j .arguments | sha256sum | cut -d' ' -f1)" \
    'the digest is of the arguments as they stand'
mapfile -t r < <(open_of edits)
status 0 'show tells what a command is' agent-grant show "${r[0]}"
like "$out" $'\n echo hi >>out' 'in full'
status 0 'show tells what a file would become' agent-grant show "${r[1]}"
like "$out" $'^--- f\n\\+\\+\\+ f' 'by name'
like "$out" '^-old' 'what goes'
like "$out" '^\+new' 'and what comes'
status 0 'the same of an edit' agent-grant show --json "${r[2]}"
like "$(jq -r .change <<<"$out")" '^\+mended' 'as JSON'
status 0 'and of a file that is not there yet' agent-grant show "${r[3]}"
like "$out" '^--- /dev/null' 'says that it is new'
status 0 'several can be shown' agent-grant show "${r[0]%-*}-*"
is "$(grep -c '^request ' <<<"$out")" 4 'by a pattern'

# ---- many at once --------------------------------------------------------------------

status 64 'which requests has to be said' agent-grant approve
status 64 'all of them, or some' agent-grant approve --all "${r[0]}"
status 64 'the beginning of an id has to be of one request' \
    agent-grant deny "${r[0]:0:3}"
status 66 'an unknown id is no such input' agent-grant deny XXXXXXXX-9
status 66 'nor is one of another agent' \
    agent-grant deny --tool ask_human "${r[0]}"
status 1 'a pattern without a match is a no' agent-grant deny 'ZZZ*'
status 64 'how far an approval goes is not said of a denial' \
    agent-grant deny --uses 2 "${r[0]}"
status 64 'always is not so often' agent-grant approve --always --uses 2 "${r[0]}"
is "$(open_of edits | wc -l)" 4 'nothing of that has answered anything'
status 0 'those for a tool are denied at once' \
    agent-grant deny --agent edits --tool write_file --because 'not now'
is "$out" "denied ${r[1]}
denied ${r[3]}" 'each outcome is printed'
status 66 'some of them may be no requests' \
    agent-grant approve "${r[0]}" XXXXXXXX-9
is "$out" "approved ${r[0]}" 'the others are answered all the same'
status 1 'one that was answered cannot be answered again' \
    agent-grant deny "${r[0]}"
like "$err" 'answered already' 'and says so'
status 1 'nor can one that was denied be approved' agent-grant approve "${r[1]}"
status 0 'the rest is denied' agent-grant deny --json --all
is "$(jq -r '[.request,.outcome,.status]|join(" ")' <<<"$out")" \
    "${r[2]} denied 0" 'as JSON'
status 1 'then nothing is left' agent-grant approve --all
status 0 'the agent goes on' agent-run -q -r edits
like "$(told edits)" 'not now' 'and was told why'
like "$(told edits)" 'run_command is allowed once: make the call again' \
    'and what it may do'
verdicts=$(agent-audit log --json -t answer edits | jq -r .body.verdict | xargs)
is "$verdicts" 'deny deny approve deny' 'each answer is a record'
ok "$(agent-audit verify edits >/dev/null; echo $?)" 'of a sound history'

# ---- how far an approval reaches -------------------------------------------------------

# standing AGENT REQUEST LEFT JSON NAME: how the list shows its approval.
standing() {
	like "$(agent-grant list "$1" | grep approved)" \
	    "^$2 # approved: call tool:run_command, arguments [0-9a-f]{12}…$3\$" \
	    "$5"
	is "$(agent-grant list --json "$1" | jq -c 'select(.approval)
	    | [.approval,.tool,.uses,.ends]')" \
	    "[\"$2\",\"run_command\",$4]" "$5, as JSON"
}
mkdir u
script uses "$(sh 'echo x >>n')" "$(say wait)" \
	"$(sh 'echo x >>n')" "$(sh 'echo x >>n')" "$(sh 'echo y >>n')" \
	"$(sh 'echo x >>n')" "$(sh 'echo x >>n')" "$(say 'wait')" \
	"$(sh 'echo x >>n')" "$(sh 'echo x >>n')" "$(say end)" \
	"$(sh 'echo x >>n')" "$(say end)"
agent-run -q -m script:uses.jsonl -w u -g ask.policy --name uses go 2>err
asked=$(open_of uses)
status 0 'an approval may be for several uses' \
    agent-grant approve --uses 3 "$asked"
standing uses "$asked" ', uses left: 3' 3,null 'the list has what is approved'
status 75 'and holds for as many' agent-run -q -r uses
is "$(xargs <u/n)" 'x x x' 'of calls with the same arguments'
is "$(results uses)" 'pending ok ok pending ok pending' \
    'another call asks, and so does one more of them'
is "$(agent-grant list uses | grep -c approved)" 0 \
    'as the approval has left the list'
again=$(agent-grant pending --json uses | jq -r 'select(.arguments|test("x >>")).request')
status 0 'it may be for good' agent-grant approve --always "$again"
agent-grant deny --all >/dev/null
standing uses "$again" '' null,null 'which the list says'
status 0 'and then nobody is asked' agent-run -q -r uses
is "$(xargs <u/n)" 'x x x x x' 'however often'
agent-run -q -r uses 'go on' >/dev/null 2>&1
is "$(xargs <u/n)" 'x x x x x x' 'in later runs as well'

script timed "$(sh 'echo x >>n2')" "$(say wait)" \
	"$(sh 'echo x >>n2')" "$(sh 'echo x >>n2')" "$(say wait)" \
	"$(sh 'echo x >>n2')" "$(say wait)"
agent-run -q -m script:timed.jsonl -w u -g ask.policy --name timed go 2>err
status 0 'an approval may be for a time' agent-grant approve --for 2s "$(open_of timed)"
agent-run -q -r timed 2>err
is "$(xargs <u/n2)" 'x x' 'in which any number of calls is made'
sleep 2.1
like "$(agent-grant list timed)" 'approved: .*, over since 20.*Z' \
    'the list says that it is over'
like "$(agent-grant list --json timed | jq -r 'select(.approval).ends')" \
    '^20.*Z' 'and when it ended'
status 75 'and no longer' agent-run -q -r timed more
is "$(xargs <u/n2)" 'x x' 'than that'

script taken "$(sh 'echo x >>n4')" "$(say wait)" "$(sh 'echo x >>n4')" "$(say end)" \
	"$(sh 'echo x >>n4')" "$(say end)"
agent-run -q -m script:taken.jsonl -w u -g ask.policy --name taken go 2>err
taken=$(open_of taken)
agent-grant approve --always "$taken" >/dev/null
agent-run -q -r taken >/dev/null
status 0 'an approval can be revoked' agent-grant revoke taken "$taken"
status 75 'and then such a call asks again' agent-run -q -r taken again
is "$(xargs <u/n4)" x 'and is not made'
status 66 'one that is gone cannot' agent-grant revoke taken "$taken"

# Only what asked is let through: what the call's processes meet is not.
mkdir n
echo secret >n/hidden
printf '%s\n' 'allow read,write file:**' 'ask read file:hidden' \
	'ask exec exec:/bin/sh' >inner.policy
script inner "$(sh 'cat hidden; echo ran')" "$(say wait)" \
	"$(sh 'cat hidden; echo ran')" "$(say end)"
agent-run -q -m script:inner.jsonl -w n -g inner.policy --name inner go 2>err
agent-grant approve --all >/dev/null
status 0 'an approved command runs' agent-run -q -r inner
inner=$(agent-audit log --json -t tool.result inner | tail -n 1 | jq -r .body.text)
like "$inner" ran 'as it was asked for'
unlike "$inner" secret 'and does not reach what else asks'
script reads '{"tool_calls":[{"name":"read_file","arguments":{"path":"hidden"}}]}' \
	"$(say wait)" \
	'{"tool_calls":[{"name":"read_file","arguments":{"path":"hidden"}}]}' \
	'{"tool_calls":[{"name":"read_file","arguments":{"path":"hidden"}}]}' \
	"$(say wait)"
agent-run -q -m script:reads.jsonl -w n -g inner.policy --name reads go 2>err
agent-grant approve --all >/dev/null
status 75 'what is read with an approval' agent-run -q -r reads
is "$(results reads)" 'pending ok pending' 'is read once'
printf '%s\n' 'allow read,write file:**' 'deny exec exec:/bin/sh' \
	'ask call tool:run_command' >denied.policy
agent-run -q -m script:inner.jsonl -w n -g denied.policy --name denied go \
	>/dev/null 2>&1
is "$(results denied)" denied 'what is denied is not asked about'

# An approved host is that one: where it redirects to is decided anew.
if command -v python3 >/dev/null; then
	cat >server.py <<'EOF'
import os, socket, threading
def serve(name, to):
    s = socket.socket(); s.bind((to, 0)); s.listen(8)
    open(name + ".new", "w").write(str(s.getsockname()[1]))
    os.rename(name + ".new", name)
    while True:
        c, _ = s.accept()
        c.recv(4096)
        head = b"200 OK\r\n"
        if name == "first":
            head = b"302 Found\r\nLocation: http://127.0.0.2:%d/\r\n" % int(open("second").read())
        c.sendall(b"HTTP/1.1 " + head + b"Content-Length: 6\r\nConnection: close\r\n\r\nSECRET")
        c.close()
threading.Thread(target=serve, args=("second", "127.0.0.2"), daemon=True).start()
serve("first", "127.0.0.1")
EOF
	python3 server.py &
	server=$!
	trap 'kill "$server"' EXIT
	for _ in {1..100}; do
		if [ -e first ] && [ -e second ]; then break; fi
		sleep 0.05
	done
	get=$(jq -cn --arg u "http://127.0.0.1:$(cat first)/" \
	    '{tool_calls:[{name:"http_get",arguments:{url:$u}}]}')
	script hop "$get" "$(say wait)" "$get" "$(say end)"
	printf 'ask connect net:127.0.0.%s:*\n' 1 2 >hop.policy
	agent-run -q -m script:hop.jsonl -g hop.policy --name hop go 2>err
	agent-grant approve --all >/dev/null
	agent-run -q -r hop >/dev/null
	last=$(agent-audit log --json -t tool.result hop | tail -n 1 | jq -r .body.text)
	like "$last" "redirected to http://127.0.0.2.*asks first" \
	    'an approval of one host is not one of where it leads'
	unlike "$last" SECRET 'which is not fetched'
	{ echo "allow connect net:127.0.0.2:*"; head -n 1 hop.policy; } >led.policy
	agent-run -q -m script:hop.jsonl -g led.policy --name led go 2>err
	agent-grant approve --all >/dev/null
	agent-run -q -r led >/dev/null
	like "$(agent-audit log --json -t tool.result led | tail -n 1 | jq -r .body.text)" \
	    SECRET 'what is granted by itself is'
fi

# Two grants that ask about one call: one word for both.
printf '%s\n' 'allow read file:**' 'ask call tool:write_file' \
	'ask write file:**' >both.policy
script both "$(put f2 x)" "$(say wait)" "$(put f2 x)" "$(say end)"
agent-run -q -m script:both.jsonl -w n -g both.policy --name both go 2>err
agent-grant approve --all >/dev/null
status 0 'a call that two grants ask about needs one word' agent-run -q -r both
is "$(cat n/f2)" x 'and is made'

# A path that would look like lines of the diff stays one name.
script fake "$(put $'f\n+++ harmless\n-old' x)" "$(say wait)"
agent-run -q -m script:fake.jsonl -w n -g both.policy --name fake go 2>err
status 0 'a call with a line break in its path is shown' \
	agent-grant show "$(open_of fake)"
unlike "$out" '^\+\+\+ harmless' 'and makes no line of a diff'
like "$out" 'f.n\+\+\+ harmless' 'but a quoted name'

# What was given and taken back, or is over, can be wished for again.
wish='{"tool_calls":[{"name":"request_grant","arguments":{"grant":"allow read file:/srv/x","why":"w"}}]}'
script again "$wish" "$(say wait)" "$wish" "$(say have)" "$wish" "$(say wait)"
agent-run -q -m script:again.jsonl --name again go 2>err
again=$(open_of again)
agent-grant approve "$again" >/dev/null
agent-run -q -r again 2>err >/dev/null
like "$(agent-audit log --json -t tool.result again | tail -n 1)" \
	'granted already' 'a wish for what is granted needs no person'
status 0 'the grant is taken back' agent-grant revoke again \
	"$(agent-grant list --json again | jq -r 'select(.line == "allow read file:/srv/x").grant')"
status 75 'then the agent may wish again' agent-run -q -r again more
is "$(open_of again | wc -l)" 1 'and a person is asked'

# ---- deadlines -----------------------------------------------------------------------------

script late "$(sh 'echo x >>n3')" "$(say wait)" "$(say 'then not')"
agent-run -q -m script:late.jsonl -w u -g ask.policy --answer-in 1s \
	--name late go 2>err
late=$(open_of late)
sleep 1.1
status 1 'an answer after the deadline is too late' agent-grant approve "$late"
like "$err" 'time is over' 'and says so'
is "$(agent-audit log --json -t answer late | jq -r '.body|[.verdict,.by]|join(" ")')" \
    'deny deadline' 'from then on it is denied, whatever the clock says'
status 1 'which is not undone' agent-grant approve "$late"
status 0 'the agent goes on' agent-run -q -r late
like "$(told late)" 'nobody answered in time' 'and is told'
ok "$([ ! -e u/n3 ]; echo $?)" 'nothing was done'
done_testing
