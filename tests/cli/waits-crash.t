#!/bin/bash
# The runner and the scheduler are killed at every call by which a wait begins,
# what it waits for comes, or it ends: nothing is lost, nothing is told twice.
# shellcheck source=tests/cli/tap.sh disable=SC2154,SC2317
. "$SRC/tests/cli/tap.sh"

command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced
export AGENT_ROOT=$PWD/root
here=$PWD

# It does what it is told, "do NAME ARGUMENTS"; else it ends its turn.
cat >obey <<'END'
#!/bin/sh
in=$(cat)
last=${in##*'"role":'}
case $last in
*'"user","content":"do '*)
	call=${last#*'"content":"do '}
	name=${call%% *} arguments=${call#* }
	arguments=${arguments%%'"}'*}
	echo '{"message":{"role":"assistant","content":"as told","tool_calls":[{"id":"c","type":"function","function":{"name":"'"$name"'","arguments":"'"$arguments"'"}}]},"stop_reason":"tool_calls"}' ;;
*) echo '{"message":{"role":"assistant","content":"heard"},"stop_reason":"end"}' ;;
esac
END
chmod +x obey
wait_kid='do wait_agent {"agents":["kid"]}'

# ---- the stages, each made once -----------------------------------------------

# keep NAME, stage NAME: the root as it was then
keep() { cp -a root "stage.$1"; }
stage() {
	rm -rf root
	cp -a "stage.$1" root
}
agent-run -q --name lead -m "exec:$here/obey" hello >/dev/null
agent-fork --name kid --goal 'work' lead >/dev/null
keep born
status 75 'a wait for a child' agent-run -q -r lead "$wait_kid"
keep waits
status 0 'which ends' agent-run -q -r kid
keep ended
status 0 'ends as well' agent-run -q -r lead
is "$out" heard 'and its agent goes on'

# ---- what must hold at the end ----------------------------------------------------

tell() { problems+="  $point: $*"$'\n'; }
# types AGENT JQ: so many records for which that holds
records() { agent-audit log --json "$1" | jq -r "select($2) | 1" | wc -l; }
check() {
	local n name i
	# What a dead scheduler started may still be about to end.
	for ((i = 0; i < 200; i++)); do
		agent-run --all --until-idle >out 2>err && break
		sleep 0.05
	done
	[ "$i" -lt 200 ] || tell "the scheduler: $(cat out err)"
	are 1 lead '.type == "wait"' 'wait'
	are 1 lead '.type == "tool.result" and .body.status == "ok"' 'result'
	are 1 lead '.type == "mail" and .body.kind == "exit"' 'letter'
	are 1 lead ".type == \"goal\" and (.body.text | startswith(\"do\"))" 'goal'
	# Its parent's is in its history.
	are 2 kid '.type == "exit" and .body.text == "heard"' 'end'
	n=$(agent-ps --json | jq -r .state | xargs)
	[ "$n" = 'done done' ] || tell "they are $n"
	for name in lead kid; do
		agent-audit verify "$name" >out 2>&1 || tell "verify $name: $(cat out)"
	done
	agent-audit replay lead >out 2>&1 || tell "replay: $(cat out)"
	[ "$(records lead '.type == "model.call" and .body.attempt == 1')" = 3 ] ||
		tell "the model was asked $(records lead '.type == "model.call" and .body.attempt == 1') times"
}
# are N AGENT WHICH NAME
are() {
	local n
	n=$(records "$2" "$3")
	[ "$n" = "$1" ] || tell "$n of: $4"
}

# kill_at STAGE CALL LEAST COMMAND…: killed at the 1st, 2nd, … such call of it
kill_at() {
	local from=$1 call=$2 least=$3 n got problems='' point
	shift 3
	for ((n = 1; n < 200; n++)); do
		stage "$from"
		point="$call $n" got=0
		{ strace -o /dev/null -e "trace=$call" -e "inject=$call:signal=SIGKILL:when=$n" \
			"$@" >out 2>err || got=$?; } 2>/dev/null
		[ "$got" = 137 ] || break
		# A goal that was not recorded is said again.
		[ "$from" != born ] || [ "$(records lead '.type == "goal"')" = 2 ] ||
			"$@" >out 2>err
		check
	done
	[ $((n - 1)) -ge "$least" ] || tell "only $((n - 1)) of them"
	ok "${#problems}" "${*:1:3} of '$from' is killed at each of $((n - 1)) calls of $call" "$problems"
}

kill_at born fdatasync 2 agent-run -q -r lead "$wait_kid"
kill_at waits fdatasync 2 agent-run -q -r kid
kill_at waits renameat 1 agent-run -q -r kid
kill_at waits fsync 1 agent-run -q -r kid
kill_at ended fdatasync 2 agent-run -q -r lead
kill_at ended renameat 1 agent-run -q -r lead
kill_at ended unlinkat 1 agent-run -q -r lead
for call in clone poll waitid; do
	kill_at waits "$call" 1 agent-run --all --until-idle
done
done_testing
