# shellcheck shell=bash
# tap.sh: a shell test's few lines of TAP; sourced.  Ends with `done_testing`.
tap_n=0 tap_bad=0

# ok STATUS NAME: passes when STATUS is 0.
ok() {
	tap_n=$((tap_n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_n - $2"
	else
		tap_bad=$((tap_bad + 1))
		echo "not ok $tap_n - $2"
		[ -z "${3-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
	fi
}

# is GOT WANT NAME
is() {
	if [ "$1" = "$2" ]; then ok 0 "$3"; else
		ok 1 "$3" "got:  $1
want: $2"
	fi
}

# like TEXT REGEX NAME (extended)
like() {
	if printf '%s' "$1" | grep -Eq -- "$2"; then ok 0 "$3"; else
		ok 1 "$3" "got:  $1
want: /$2/"
	fi
}

unlike() {
	if printf '%s' "$1" | grep -Eq -- "$2"; then
		ok 1 "$3" "got: $1
but not: /$2/"
	else ok 0 "$3"; fi
}

# status WANT NAME COMMAND…: runs it; $out and $err keep what it printed.
status() {
	local want=$1 name=$2 got=0
	shift 2
	"$@" >tap.out 2>tap.err </dev/null || got=$?
	out=$(tr -d '\0' <tap.out) err=$(tr -d '\0' <tap.err)
	if [ "$got" = "$want" ]; then ok 0 "$name"; else
		ok 1 "$name" "status $got, want $want
stdout: $(head -c 600 tap.out)
stderr: $(head -c 600 tap.err)"
	fi
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# replayed [ROOT]: every agent of the root has done what its records call for.
# What a test damaged on purpose (65, 66) is passed over.
replayed() {
	local root=${1-$AGENT_ROOT} journal id got
	for journal in "$root"/agents/*/journal.jsonl; do
		[ -f "$journal" ] || continue
		id=${journal%/*} id=${id##*/} got=0
		agent-audit replay --root "$root" "$id" >tap.out 2>tap.err || got=$?
		case $got in
		65 | 66) ok 0 "agent $id cannot be replayed: $(tail -n 1 tap.err)" ;;
		*) ok "$got" "a replay of agent $id finds no drift" "$(cat tap.err)" ;;
		esac
	done
}

# AGENT_TEST_REPLAY=1 replays what any test has made.
done_testing() {
	local root
	if [ -n "${AGENT_TEST_REPLAY-}" ]; then
		for root in $(find . -path '*/agents/*/journal.jsonl' 2>/dev/null |
		    sed 's,/agents/[^/]*/journal.jsonl$,,' | sort -u); do
			replayed "$root"
		done
	fi
	echo "1..$tap_n"
	[ "$tap_bad" = 0 ]
	exit
}
