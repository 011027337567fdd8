#!/bin/bash
# A fork, a child's end and its parent's hearing of it, killed at every system
# call by which they change anything: no budget is lost, none is counted twice.
. "$SRC/tests/cli/tap.sh"

command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

for i in 1 2 3 4 5 6 7 8 9; do
	echo "{\"content\":\"said $i\",\"usage\":{\"input_tokens\":90,\"output_tokens\":10}}"
done >m
kinds='fdatasync fsync syncfs renameat linkat unlinkat write'

agent-run -q -m script:m --max-turns 10 --max-tokens 1000 --max-children 3 \
    --ckpt none --name lead hi >/dev/null
base=${AGENT_ROOT:-$PWD/root}
cp -a "$base" asleep
agent-fork --name kid --goal 'go on' lead >/dev/null
cp -a "$base" forked
agent-run -q --ckpt none -r kid >/dev/null
cp -a "$base" ended

tell() { problems+="  $point: $*"$'\n'; }
again() { rm -rf "$base" && cp -a "$1" "$base"; }

# All that was begun is brought to its end: then nothing is reserved, and what
# is left is what nobody used.
check() {
	local used
	agent-ps --json kid >/dev/null 2>&1 ||
		agent-run -q --ckpt none -r lead >/dev/null 2>&1
	agent-ps --json kid >/dev/null 2>&1 ||
		agent-fork --name kid --goal 'go on' lead >/dev/null || tell 'no fork'
	[ "$(agent-ps --json kid | jq -r .state)" = "done" ] ||
		agent-run -q --ckpt none -r kid >/dev/null || tell 'the child does not end'
	agent-run -q --ckpt none -r kid >/dev/null 2>&1
	agent-run -q --ckpt none -r lead >/dev/null 2>&1
	used=$(agent-ps --json | jq -s 'map(.turns) | add')
	tokens=$(agent-ps --json | jq -s 'map(.usage.input + .usage.output) | add')
	[ "$(agent-ps --json lead | jq -c '[.left.turns, .left.tokens, .left.children]')" = \
		"[$((10 - used)),$((1000 - tokens)),2]" ] ||
		tell "used $used, $tokens: $(agent-ps --json lead | jq -c '[.left, .usage.children]')"
	[ "$(agent-ps --json kid | jq -c '[.left.turns, .left.tokens]')" = '[0,0]' ] ||
		tell "the child: $(agent-ps --json kid | jq -c .left)"
}

# kill_at FROM NAME COMMAND…
kill_at() {
	local from=$1 name=$2 kind n points=0
	shift 2
	problems=
	for kind in $kinds; do
		for n in $(seq 40); do
			again "$from"
			{ strace -qq -o strace.out -e "trace=$kind" \
			    -e "inject=$kind:signal=KILL:when=$n" "$@"; } \
			    >/dev/null 2>&1 && break
			grep -q 'killed by SIGKILL' strace.out || break
			point="$kind $n"
			points=$((points + 1))
			check
		done
	done
	ok "$([ $points -ge 4 ]; echo $?)" "$name dies at each of its calls ($points)"
	is "$problems" '' 'and no budget is leaked'
}

kill_at asleep 'a fork' agent-fork --name kid --goal 'go on' lead
kill_at forked "a child's run and end" agent-run -q --ckpt none -r kid
kill_at ended 'a parent that hears of it' agent-run -q --ckpt none -r lead
done_testing
