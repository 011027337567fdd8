#!/bin/bash
# A run that asks, the answer, and the run that acts on it are killed at each
# call of each kind by which they change anything: nothing is approved twice,
# nothing is spent twice, and somebody is told of every request.
. "$SRC/tests/cli/tap.sh"
command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

cat >script.jsonl <<'EOF'
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo x >>f"}}]}
{"content":"I wait."}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo x >>f"}}]}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo x >>f"}}]}
{"content":"I wait again."}
EOF
printf '%s\n' 'allow read,write file:**' 'ask exec exec:/bin/sh' >policy
cat >tell <<'EOF'
#!/bin/sh
cat >/dev/null
echo "$1" >>told
EOF
chmod +x tell

tell() { problems+="  $point: $*"$'\n'; } # one more problem of this point
bodies() { agent-audit log --json -t "$1" a | jq -r ".body | $2"; }

ask=(agent-run -q -m script:script.jsonl -w ws -g policy --notify ./tell --name a go)
approve=(agent-grant approve --agent a)
act=(agent-run -q -r a --notify ./tell)

# do STATUS WHAT…: undisturbed.
do_() {
	local want=$1 got=0
	shift
	"$@" >out 2>err || got=$?
	[[ $got =~ ^($want)$ ]] || tell "$1 $2: status $got: $(cat err)"
}

# until PHASE: all that comes before it.
until_() {
	rm -rf root ws told
	mkdir ws
	[ "$1" = ask ] || do_ 75 "${ask[@]}"
	[ "$1" != act ] || do_ 0 "${approve[@]}"
}

# What the kill in PHASE left is gone on with, to the end.
rest() {
	case $1 in
	ask)
		if agent-ps a >out 2>err; then do_ 75 "${act[@]}"; else do_ 75 "${ask[@]}"; fi
		[ "$(agent-grant pending --json a | wc -l)" = 1 ] ||
			tell "pending: $(agent-grant pending a)"
		do_ 0 "${approve[@]}"
		do_ 75 "${act[@]}"
		;;
	approve)
		do_ '0|1' "${approve[@]}"
		do_ 1 "${approve[@]}"
		do_ 75 "${act[@]}"
		;;
	act) do_ 75 "${act[@]}" ;;
	esac
}

check() {
	local spent
	agent-audit verify a >out 2>err || tell "verify: $(cat err)"
	agent-audit replay a >out 2>err || tell "replay: $(cat err)"
	[ "$(bodies answer .verdict | xargs)" = approve ] ||
		tell "answers: $(bodies answer .verdict | xargs)"
	spent=$(bodies tool.call 'select(.decision.approval) | .call' | sort -u | wc -l)
	[ "$spent" = 1 ] || tell "spent $spent times"
	case "$(cat ws/f 2>/dev/null) $(bodies tool.result .status | xargs)" in
	'x pending ok pending') ;;
	'x pending interrupted pending' | ' pending interrupted pending') ;;
	*) tell "f: $(cat ws/f), $(bodies tool.result .status | xargs)" ;;
	esac
	[ "$(bodies ask .request)" = "$(sort -u told)" ] ||
		tell "told of $(xargs <told), asked $(bodies ask .request | xargs)"
	[ "$(bodies ask .request | wc -l)" = 2 ] || tell 'not asked twice'
}

# killed PHASE CALL LEAST: at its 1st, 2nd, … such call.
killed() {
	local n got problems='' phase=$1
	local -n what=$1
	for ((n = 1; n < 100; n++)); do
		point="$phase, $2 $n" got=0
		until_ "$phase"
		{
			strace -o /dev/null -e "trace=$2" -e signal=none \
			    -e "inject=$2:signal=SIGKILL:when=$n" \
			    "${what[@]}" >out 2>err || got=$?
		} 2>/dev/null
		[ "$got" = 137 ] || break
		rest "$phase"
		check
	done
	is "$problems" '' "$phase is killed at each of $((n - 1)) $2"
	[ $((n - 1)) -ge "$3" ] || ok 1 "only $((n - 1)) of them"
}

point=undisturbed problems=''
until_ act
rest act
check
is "$problems" '' 'undisturbed, one word lets one call through'
is "$(cat ws/f)" x 'once'
for call in fdatasync write; do
	killed ask $call 3
	killed approve $call 1
	killed act $call 3
done
killed ask renameat 2
killed approve renameat 1
killed act renameat 1

# What cannot be written is not said to be done.
problems=''
for call in fdatasync:error=EIO write:error=ENOSPC; do
	point="approve, $call" got=0
	until_ approve
	strace -o /dev/null -e "trace=${call%%:*}" -e signal=none \
	    -e "inject=$call:when=1" "${approve[@]}" >out 2>err || got=$?
	[ "$got" = 74 ] || tell "status $got: $(cat err)"
	[ ! -s out ] || tell "said: $(cat out)"
	rest approve
	check
done
is "$problems" '' 'an approval that cannot be written is 74, and none'

# A kill cannot show that a sync is missing: the order does.  The request is
# on the disk before anybody is told of it, and the spending of an approval
# before the command runs.
until_ ask
strace -f -qq -e trace=fdatasync,execve -e signal=none -o trace "${ask[@]}" >out 2>err
like "$(grep -oE 'fdatasync\(|execve\("\./tell"' trace | xargs)" \
    'fdatasync\( .*execve\(\./tell' 'a request is synced, and then told of'
do_ 0 "${approve[@]}"
strace -f -qq -e trace=fdatasync,execve -e signal=none -o trace agent-run -q -r a >out 2>err
like "$(grep -oE 'fdatasync\(|execve\("/bin/sh"' trace | xargs)" \
    'fdatasync\( .*execve\(/bin/sh' 'an approval is spent, synced, and then used'
done_testing
