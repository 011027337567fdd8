#!/bin/bash
# shellcheck disable=SC2317  # functions are called by name
# The runner is killed at every system call of each kind by which it changes
# anything, and goes on: nothing is lost, nothing that finished is done again.
. "$SRC/tests/cli/tap.sh"

command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

here=$PWD
mkdir tools
cat >tools/pay <<EOF
#!/bin/sh
if [ "\$1" = --describe ]; then
	echo '{"name":"pay","description":"pays","effect":"external",
	    "parameters":{"type":"object"}}'
	exit 0
fi
echo paid >>$here/ledger/book
echo paid
EOF
chmod +x tools/pay
cat >script.jsonl <<'EOF'
{"tool_calls":[{"name":"write_file","arguments":{"path":"a.txt","content":"one\n"}},{"name":"read_file","arguments":{"path":"a.txt"}}]}
{"tool_calls":[{"name":"edit_file","arguments":{"path":"a.txt","old":"one","new":"two"}},{"name":"run_command","arguments":{"command":"echo first >>log.txt"}}]}
{"tool_calls":[{"name":"pay","arguments":{}}]}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo second >>log.txt"}},{"name":"run_command","arguments":{"command":"echo third >>log.txt; cat log.txt"}}]}
{"content":"the end"}
EOF

# new MODE: an empty root, workspace and ledger; $run is then the command.
new() {
	rm -rf root ws ledger
	mkdir ws ledger
	run=(agent-run -q -m "script:$here/script.jsonl" --tools tools
		--allow 'call tool:pay'
		--allow "read,write file:$here/ledger/**")
	work=ws resume=(agent-run -q -r)
	case $1 in
	foreign) run+=(-w ws) ;;
	own) ;;
	ckpt) run+=(--ckpt tool) resume=(agent-run -q --ckpt tool -r) ;;
	esac
}

agent() { ls root/agents 2>/dev/null; }

# What became of each call, in order.
results() {
	agent-audit --json log "$1" |
		jq -r 'select(.type == "tool.result") | .body | "\(.status) \(.text | tojson)"'
}

# tell WORDS: one more problem of this point.
tell() { problems+="  $point: $*"$'\n'; }

# The results are those of the undisturbed run, but for the one call that was
# under way, which may be one that nobody can know about.
compare_results() {
	local i unsure=0
	mapfile -t now < <(results "$1")
	[ ${#now[@]} = ${#want[@]} ] ||
		tell "${#now[@]} results, not ${#want[@]}: ${now[*]}"
	for i in "${!want[@]}"; do
		[ "${now[i]-}" != "${want[i]}" ] || continue
		case "$mode $i ${now[i]-}" in
		*' 0 ok "done (seen '* | *' 2 ok "done (seen '*) ;;
		'foreign 3 interrupted '* | 'own 3 interrupted '* | \
			'foreign 5 interrupted '* | 'own 5 interrupted '* | \
			'foreign 6 interrupted '* | 'own 6 interrupted '*)
			unsure=$((unsure + 1)) maybe=$i ;;
		*' 4 unknown '*) unsure=$((unsure + 1)) maybe=$i ;;
		*' 6 ok '*) [ "$maybe" = 3 ] || [ "$maybe" = 5 ] ||
			tell "result 6: ${now[6]}" ;;
		*) tell "result $i: ${now[i]-}, not ${want[i]}" ;;
		esac
	done
	[ "$unsure" -le 1 ] || tell "$unsure calls are unsure: ${now[*]}"
}

# times TEXT WHEN FILE: TEXT stands there once; perhaps, when result WHEN is
# the unsure one.
times() {
	local n
	n=$(grep -c "$1" "$3" 2>/dev/null)
	[ "${n:=0}" = 1 ] || { [ "$maybe" = "$2" ] && [ "$n" = 0 ]; } ||
		tell "'$1' was done $n times"
}

compare_effects() {
	[ "$mode" = foreign ] || work=root/agents/$1/work
	[ "$(cat "$work/a.txt")" = two ] || tell "a.txt: $(cat "$work/a.txt")"
	times first 3 "$work/log.txt"
	times second 5 "$work/log.txt"
	times third 6 "$work/log.txt"
	times paid 4 ledger/book
	files=$(ls "$work")
	[ "$files" = $'a.txt\nlog.txt' ] || tell "the workspace holds $files"
}

# What a kill left is whole, and going on leads to the same end.
recover() {
	local id got=0
	maybe=''
	id=$(agent)
	if [ -z "$id" ]; then # it died before the agent was there
		[ ! -s ledger/book ] || tell 'paid without an agent'
		"${run[@]}" goal >out 2>err || tell "a new run: $(cat err)"
		return
	fi
	agent-audit verify "$id" >out 2>err || tell "verify: $(cat err)"
	agent-audit replay "$id" >out 2>err || tell "replay: $(cat err)"
	agent-audit --json log "$id" >before
	"${resume[@]}" "$id" >out 2>err || got=$?
	[ "$got $(cat out)" = '0 the end' ] ||
		tell "went on to $got: $(cat out err)"
	agent-audit verify "$id" >out 2>err || tell "verify, then: $(cat err)"
	agent-audit replay "$id" >out 2>err || tell "replay: $(cat err)"
	agent-audit --json log "$id" | head -n "$(wc -l <before)" |
		cmp -s - before || tell 'records were lost'
	compare_results "$id"
	compare_effects "$id"
}

# kill_at MODE CALL LEAST: killed at the 1st, 2nd, … such call, until there
# are no more of them; at LEAST so many there must have been.
kill_at() {
	local n got problems=''
	mode=$1
	for ((n = 1; n < 500; n++)); do
		new "$mode"
		point="$2 $n" got=0
		{
			strace -o /dev/null -e "trace=$2" \
				-e "inject=$2:signal=SIGKILL:when=$n" \
				"${run[@]}" goal >out 2>err || got=$?
		} 2>/dev/null
		[ "$got" != 0 ] || break
		[ "$got" = 137 ] || tell "ended with $got: $(cat err)"
		recover
	done
	[ $((n - 1)) -ge "$3" ] || tell "only $((n - 1)) of them"
	ok "${#problems}" "$1 workspace: killed at each of $((n - 1)) calls of $2" \
		"$problems"
}

for mode in foreign own ckpt; do
	new "$mode"
	status 0 "$mode workspace: the undisturbed run" "${run[@]}" goal
	is "$out" 'the end' 'says how it ended'
	mapfile -t want < <(results "$(agent)")
	is "${#want[@]} $(printf '%s\n' "${want[@]}" | grep -c '^ok')" '7 7' \
		'and has seven results'
	problems='' maybe='' point=undisturbed
	compare_effects "$(agent)"
	ok "${#problems}" 'whose effects are what the script asks for' \
		"$problems"
	kill_at "$mode" fdatasync 9
	kill_at "$mode" write 20
	case $mode in
	foreign)
		kill_at "$mode" poll 8
		kill_at "$mode" sendto 2
		;;
	own)
		kill_at "$mode" fsync 3
		kill_at "$mode" pwrite64 2
		kill_at "$mode" ftruncate 1
		;;
	ckpt)
		kill_at "$mode" renameat 6
		kill_at "$mode" mkdirat 5
		kill_at "$mode" unlinkat 1
		;;
	esac
done
# ---- killed again while it goes on ------------------------------------------

# until COMMAND…: within ten seconds.
wait_until() {
	local i
	for ((i = 0; i < 1000; i++)); do
		! "$@" 2>/dev/null || return 0
		sleep 0.01
	done
	return 1
}

# killed_when COMMAND… -- RUN…: RUN is killed once COMMAND is true.
killed_when() {
	local test=() pid
	while [ "$1" != -- ]; do
		test+=("$1")
		shift
	done
	shift
	"$@" >out 2>err &
	pid=$!
	wait_until "${test[@]}" || tell "never: ${test[*]}"
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
}

cat >half.jsonl <<'EOF'
{"tool_calls":[{"name":"run_command","arguments":{"command":"mkdir -p d; echo zero >d/log.txt"}},{"name":"run_command","arguments":{"command":"echo one >>d/log.txt; rm -f gone; sleep 0.3; echo two >>d/log.txt"}}]}
{"content":"the end"}
EOF
# The second command has done its first half when the runner dies.
half_done() { grep -qs one root/agents/*/work/d/log.txt; }

problems='' point='the first half'
rm -rf root
{ killed_when half_done -- agent-run -q --ckpt tool \
	-m "script:$here/half.jsonl" goal; } 2>/dev/null
id=$(agent)
ok "${#problems}" 'a command is killed half-way' "$problems"
is "$(xargs <"root/agents/$id/work/d/log.txt")" 'zero one' \
	'which leaves half of what it does'
cp -a root half

# again CALL LEAST: going on is killed at the 1st, 2nd, … such call.
again() {
	local n got problems=''
	for ((n = 1; n < 500; n++)); do
		rm -rf root
		cp -a half root
		point="$1 $n" got=0
		{
			strace -o /dev/null -e "trace=$1" \
				-e "inject=$1:signal=SIGKILL:when=$n" \
				agent-run -q --ckpt tool -r "$id" >out 2>err ||
				got=$?
		} 2>/dev/null
		[ "$got" != 0 ] || break
		agent-audit verify "$id" >out 2>err || tell "verify: $(cat err)"
		agent-audit replay "$id" >out 2>err || tell "replay: $(cat err)"
		agent-run -q --ckpt tool -r "$id" >out 2>err ||
			tell "went on to $?: $(cat err)"
		[ "$(xargs <"root/agents/$id/work/d/log.txt")" = 'zero one two' ] ||
			tell "log.txt: $(xargs <"root/agents/$id/work/d/log.txt")"
		[ "$(xargs <"root/agents/$id/saved/"*/d/log.txt)" = 'zero one' ] ||
			tell 'what stood there is not saved'
		[ "$(results "$id" | grep -c '^ok')" = 2 ] ||
			tell "results: $(results "$id")"
	done
	[ $((n - 1)) -ge "$2" ] || tell "only $((n - 1)) of them"
	ok "${#problems}" \
		"going on is killed at each of $((n - 1)) calls of $1" "$problems"
}
again renameat 3
again fdatasync 2
again unlinkat 1
again mkdirat 3
is "$(xargs <"root/agents/$id/work/d/log.txt")" 'zero one two' \
	'undisturbed, the command is done again on what was before it'

# ---- what is left alive -----------------------------------------------------

# alive PID: and no zombie.
alive() { [[ $(cat "/proc/$1/stat" 2>/dev/null) =~ \)\ [^ZX] ]]; }

cat >beat.jsonl <<'EOF'
{"tool_calls":[{"name":"run_command","arguments":{"command":"setsid sh -c 'trap \"\" TERM HUP; while :; do date +%N >beat; sleep 0.02; done' & while :; do sleep 1; done"}}]}
{"content":"the end"}
EOF
rm -rf root ws
mkdir ws
problems='' point='a heart beats'
{ killed_when test -s ws/beat -- agent-run -q -m "script:$here/beat.jsonl" \
	-w ws goal; } 2>/dev/null
id=$(agent)
inits=$(tail -n +2 "root/agents/$id/run" | cut -d' ' -f1)
like "$inits" '^[0-9]+$' 'a running call is named in the file run'
status 0 'an agent whose command ran on is gone on with' agent-run -q -r "$id"
last=$(cat ws/beat)
! alive "$inits"
ok $? 'its init is gone'
sleep 0.2
is "$(cat ws/beat)" "$last" 'and nothing that it started goes on'
like "$(results "$id")" '^interrupted ' 'the model is told of the interruption'

# stale START: a process that the file run names, with this start time.
stale() {
	rm -rf root ws
	mkdir ws
	agent-run -q -m "script:$here/script.jsonl" -w ws --max-turns 1 goal \
		>out 2>err
	id=$(agent)
	sleep 100 &
	left=$!
	printf '%s\n%d %d\n' "$(cat /proc/sys/kernel/random/boot_id)" "$left" \
		$(($(cut -d' ' -f22 "/proc/$left/stat") + $1)) \
		>"root/agents/$id/run"
	{ agent-run -q -r "$id" --max-turns 2 >out 2>err; } 2>/dev/null
}
stale 0
! alive "$left"
ok $? 'what still lives of a dead run is ended before anything is done'
stale 1
alive "$left"
ok $? 'another process that has its number by now is left alone'
kill "$left"

# ---- model calls ------------------------------------------------------------

cat >slow.jsonl <<'EOF'
{"content":"the end","delay":"300ms"}
EOF
called() { agent-audit log -t model.call "$(agent)" >/dev/null 2>&1; }
rm -rf root
problems='' point='a slow model'
{ killed_when called -- agent-run -q -m "script:$here/slow.jsonl" goal; } \
	2>/dev/null
id=$(agent)
ok "${#problems}" 'the runner is killed while the model thinks' "$problems"
status 0 'and goes on' agent-run -q -r "$id"
is "$out" 'the end' 'to the answer'
is "$(agent-audit --json -t model.call log "$id" |
	jq -c '.body | [.call, .attempt]' | sort -u | wc -l) $(
	agent-audit --json -t model.call log "$id" |
		jq -r .body.call | sort -u | wc -l)" '2 1' \
	'by sending the same call again'
is "$(agent-audit --json -t model.call log "$id" |
	jq -r .body.request | sort -u | wc -l)" 1 'with the same request'

cat >model <<EOF
#!/bin/sh
echo \$\$ >$here/model.pid
[ ! -e $here/quick ] || {
	echo '{"message":{"role":"assistant","content":"the end"}}'
	exit 0
}
exec sleep 100
EOF
chmod +x model
rm -rf root
problems='' point='a program that is the model'
{ killed_when test -s model.pid -- agent-run -q -m "exec:$here/model" goal; } \
	2>/dev/null
ok "${#problems}" 'the runner is killed while a program is its model' \
	"$problems"
pid=$(cat model.pid)
gone() { ! alive "$pid"; }
wait_until gone
ok $? 'which ends with it'
touch quick
status 0 'and is asked again' agent-run -q -r "$(agent)"
is "$out" 'the end' 'to the answer'
done_testing
