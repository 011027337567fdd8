#!/bin/bash
# Budgets: what calls take is measured, counted once, and ends a run.
. "$SRC/tests/cli/tap.sh"

turns() {
	printf '%s\n' "${@:2}" >"$1"
}
# call COMMAND…: a turn with one run_command each.
call() {
	jq -cn '{tool_calls: [$ARGS.positional[] |
	    {name: "run_command", arguments: {command: .}}]}' --args "$@"
}
# shellcheck disable=SC2317 # by status
run() {
	agent-run -q "$@"
}
usage() {
	agent-ps --json "$1" | jq -r "$2"
}
say='{"content":"end"}'

# ---- processor time ------------------------------------------------------------

# shellcheck disable=SC2016
spin='i=0; while [ $i -lt 150000 ]; do i=$((i + 1)); done'
turns spin "$(call 'while :; do :; done')" "$say"
status 79 'a limit of processor time ends a call that is under way' \
    run -m script:spin --max-cpu 1s --name spin hi
like "$err" 'limit of processor time' 'and says which'
is "$(agent-audit log --json -t tool.result spin | jq -r .body.status)" timeout \
    'the call is timed out'
like "$(agent-audit log --json -t tool.result spin | jq -r .body.text)" \
    'the processor time of the run is up' 'and the model will know why'
is "$(usage spin '.state, .left.cpu_seconds')" $'paused\n0' 'nothing of it is left'
is "$(usage spin '.usage.cpu_milliseconds >= 1000')" true 'it was used'
status 79 'the same limit is met again' run -r spin
status 0 'a higher one goes further' run -r spin --max-cpu 1h
is "$out" end 'with all that was saved'
turns kids "$(call "(sh -c '$spin') & ($spin) & wait")" "$say"
status 0 'a call that starts others' run -m script:kids --name kids hi
is "$(usage kids '.usage.cpu_milliseconds > 100')" true 'is charged with their time'
turns idle "$(call 'sleep 1')" "$say"
status 0 'one that sleeps' run -m script:idle --max-cpu 1s --name idle hi
is "$(usage idle '.usage.cpu_milliseconds < 900')" true 'with none'
is "$(agent-audit log --json -t exit idle | jq '.body.usage.cpu_us > 0')" true \
    'the exit record says so, in microseconds'

# ---- bytes ----------------------------------------------------------------------

turns fat "$(call 'head -c 3M </dev/zero >f; sleep 60')" "$say"
SECONDS=0
status 79 'a limit of bytes written ends a call that is under way' \
    run -m script:fat --max-bytes 2M --name fat hi
ok "$([ $SECONDS -lt 40 ]; echo $?)" 'before it ends by itself'
like "$err" 'limit of bytes written' 'and says which'
is "$(usage fat '.usage.bytes >= 3 * 1048576')" true 'all of it counts'
status 0 'a higher one goes further' run -r fat --max-bytes 1G
turns three "$(call 'head -c 100K </dev/zero >a' 'head -c 100K </dev/zero >b' 'echo c >c')" "$say"
status 79 'the calls behind are not made' \
    run -m script:three --max-bytes 50K --name three hi
is "$(ls "$(usage three .workspace)")" a 'when one met it'
status 0 'until there is more' run -r three --max-bytes 1G
is "$(ls "$(usage three .workspace)")" $'a\nb\nc' 'then they are, once each'
is "$(agent-audit log --json -t tool.call three | jq -r .body.call | sort -u | wc -l)" 3 \
    'in the same turn'
is "$(usage three '.usage.bytes >= 200 * 1024 and .usage.bytes < 400 * 1024')" true \
    'what is written is counted once'
turns quiet "$(call 'head -c 9M </dev/zero | cat >/dev/null; head -c 9M </dev/zero >/tmp/x')" "$say"
status 0 'pipes, devices and the private /tmp' \
    run -m script:quiet --max-bytes 1M --name quiet hi
if [ "$(usage quiet .usage.bytes)" -lt 1048576 ]; then
	ok 0 'are no bytes of a disk'
else
	ok 1 'are no bytes of a disk'
fi

# In memory nothing is written back: there, what is handed to write(2) counts.
if unshare -m true 2>/dev/null; then
	mkdir ram
	# shellcheck disable=SC2016
	status 79 'in a file system in memory it is held all the same' \
	    unshare -m bash -c 'mount -t tmpfs none ram && mkdir ram/w &&
	    exec agent-run -q -w ram/w -m script:three --max-bytes 50K --name ram hi'
	is "$(usage ram '.usage.bytes >= 100 * 1024')" true 'by the bytes of write(2)'
else
	ok 0 "in a file system in memory # SKIP cannot mount here"
fi

# ---- counted once ---------------------------------------------------------------

is "$(agent-audit log --json three | jq -s '
    (map(select(.type == "tool.result") | .body.bytes) | add) ==
    (map(select(.type == "exit")) | last | .body.usage.bytes)')" true \
    'over several runs, the sum of the results is the usage'
turns long "$(call "$spin; sleep 60")" "$say"
agent-run -q -m script:long --name long hi >/dev/null 2>&1 &
pid=$!
for _ in $(seq 200); do
	agent-audit log -t tool.call long >/dev/null 2>&1 &&
		[ "$(agent-audit log --json -t tool.call long | wc -l)" -gt 0 ] && break
	sleep 0.05
done
sleep 0.3
kill -TERM $pid
wait $pid
is "$(agent-audit log --json -t exit long | jq '.body.lost.cpu_us > 0')" true \
    'what a call took that was stopped is in the exit record'
is "$(usage long '.usage.cpu_milliseconds > 0')" true 'and counts'

# ---- words ----------------------------------------------------------------------

turns hi "$say"
for bad in '--max-cpu 0' '--max-cpu x' '--max-bytes 0' '--max-bytes -1' \
    '--max-bytes x' '--max-children -1' '--max-children x'; do
	# shellcheck disable=SC2086
	status 64 "$bad is a usage error" run -m script:hi $bad hi
done
echo '{"limits":{"cpu_seconds":9,"bytes":4096,"children":0}}' >image
status 0 'an image may set them' run -m script:hi -i image --max-children 3 --name img hi
is "$(usage img '.limits | tojson')" '{"cpu_seconds":9,"bytes":4096,"children":3}' \
    'options win'
status 0 'no children is a limit' run -m script:hi --max-children 0 --name none hi
is "$(usage none '.left | tojson')" '{"children":0}' 'and not the absence of one'
done_testing
