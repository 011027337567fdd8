#!/bin/bash
# Authority is decided before anything is probed: on what is denied no call of
# the kernel's is made, by whatever process, and nothing tells whether it is
# there.
. "$SRC/tests/cli/tap.sh"

command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

here=$PWD
mkdir -p w/priv outside
echo here >w/secret
echo here >w/priv/there
echo here >outside/there
echo plain >w/file
printf '%s\n' '{"content":"Hi."}' >hi
agent-run -q -m script:hi -w w --name a \
	--deny 'read,write file:secret' --deny 'read,write file:missing' \
	--deny 'read,write file:priv/**' --deny 'call tool:run_command' \
	--allow 'connect net:127.0.0.1:9' --allow 'connect net:localhost:9' hi \
	>/dev/null

# traced COMMAND…: `trace` holds the calls with names of files, and of sockets
# (the unix ones of our own processes have none)
traced() {
	local got=0
	strace -f -s 4096 -o all -e trace=%file,%network "$@" >tap.out 2>tap.err ||
		got=$?
	out=$(cat tap.out tap.err)
	# unfinished and resumed lines keep the names in one of the two
	grep -v 'execve(' all >trace
	return $got
}
call() { traced agent-tool call a "$1" "$2"; }
json() { jq -cn --arg p "$1" "{path: \$p${2-}}"; }

# ---- files -----------------------------------------------------------------------

arguments_of() {
	case $1 in
	write_file) json "$2" ', content: "x"' ;;
	edit_file) json "$2" ', old: "x", new: "y"' ;;
	search_files) json "$2" ', pattern: "x"' ;;
	*) json "$2" ;;
	esac
}
# denied TOOL THERE ABSENT: both alike, and untouched
denied() {
	local tool=$1 there=$2 absent=$3 got=0 told
	call "$tool" "$(arguments_of "$tool" "$there")" || got=$?
	told=${out//"${there##*/}"/NAME}
	is "$got $(grep -c -- "/${there##*/}\"" trace)" '77 0' \
		"$tool of ${there#"$here/"} is denied, and nothing looks at it"
	got=0
	call "$tool" "$(arguments_of "$tool" "$absent")" || got=$?
	is "$got ${out//"${absent##*/}"/NAME}" "77 $told" \
		'what is not there is denied in the same words'
}
for tool in read_file list_files search_files write_file edit_file; do
	denied $tool secret missing
	denied $tool "$here/outside/there" "$here/outside/nothing"
done
denied read_file priv/there priv/nothing
denied write_file dir/../secret dir/../missing
denied read_file /etc/shadow /etc/no-such-file
call read_file '{"path":"file"}'
is "$? $(grep -c '/file"' trace)" '0 1' 'what is granted is opened, once'
call write_file '{"path":"made","content":"x"}'
is "$?" 0 'or written'
like "$(cat trace)" '/made"' 'and seen to be'

# ---- hosts -----------------------------------------------------------------------------

looks='resolv\.conf|/etc/hosts|nsswitch|AF_INET|sendto\(|libnss'
for url in http://host.example/ https://host.example:8443/x \
	http://10.0.0.1/ 'http://[::1]:7/' http://localhost:7/; do
	call http_get "{\"url\":\"$url\"}"
	is "$? $(grep -cE "$looks" trace)" '77 0' \
		"$url is denied, and neither looked up nor called"
done
call http_get '{"url":"http://127.0.0.1:9/"}'
is "$?" 1 'a granted address is called'
like "$(cat trace)" 'connect\(.*sin_port=htons\(9\)' 'as the trace shows'
call http_get '{"url":"http://localhost:9/"}'
is "$?" 1 'a granted name too'
like "$(cat trace)" 'nsswitch|/etc/hosts|resolv' 'after it was looked up'

# ---- programs, decisions and whole runs ----------------------------------------------------

call run_command '{"command":"cat w/file"}'
is "$? $(grep -c 'execve(' all)" '77 1' \
	'a command that is denied starts nothing: no program but agent-tool'
for file in "$here/outside/there" /etc/shadow "$here/w/secret"; do
	traced agent-grant check a read "file:$file"
	is "$? $(grep -c -- "$file\"" trace)" '1 0' \
		"a decision about ${file#"$here/"} does not look at it"
done
traced agent-grant check a connect net:host.example:443
is "$? $(grep -cE "$looks" trace)" '1 0' 'nor one about a host'
printf '%s\n' '{"content":"","tool_calls":[
	{"name":"read_file","arguments":{"path":"secret"}},
	{"name":"list_files","arguments":{"path":"priv"}},
	{"name":"write_file","arguments":{"path":"../outside/there","content":""}},
	{"name":"http_get","arguments":{"url":"http://host.example/"}}]}' |
	jq -c . >tries
echo '{"content":"Done."}' >>tries
traced agent-run -q -m script:tries -w w --name b \
	--deny 'read,write file:secret' --deny 'read,write file:priv/**' hi
is "$? $(grep -cE "/secret\"|/priv\"|/there\"|$looks" trace)" '0 0' \
	"a model's calls that are denied touch nothing"
is "$(agent-audit log --json b | jq -r 'select(.type=="tool.result").body.status' |
	xargs)" 'denied denied denied denied' 'and each got its verdict'

done_testing
