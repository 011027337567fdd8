#!/bin/bash
# shellcheck disable=SC2016  # texts for inner shells
# Every built-in tool and executable ones, in the real sandbox, on good and on
# bad input.
. "$SRC/tests/cli/tap.sh"

# Not below /tmp, which is a private one in the sandbox and granted by base.
here=$(mktemp -d /var/tmp/agentutils-test.XXXXXX) w=$here/w
trap 'rm -rf "$here"' EXIT
cd "$here" || exit
mkdir w w/sub
printf 'allow read,write file:**\n' >open.policy
policy=open.policy err=

# call TOOL JSON [DIR]: the result's fields become variables.
call() {
	r=$("$BUILD/tests/helpers/toolrun" "$policy" "$w" "$@" 2>err) ||
		r="{\"verdict\":\"error\",\"text\":$(jq -Rs . <err)}"
	verdict=$(jq -r .verdict <<<"$r") state=$(jq -r .status <<<"$r")
	why=$(jq -r .why <<<"$r") code=$(jq -r .exit <<<"$r")
	text=$(jq -rj '.text // ""' <<<"$r"; echo .) text=${text%.}
}
# gives STATUS TEXT NAME: the last call's status and whole text.
gives() {
	is "$verdict $state $text" "allow $1 $2" "$3"
}
# says STATUS REGEX NAME
says() {
	like "$verdict $state $(cut -c1-300 <<<"$text" | tr '\n' ' ')" \
		"^allow $1 .*$2" "$3"
}
denied() {
	is "$verdict" deny "$1"
}

# --- read_file
printf 'one\ntwo\nthree' >w/a.txt
call read_file '{"path":"a.txt"}'
gives ok $'one\ntwo\nthree' 'read_file gives the file as it is'
call read_file '{"path":"a.txt","offset":2,"limit":1}'
says ok 'two' 'read_file gives the lines asked for'
like "$text" 'go on with offset 3' 'read_file says where to go on'
call read_file '{"path":"a.txt","offset":3}'
gives ok three 'read_file gives a last line without newline'
call read_file '{"path":"a.txt","offset":9}'
gives failed 'offset 9 is past the end of a.txt, which has 3 lines' \
	'read_file says how many lines there are'
call read_file '{"path":"none"}'
gives failed 'no such file: none' 'read_file says that a file is missing'
call read_file '{"path":"sub"}'
gives failed 'sub is a folder, not a file' 'read_file refuses a folder'
: >w/empty
call read_file '{"path":"empty"}'
gives ok '[the file is empty]' 'read_file says that a file is empty'
printf 'a\0b' >w/bin
call read_file '{"path":"bin"}'
gives failed 'bin is a binary file of 3 bytes, not text' \
	'read_file refuses a binary file with its size'
printf 'a\377b\n' >w/latin
call read_file '{"path":"latin"}'
gives ok $'a\xef\xbf\xbdb\n' 'read_file repairs bytes that are not UTF-8'
mkfifo w/fifo
call read_file '{"path":"fifo"}'
gives failed 'fifo is a named pipe, not a file' \
	'read_file refuses a named pipe and does not wait for it'
call read_file '{"path":"/dev/zero"}'
says failed 'is a device' 'read_file refuses a device'
truncate -s 3G w/huge
call read_file '{"path":"huge"}'
says failed 'binary file of 3221225472 bytes' 'read_file survives a huge file'
rm w/huge
seq 1 5000 >w/long
call read_file '{"path":"long"}'
is "$(wc -l <<<"$text") $(tail -1 <<<"$text")" \
	'2002 [long has more: go on with offset 2001]' \
	'read_file gives 2000 lines unless asked otherwise'
head -c 200000 /dev/zero | tr '\0' x >w/wide
call read_file '{"path":"wide"}'
says ok 'the rest of it is left out' 'read_file bounds a single long line'
[ ${#text} -lt 65536 ]
ok $? 'the answer of read_file stays below 64 KiB'

# --- links, and what lies outside
echo secret >outside.txt
ln -s a.txt w/inner
ln -s ../outside.txt w/outer
ln -s nowhere w/dangling
call read_file '{"path":"inner"}'
says ok one 'a link within the workspace is followed'
call read_file '{"path":"outer"}'
says failed 'no such file' 'a link out of the workspace leads nowhere'
call read_file '{"path":"../outside.txt"}'
denied 'a path out of the workspace is denied by its text'
call read_file "{\"path\":\"$here/outside.txt\"}"
denied 'an absolute path out of the workspace is denied'
printf 'allow read,write file:**\nallow read file:%s/outside.txt\n' "$here" \
	>wider.policy
policy=wider.policy
call read_file '{"path":"outer"}'
gives ok $'secret\n' 'the same link, its target granted, is followed'
policy=open.policy
call read_file '{"path":"/etc/shadow"}'
denied 'the base profile does not hold /etc/shadow'

# --- write_file
call write_file '{"path":"new.txt","content":"hällo\n"}'
gives ok 'wrote new.txt, 7 bytes' 'write_file makes a file'
is "$(cat w/new.txt) $(stat -c %a w/new.txt)" 'hällo 644' \
	'a new file holds the text and has mode 644'
call write_file '{"path":"x/y/z.txt","content":""}'
is "$state $(stat -c %a w/x/y) $(stat -c %s w/x/y/z.txt)" 'ok 755 0' \
	'write_file makes the folders that are missing'
chmod 750 w/new.txt
call write_file '{"path":"new.txt","content":"again"}'
is "$text $(cat w/new.txt) $(stat -c %a w/new.txt)" \
	'replaced new.txt, 5 bytes again 750' \
	'write_file replaces the text and keeps the mode'
call write_file '{"path":"inner","content":"through"}'
is "$(readlink w/inner) $(cat w/a.txt)" 'a.txt through' \
	'write_file writes through a link'
call write_file '{"path":"outer","content":"x"}'
says failed 'leads nowhere' 'write_file does not write through a link outwards'
is "$(cat outside.txt)" secret 'and what lies outside is as it was'
call write_file '{"path":"dangling","content":"x"}'
says failed 'leads nowhere' 'write_file refuses a link that leads nowhere'
ln -s /tmp w/away
call write_file '{"path":"away/new/file","content":"x"}'
says failed 'not permitted.*out of the workspace' \
	'write_file says so when a link leads to where nothing is kept'
rm w/away
call write_file '{"path":"sub","content":"x"}'
gives failed 'sub is a folder, not a file' 'write_file refuses a folder'
call write_file '{"path":"fifo","content":"x"}'
says failed 'pipe or a device' 'write_file refuses a named pipe'
call write_file '{"path":"new.txt/x","content":"x"}'
says failed 'not a folder' 'write_file refuses a path through a file'
call write_file '{"path":"new.txt/","content":"x"}'
says failed 'not a file' 'write_file refuses a name that ends in a slash'
is "$(find w -name '.new-*')" '' 'no temporary file is left behind'

# --- edit_file
printf 'alpha\nbeta\nbeta\ngamma\n' >w/e.txt
chmod 755 w/e.txt
call edit_file '{"path":"e.txt","old":"gamma","new":"delta\nomega"}'
gives ok 'edited e.txt at line 4' 'edit_file replaces the one occurrence'
is "$(tr '\n' ' ' <w/e.txt)$(stat -c %a w/e.txt)" \
	'alpha beta beta delta omega 755' 'and nothing else of the file'
call edit_file '{"path":"e.txt","old":"beta","new":"x"}'
says failed 'old occurs 2 times in e.txt' 'edit_file refuses two occurrences'
call edit_file '{"path":"e.txt","old":"nothing","new":"x"}'
says failed 'old does not occur in e.txt' 'edit_file refuses none'
call edit_file '{"path":"e.txt","old":"alpha","new":"alpha"}'
says failed 'the same' 'edit_file refuses an edit that changes nothing'
call edit_file '{"path":"none","old":"a","new":"b"}'
gives failed 'no such file: none' 'edit_file says that a file is missing'
is "$(sha256sum <w/e.txt)" \
	"$(printf 'alpha\nbeta\nbeta\ndelta\nomega\n' | sha256sum)" \
	'refused edits change nothing'

# --- what a tool that prepares tells first
export TOOLRUN_HELD=1
call edit_file '{"path":"e.txt","old":"alpha","new":"ALPHA"}'
is "$(jq -r '.existed,.after' <<<"$r" | xargs)" \
	"true $(sha256sum <w/e.txt | cut -d' ' -f1)" \
	'the digest told before is that of the file afterwards'
call write_file '{"path":"fresh","content":"x"}'
is "$(jq -r .existed <<<"$r") $(cat w/fresh)" 'false x' \
	'a file that is new is told to be so'
call edit_file '{"path":"e.txt","old":"zzz","new":""}'
is "$(jq -r '.before // "none"' <<<"$r") $state" 'none failed' \
	'a call that fails before it prepares tells no digests'
export TOOLRUN_HELD=look
before=$(sha256sum <w/e.txt | cut -d' ' -f1)
call write_file '{"path":"e.txt","content":"never"}'
is "$(jq -r '.before,.now,.exists' <<<"$r" | xargs)" \
	"$before $before true" 'a held call that is ended changes nothing'
call write_file '{"path":"q/r","content":"never"}'
is "$(jq -r .exists <<<"$r") $([ -e w/q ]; echo $?)" 'false 1' \
	'not even a folder is made before the go'
unset TOOLRUN_HELD

# --- list_files
mkdir w/l w/l/dir w/void
touch w/l/b w/l/a $'w/l/new\nline'
ln -s a w/l/link
call list_files '{"path":"l"}'
gives ok $'a\nb\ndir/\nlink -> a\nnew\\x0aline\n' \
	'list_files sorts, marks folders and shows where links lead'
call list_files '{"path":"void"}'
gives ok $'[the folder is empty]\n' 'list_files says that a folder is empty'
call list_files '{}'
says ok 'a.txt' 'list_files lists the workspace by default'
call list_files '{"path":"a.txt"}'
says failed 'is a file of 7 bytes, not a folder' 'list_files refuses a file'
call list_files '{"path":"none"}'
says failed 'no such file' 'list_files says that a folder is missing'
mkdir w/many && (cd w/many && seq -f 'f%05g' 1 3000 | xargs touch)
call list_files '{"path":"many"}'
is "$(printf %s "$text" | tail -1)" '[1000 more]' 'list_files bounds its answer'

# --- search_files
mkdir -p w/s/.git w/s/deep
printf 'int main(void)\n{\n\treturn 42;\n}\n' >w/s/m.c
printf 'say 42\n' >w/s/deep/t.txt
printf '42\0' >w/s/blob
printf '42\n' >w/s/.git/config
ln -s .. w/s/loop
call search_files '{"pattern":"(42|nothing)","path":"s"}'
gives ok $'s/deep/t.txt:1: say 42\ns/m.c:3: \treturn 42;\n' \
	'search_files finds lines, not in binary files, .git or links'
call search_files '{"pattern":"^x$","path":"s"}'
gives ok $'no line matches ^x$\n' 'search_files says that nothing matches'
call search_files '{"pattern":"(","path":"s"}'
says failed 'bad pattern' 'search_files refuses a bad pattern'
call search_files '{"pattern":"((a{1,255}){1,255}){1,255}","path":"s"}'
says failed 'repeats too much' 'search_files refuses a pattern that explodes'
call search_files '{"pattern":"7","path":"long"}'
is "$(printf %s "$text" | wc -l)" 201 'search_files shows 200 lines at most'
call search_files '{"pattern":"say","path":"./s/deep/"}'
gives ok $'s/deep/t.txt:1: say 42\n' 'search_files tidies the paths it shows'

# --- run_command
call run_command '{"command":"echo out; echo err >&2; exit 3"}'
gives failed $'out\nerr\n[exit status 3]' \
	'run_command gives both outputs in order, and the exit status'
is "$code" 3 'the exit status is a field of the result'
call run_command '{"command":"pwd; cat; echo done"}'
gives ok "$w"$'\ndone\n' 'run_command is in the workspace and has no input'
SECRET=1 call run_command '{"command":"env | sort"}'
is "$(cut -d= -f1 <<<"$text" | xargs)" \
	'HOME LANG PATH PWD SHELL TERM TMPDIR USER' \
	'the environment is built from nothing'
call run_command '{"command":"ls /proc/self/fd | wc -l"}'
gives ok $'4\n' 'no descriptor but the three is passed on'
call run_command '{"command":"printf \"\\377\\000ok\""}'
gives ok $'\xef\xbf\xbd\xef\xbf\xbdok' 'bad bytes and NULs are repaired'
call run_command '{"command":"no-such-program-at-all"}'
says failed 'exit status 127' 'a program that is missing is status 127'
call run_command '{"command":"kill -9 $$"}'
says failed 'exit status 137' 'a death by signal is 128 and its number'
call run_command '{"command":"head -c 100M /dev/zero | tr \"\\0\" x"}'
is "$state $(grep -o '\[… [0-9]* bytes left out …\]' <<<"$text")" \
	"ok [… $((100 * 1024 * 1024 - 60000)) bytes left out …]" \
	'the middle of long output is counted'
[ "$(printf %s "$text" | wc -c)" -lt 65536 ]
ok $? 'and what is kept is below 64 KiB'
call run_command '{"command":"yes | head -c 1G"}'
says failed 'y' 'a flood of output is ended'
like "$text" 'ended: it printed more than 256 MiB' 'and that is said'

# --- deadlines, and what a call leaves running
start=$(date +%s%N)
call run_command '{"command":"echo begun; sleep 60","timeout_s":1}'
says timeout 'begun' 'a command that takes too long is ended'
like "$text" 'ended: it ran longer than 1 s' 'and its answer says so'
call run_command '{"command":"trap \"\" TERM; while :; do sleep 0.1; done",
	"timeout_s":1}'
is "$state" timeout 'a command that ignores SIGTERM is killed'
took=$((($(date +%s%N) - start) / 1000000))
[ "$took" -ge 3900 ] && [ "$took" -lt 20000 ]
ok $? 'after a grace of two seconds' "took $took ms"
alive() { # processes with this in their command line
	grep -lz "$1" /proc/[0-9]*/cmdline 2>/dev/null | wc -l
}
call run_command '{"command":"(trap \"\" TERM HUP; setsid sleep 7654.25) & sleep 7654.25 & cat /proc/self/cmdline >/dev/null; grep -lz 7654.25 /proc/[0-9]*/cmdline | wc -l"}'
like "$text" '^[2-9]' 'a command can start what would outlive it'
is "$(alive '^7654.25')" 0 'but nothing of it is left once it has ended'
call run_command '{"command":"for i in $(seq 100); do sleep 7655.25 & done"}'
is "$state $(alive '^7655.25')" 'ok 0' 'a hundred left-over children neither'

# --- arguments
call read_file '{}'
is "$verdict $why" 'bad /path: is required' 'a missing argument is named'
call read_file '{"path":7}'
is "$why" '/path: expected string, got number' 'an argument of a wrong type'
call read_file '{"path":"a","lines":1}'
is "$why" '/lines: is not known here (known: path, offset, limit)' \
	'an argument that does not exist'
call run_command '{"command":"true","timeout_s":4000}'
is "$why" '/timeout_s: must be at most 3600' 'an argument out of its range'

# --- policies
echo TOKEN >w/.env
printf '%s\n' 'allow read,write file:**' 'deny read,write file:.env' >p1
policy=p1
call read_file '{"path":".env"}'
denied 'a denied file is denied to read_file'
call run_command '{"command":"cat .env a.txt"}'
is "$state $(grep -c TOKEN <<<"$text") $(grep -c through <<<"$text")" \
	'failed 0 1' 'and to a command, that can read its neighbour'
printf '%s\n' 'allow read file:**' 'allow write file:e.txt' >p2
policy=p2
call write_file '{"path":"a.txt","content":"x"}'
denied 'without a write grant write_file is denied'
call run_command '{"command":"echo x >a.txt"}'
is "$state $(cat w/a.txt)" 'failed through' 'and a command cannot write either'
call write_file '{"path":"e.txt","content":"alone"}'
is "$state $(cat w/e.txt)" 'ok alone' 'a file granted by itself is written'
printf '%s\n' 'allow read,write file:**' 'deny call tool:run_command' >p3
policy=p3
call run_command '{"command":"true"}'
denied 'a deny holds for a built-in tool'
printf '%s\n' 'allow read,write file:**' \
	'allow call tool:run_command where command prefix "echo "' >p4
policy=p4
call run_command '{"command":"echo yes"}'
gives ok $'yes\n' 'a where grant lets the calls through that it matches'
call run_command '{"command":"cat a.txt"}'
denied 'and no others'
call read_file '{"path":"a.txt"}'
gives ok through 'other built-in tools do not need one'
printf 'nobase\nallow read,write file:**\n' >p5
policy=p5
call run_command '{"command":"true"}'
denied 'without base there is no shell'
printf 'ask read file:a.txt\nallow read file:**\n' >p6
policy=p6
call read_file '{"path":"a.txt"}'
is "$verdict" ask 'a file that needs a human asks'
call ask_human '{"question":"why?"}'
denied 'asking a human needs a grant'
printf 'allow send human:*\n' >p7
policy=p7
call ask_human '{"question":"why?"}'
is "$verdict" allow 'and is allowed with it'
call report '{"text":"done"}'
is "$verdict" allow 'reporting is always allowed'
call list_files '{}'
denied 'a policy without the workspace denies listing it'

# --- executable tools
mkdir tools
cat >tools/10-upper <<'END'
#!/bin/sh
[ "${1-}" = --describe ] && { cat <<'D'
{"name":"upper","description":"Upper case.","effect":"none","parameters":
 {"type":"object","properties":{"text":{"type":"string"}},
  "required":["text"],"additionalProperties":false}}
D
exit; }
echo "to stderr" >&2
in=$(cat)
case $in in *fail*) echo partly; exit 4;; esac
printf '%s' "$in" | tr a-z A-Z
END
chmod +x tools/10-upper
echo '{}' >tools/not-executable
printf '#!/bin/sh\nexit 1\n' >tools/.hidden
chmod +x tools/.hidden
printf 'allow read,write file:**\nallow call tool:upper\n' >p8
policy=p8
call upper '{"text" : "a\u00e4\n"}' tools
gives ok '{"TEXT" : "A\U00E4\N"}' \
	'an executable tool gets its arguments exactly as they were written'
call upper '{"text":"fail"}' tools
gives failed $'partly\n[stderr]\nto stderr\n[exit status 4]' \
	'what it wrote to stderr is shown when it fails'
call upper '{"txt":""}' tools
is "$why" '/text: is required' 'its own schema is checked'
call upper "{\"text\":\"$(head -c 120000 /dev/zero | tr '\0' x)\"}" tools
says ok 'left out' 'arguments larger than a pipe arrive'
policy=open.policy
call upper '{"text":"a"}' tools
denied 'an executable tool needs a grant of its own'

# bad DESCRIPTION REGEX NAME: a tools folder with this is refused.
bad() {
	rm -rf bad && mkdir bad
	printf '#!/bin/sh\n%s\n' "$1" >bad/tool
	chmod +x bad/tool
	status 78 "$3" "$BUILD/tests/helpers/toolrun" open.policy "$w" \
		list_files '{}' bad
	like "$err" "/bad/tool.*$2" "$3: the message names file and reason"
}
p='"parameters":{"type":"object"}'
bad "echo '{\"name\":\"ok\",\"description\":\"d\"}'" 'lacks "parameters"' \
	'a description without parameters'
bad "echo '{\"name\":\"a b\",\"description\":\"d\",$p}'" '"name" must' \
	'a bad name'
bad "echo '{\"name\":\"report\",\"description\":\"d\",$p}'" 'is taken' \
	'the name of a built-in tool'
bad "echo '{\"name\":\"x\",\"description\":\"d\",$p,\"effect\":\"some\"}'" \
	'"effect" must' 'an unknown effect'
bad "echo '{\"name\":\"x\",\"description\":\"d\",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"text\"}}}}'" \
	'/properties/a' 'a schema that is none'
bad "echo '{\"name\":'" 'its description' 'a description that is not JSON'
bad 'echo broken >&2; exit 9' 'broken.*exit status 9' 'a tool that fails'
bad 'sleep 60' 'longer than 5 s' 'a tool that does not answer'
bad 'head -c 1M /dev/zero | tr "\0" x' 'more than 262144 bytes' \
	'a description without end'
bad "cat $w/a.txt" 'No such file' 'a tool that looks at the workspace'

# --- http_get
cat >server.py <<'END'
import http.server, socketserver, sys
class H(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        body, code, kind, to = b"hello \xff\n", 200, "text/plain", None
        if self.path == "/404": code, body = 404, b"not here\n"
        elif self.path == "/binary": body, kind = b"\0\1\2", "image/x"
        elif self.path == "/big": body = b"x" * (20 << 20)
        elif self.path == "/long": body = b"y" * 200000
        elif self.path == "/again": code, to = 302, "/text"
        elif self.path == "/loop": code, to = 302, "/loop"
        elif self.path == "/file": code, to = 302, "file:///etc/passwd"
        elif self.path.startswith("/to?"): code, to = 302, self.path[4:]
        self.send_response(code)
        if to: self.send_header("Location", to)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try: self.wfile.write(body)
        except OSError: pass
class S(socketserver.ThreadingMixIn, http.server.HTTPServer): pass
s = S(("127.0.0.1", 0), H)
print(s.server_port, flush=True)
s.serve_forever()
END
python3 server.py >port 2>/dev/null &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$here"' EXIT
for _ in $(seq 200); do [ -s port ] && break; sleep 0.05; done
port=$(cat port) url=http://127.0.0.1:$(cat port)
policy=open.policy
call http_get "{\"url\":\"$url/text\"}"
denied 'http_get is denied without a grant'
printf 'allow connect net:127.0.0.1:%s\n' "$port" >n1
policy=n1
call http_get "{\"url\":\"$url/text\"}"
gives ok $'hello \xef\xbf\xbd\n' 'and fetches with one, its text repaired'
is "$(jq -r .tainted <<<"$r")" true 'what it brings is tainted'
call http_get "{\"url\":\"$url/404\"}"
gives failed $'[HTTP status 404]\nnot here\n' 'an error is told with its text'
call http_get "{\"url\":\"$url/binary\"}"
gives failed 'not text, but 3 bytes of type image/x' 'not text: refused'
call http_get "{\"url\":\"$url/big\"}"
gives failed 'the document is larger than 16 MiB' 'a body without end'
call http_get "{\"url\":\"$url/long\"}"
says ok '140000 bytes left out' 'a long document keeps head and tail'
call http_get "{\"url\":\"$url/again\"}"
says ok hello 'a redirect to what is granted is followed'
call http_get "{\"url\":\"$url/to?http://localhost:$port/text\"}"
is "$state" denied 'a redirect to what is not granted is denied'
call http_get "{\"url\":\"$url/file\"}"
says failed 'expected http' 'a redirect to a file is refused'
call http_get "{\"url\":\"$url/loop\"}"
gives failed 'redirected too often' 'redirects in a circle end'
call http_get '{"url":"ftp://example.org/"}'
denied 'only http and https are taken'
call http_get "{\"url\":\"http://user@127.0.0.1:$port/\"}"
denied 'user information in a URL is refused'
call http_get "{\"url\":\"http://127.1:$port/\"}"
denied 'another spelling of a granted address is denied'
call http_get "{\"url\":\"http://localhost:$port/text\"}"
denied 'a name is not granted by its address'
printf 'allow connect net:localhost:%s\n' "$port" >n2
policy=n2
call http_get "{\"url\":\"http://localhost:$port/text\"}"
says ok hello 'localhost granted by name is fetched'
printf 'allow connect net:*.localhost:%s\n' "$port" >n3
policy=n3
call http_get "{\"url\":\"http://a.localhost:$port/text\"}"
is "$state" denied 'a wildcard does not lead to this machine'
printf '%s\n' "allow connect net:localhost:$port" \
	"deny connect net:127.0.0.1:$port" >n4
policy=n4
call http_get "{\"url\":\"http://localhost:$port/text\"}"
is "$state" denied 'a denied address is denied by any name'
policy=n1
http_proxy=http://127.0.0.1:9 call http_get "{\"url\":\"$url/text\"}"
says ok hello 'a proxy of the environment is not used'
kill $server
wait $server 2>/dev/null
call http_get "{\"url\":\"$url/text\"}"
says failed "cannot fetch $url/text" 'a server that is not there is an error'
done_testing
