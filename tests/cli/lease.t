#!/bin/bash
# A root that several hosts share: one agent is never run by two of them, though
# a host stalls for longer than its lease and then goes on.  The hosts have
# their own network, name and boot id; no lock is held across them.
. "$SRC/tests/cli/tap.sh"

unshare --net --uts --mount true 2>/dev/null || skip_all 'cannot make hosts here'
here=$PWD
root=${AGENT_ROOT:-$PWD/root}
mkdir -p tools ledger "$root"
echo 3s >"$root/shared"
: >ledger/book
for h in east west; do
	cat /proc/sys/kernel/random/uuid >"boot-$h"
done
cat >tools/pay <<END
#!/bin/sh
if [ "\$1" = --describe ]; then
	echo '{"name":"pay","description":"pays","effect":"external",
	    "parameters":{"type":"object"}}'
	exit 0
fi
read -r what
echo "\$what" >>$here/ledger/book
echo paid
END
chmod +x tools/pay

# on HOST COMMAND…
on() {
	# shellcheck disable=SC2016
	unshare --net --uts --mount bash -c 'hostname "$1" &&
	    mount --bind "$2/boot-$1" /proc/sys/kernel/random/boot_id &&
	    shift 2 && exec "$@"' - "$1" "$here" "${@:2}"
}
# script NAME SLEEP: pays six times, and waits a little each time.
script() {
	local i
	for i in 1 2 3 4 5 6; do
		printf '{"tool_calls":[{"name":"pay","arguments":{"what":"%s-%s"}},{"name":"run_command","arguments":{"command":"sleep %s"}}]}\n' \
		    "$1" "$i" "$2"
	done >"$1.script"
	echo '{"content":"end"}' >>"$1.script"
}
may=(--tools tools --allow 'call tool:pay' --ckpt none
	--allow "read,write file:$here/ledger/**" --allow 'read,write file:**')
# until_so NAME COMMAND…: waits for it.
until_so() {
	local name=$1
	shift
	for _ in $(seq 600); do
		if "$@" >/dev/null 2>&1; then
			ok 0 "$name"
			return
		fi
		sleep 0.05
	done
	ok 1 "$name"
}
paid() { [ "$(grep -c "\"$1-" ledger/book)" -ge "$2" ]; }
twice() { sort ledger/book | uniq -d; }
id_of() { agent-ps --json "$1" | jq -r .id; }

# ---- one agent ---------------------------------------------------------------------

script one 1
on east agent-run -q -m "script:$here/one.script" "${may[@]}" --name one hi \
    >east.out 2>east.err &
east=$!
until_so 'an agent runs on one host' paid one 1
id=$(id_of one)
status 75 'another host does not run it as well' on west agent-run -q -r one
like "$err" 'held by process [0-9]+ on east' 'and says who does'
sleep 3.5 # more than a lease
status 75 'nor later, while that host is heard of' on west agent-run -q -r one
is "$(agent-ps --json one | jq -r .state)" running 'which agent-ps knows without a lock'
pid=$(cut -d ' ' -f 2 "$root/agents/$id"/lease.*)
kill -STOP "$pid"
before=$(stat -c %i "$root/agents/$id/journal.jsonl")
until_so 'a host that stalls for longer loses it' on west agent-run -q -r one
ok "$([ "$before" != "$(stat -c %i "$root/agents/$id/journal.jsonl")" ]; echo $?)" \
    'the journal is another file, and what is still written to the old one is lost'
size=$(stat -c %s "$root/agents/$id/journal.jsonl")
kill -CONT "$pid"
wait "$east"
is "$?" 75 'the old one goes on and ends with 75'
like "$(cat east.err)" 'taken over by .*not heard of for 3 s: nothing more is written' \
    'saying why'
is "$(stat -c %s "$root/agents/$id/journal.jsonl")" "$size" 'it has written nothing'
is "$(agent-ps --json one | jq -r .state)" 'done' 'the agent is done'
is "$(twice)" '' 'no effect happened twice'
ok "$(paid one 6; echo $?)" 'and none was left out'
status 0 'its history is whole' agent-audit verify one
is "$(agent-audit log --json one | jq -r .seq | awk '$1 != NR' | wc -l)" 0 'each record once'
is "$(cat "$root/agents/$id"/lease.*)" '' 'the lease is given up at the end'

# ---- schedulers on two hosts ----------------------------------------------------------

names=(ann bob cyd dee)
for n in "${names[@]}"; do
	script "$n" 1
	agent-run -q -m "script:$here/$n.script" "${may[@]}" --name "$n" --max-turns 1 \
	    hi >/dev/null 2>&1
	is "$(agent-ps --json "$n" | jq -r '"\(.state) \(.turns)"')" 'paused 1' "$n has begun"
	# what kills it leaves it to be gone on with
	{ timeout -s KILL 0.4 agent-run -q --max-turns 99 -r "$n"; } >/dev/null 2>&1
done
# As from cron: again and again.
cat >often <<'END'
while [ ! -e enough ]; do
	agent-run --all --until-idle -j 2
	sleep 0.2
done
END
on east sh ./often >east.out 2>east.err &
east=$!
on west sh ./often >west.out 2>west.err &
west=$!
# A runner stalls, wherever it is, in the middle of its work, until another has
# its agent.
# shellcheck disable=SC2317 # by until_so
stall() {
	local id
	id=$(id_of "$1")
	held=$(find "$root/agents/$id" -name 'lease.*' -size +0)
	[ -n "$held" ] || return
	pid=$(cut -d ' ' -f 2 "$held")
	grep -q "$id" "/proc/$pid/cmdline" && kill -STOP "$pid" || return
	[ -s "$held" ] && return
	kill -CONT "$pid"
	false
}
until_so 'the runner of ann stalls' stall ann
pids=$pid leases=$held
until_so 'and that of cyd' stall cyd
until_so 'another takes the one over' test ! -e "$leases"
until_so 'and the other' test ! -e "$held"
kill -CONT "$pids" "$pid"
# shellcheck disable=SC2317 # by until_so
all_done() { [ -z "$(agent-ps --json | jq -r 'select(.state != "done").name')" ]; }
until_so 'two schedulers end all agents' all_done
: >enough
wait "$east" "$west"
is "$(twice)" '' 'and nothing is paid twice'
for n in "${names[@]}"; do
	status 0 "the history of $n is whole" agent-audit verify "$n"
done

# ---- words ----------------------------------------------------------------------------

echo soon >"$root/shared"
status 78 'a length that is none is bad configuration' agent-ps
like "$err" "'shared' is to say how long" 'which is said'
rm "$root/shared"
agent-run -q -m "script:$here/one.script" "${may[@]}" --name alone hi >/dev/null
is "$(find "$root/agents/$(id_of alone)" -name 'lease*')" '' \
    'an agent of a root that is not shared has no lease'
done_testing
