# shellcheck shell=bash disable=SC2317 # functions are called by name
# forkcrash.sh: an agent with a workspace, and programs that are killed, or
# refused a call, while they make children of it: all are there, whole, or none.
command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

cat >m.jsonl <<'E'
{"content":"a","tool_calls":[{"name":"write_file","arguments":{"path":"d/x","content":"1"}}]}
{"content":"b"}
{"content":"c","tool_calls":[{"name":"fork_agent","arguments":{"goal":"g","n":2}}]}
{"content":"d"}
{"content":"e"}
E
agent-run -q -m script:m.jsonl --ckpt turn --name a 'do it' >/dev/null
cp -a root was

again() {
	rm -rf root
	cp -a was root
}
tell() { problems+="  $point: $*"$'\n'; }

# What the parents' records say, and what is there.
recorded() {
	for d in root/agents/*/; do
		jq -r 'select(.type == "fork").body.children[].id' "$d/journal.jsonl" 2>/dev/null
	done | sort
}
children() { agent-ps --json | jq -r 'select(.parent).id' | sort; }

# Once the parent has been opened again; $1: so many children may there be.
settled() {
	local kid
	[ -z "$(ls -A root/agents/.new)" ] || tell "left: $(ls root/agents/.new)"
	[ "$(recorded)" = "$(children)" ] || tell "recorded: $(recorded) there: $(children)"
	[[ $(children | wc -l) =~ ^($1)$ ]] || tell "$(children | wc -l) children"
	for kid in $(children); do
		agent-audit verify "$kid" >out 2>err || tell "child: $(cat err)"
		[ "$(cat "root/agents/$kid/work/d/x")" = 1 ] || tell 'its workspace is not whole'
	done
}

# points CALL COMMAND…: how often its first thread makes this call.
points() {
	local call=$1
	shift
	again
	strace -f -qq -e "trace=$call" -e signal=none -o trace "$@" >/dev/null 2>&1
	awk -v call="$call(" 'NR == 1 { pid = $1 } $1 == pid && index($0, call) {
	    n++ } END { print n + 0 }' trace
}

# inject CALL HOW STATUS CHECK COMMAND…
inject() {
	local call=$1 how=$2 want=$3 check=$4 n i got
	shift 4
	n=$(points "$call" "$@")
	problems=''
	for i in $(seq "$n"); do
		point="$call $i of $n"
		again
		got=0
		{
			strace -f -qq -e "trace=$call" -o trace \
			    -e "inject=$call:$how:when=$i" "$@" >out 2>err || got=$?
		} 2>killed
		[[ $got =~ ^($want)$ ]] || tell "status $got: $(cat err)"
		"$check" "$got"
	done
	is "$problems" '' "$1: $how at each of $n $call"
	[ "$n" -gt 0 ] || ok 1 "$1 makes no $call"
}
