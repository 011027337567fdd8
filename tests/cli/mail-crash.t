#!/bin/bash
# Who sends and who receives is killed at every system call by which it changes
# anything: what was sent arrives once, in order, and nothing else does.
. "$SRC/tests/cli/tap.sh"

command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

say() { jq -cn --arg t "$1" '{content:$t}'; }
tell() { jq -cn --arg to "$1" --arg t "$2" '{tool_calls:[{name:"send_message",arguments:{to:$to,text:$t}}]}'; }
mails() { agent-audit log --json -t mail "$1" | jq -r "${2-.body.text}"; }
for i in $(seq 400); do say "reply $i"; done >many.jsonl
new() { agent-run -q -m script:many.jsonl --name "$1" go >/dev/null; }
# tell_bad WORDS: one more problem of this point.
tell_bad() { problems+="  $point: $*"$'\n'; }
# inject HOW CALL N COMMAND…: its status is in $got.
inject() {
	local how=$1 call=$2 n=$3
	shift 3
	got=0
	{
		strace -o /dev/null -e "trace=$call" \
			-e "inject=$call:$how:when=$n" "$@" >out 2>err || got=$?
	} 2>/dev/null
}

# ---- the order of a delivery ------------------------------------------------------------

new a
strace -y -o trace -e trace=write,fsync,renameat agent-send a hello
is "$(grep -E '/mail/(tmp|new)' trace | sed 's/(.*//' | xargs)" 'write fsync renameat fsync' \
	'a letter is written, synced, renamed, and its folder synced'
agent-run -q -r a >/dev/null

# ---- a person's ---------------------------------------------------------------------------

problems='' sent=''
for call in write fsync renameat openat unlinkat; do
	for how in signal=SIGKILL error=EIO error=ENOSPC; do
		for ((n = 1; n < 100; n++)); do
			point="agent-send, $call $n $how"
			inject "$how" "$call" "$n" agent-send a "$call-$n-$how"
			case $how$got in
			signal*137 | error=*74 | error=*73 | error=*6[56] | error=*78) ;;
			*0) sent+="$call-$n-$how"$'\n' ;;
			*) tell_bad "ended with $got: $(cat err)" ;;
			esac
			[ "$got" != 0 ] || [ "$n" -lt 12 ] || break
		done
	done
done
for _ in 1 2 3 4 5 6; do agent-run -q -r a >/dev/null; done
mails a >got.txt
while read -r text; do
	[ "$(grep -cxF -- "$text" got.txt)" = 1 ] ||
		{ point=$text; tell_bad 'was sent and is not there once'; }
done <<<"${sent%$'\n'}"
[ -z "$(sort got.txt | uniq -d)" ] || tell_bad "twice: $(sort got.txt | uniq -d)"
[ "$(wc -l <<<"$sent")" -gt 20 ] || tell_bad "only $(wc -l <<<"$sent") were sent"
ok "${#problems}" 'what agent-send says it has sent arrives once, whatever fails' "$problems"
is "$(find "$AGENT_ROOT"/agents/*/mail/new "$AGENT_ROOT"/agents/*/mail/cur -type f | wc -l)" 0 \
	'and nothing is left'
status 0 'the chain holds' agent-audit verify a

# ---- who takes it ---------------------------------------------------------------------------

new b
problems='' all=0
for call in write fdatasync renameat unlinkat getdents64; do
	for ((n = 1; n < 200; n++)); do
		point="the runner, $call $n"
		for i in 1 2 3; do
			agent-send --from "p$i" b "m$((++all))"
			agent-send --event ev b "m$((++all))"
		done
		inject signal=SIGKILL "$call" "$n" agent-run -q -r b
		[ "$got" = 137 ] || break
	done
	[ "$n" -gt 1 ] || tell_bad 'never happened'
done
agent-run -q -r b >/dev/null
mails b >got.txt
for i in $(seq "$all"); do echo "m$i"; done >want.txt
cmp -s got.txt want.txt || tell_bad "$(diff got.txt want.txt | head)"
ok "${#problems}" "$all letters arrive once and in order though each runner is killed" "$problems"
status 0 'the chain holds' agent-audit verify b

# ---- an agent's -----------------------------------------------------------------------------

problems=''
{ tell c one; tell c two; say end; } >talk.jsonl
for call in write fdatasync renameat unlinkat fsync; do
	for ((n = 1; n < 200; n++)); do
		rm -rf "$AGENT_ROOT"
		point="the sender, $call $n"
		new c
		agent-run -q -m script:talk.jsonl --name d --max-turns 1 \
			--allow 'send agent:c' go >/dev/null 2>&1
		inject signal=SIGKILL "$call" "$n" agent-run -q -r d --max-turns 9
		agent-run -q -r d --max-turns 9 >out 2>err ||
			tell_bad "went on to $?: $(cat err)"
		agent-run -q -r c >/dev/null
		[ "$(mails c | xargs)" = 'one two' ] || tell_bad "arrived: $(mails c | xargs)"
		[ "$(agent-audit log --json -t tool.result d | jq -r .body.status | xargs)" = 'ok ok' ] ||
			tell_bad "the sender was told: $(agent-audit log -t tool.result d)"
		[ "$got" = 137 ] || break
	done
	[ "$n" -gt 1 ] || tell_bad 'never happened'
done
ok "${#problems}" 'what an agent sends arrives once though it is killed' "$problems"

# ---- a child's end --------------------------------------------------------------------------

problems=''
for call in write fdatasync renameat unlinkat fsync; do
	for ((n = 1; n < 200; n++)); do
		rm -rf "$AGENT_ROOT"
		point="the child, $call $n"
		new e
		kid=$(agent-fork --goal work e)
		inject signal=SIGKILL "$call" "$n" agent-run -q -r "$kid"
		agent-run -q -r "$kid" >out 2>err ||
			tell_bad "went on to $?: $(cat err)"
		agent-run -q -r e >/dev/null
		[ "$(mails e '[.body.kind, .body.state] | join(" ")')" = 'exit done' ] ||
			tell_bad "the parent was told: $(mails e '.body | tojson')"
		[ "$got" = 137 ] || break
	done
	[ "$n" -gt 1 ] || tell_bad 'never happened'
done
ok "${#problems}" 'a child'"'"'s end is told once though it is killed' "$problems"
done_testing
