#!/bin/bash
# agent-run --all: the scheduler.
# shellcheck source=tests/cli/tap.sh disable=SC2154,SC2317
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root
turns() {
	local name=$1
	shift
	printf '%s\n' "$@" >"$name"
}
call() { echo "{\"content\":\"c\",\"tool_calls\":[{\"name\":\"$1\",\"arguments\":$2}]}"; }
last='{"content":"done"}'
run() { agent-run -q --name "$1" -m "script:$PWD/$2" --max-turns "${3-99}" go >run.out 2>&1; }

status 0 'without a root there is nothing to do' agent-run --all
status 66 'but a root that was named must be there' agent-run --all --root "$PWD/none"
status 64 '--due goes with --all' agent-run --due x
status 64 '--all has no goal' agent-run --all x
status 64 'nor a secret that is read once' agent-run --all --secret k=fd:0
status 64 'nor -w' agent-run --all -w .

turns far "$(call sleep '{"seconds":900}')" "$last"
turns work "$(call list_files '{}')" "$(call list_files '{}')" "$last"
for i in 1 2 3; do run "limited$i" work 1; done
run far far
is "$(agent-ps --json | jq -r .state | sort | uniq -c | xargs)" '3 paused 1 waiting' \
    'agents at a limit, and one that waits'
status 75 '--due leaves them alone' agent-run --all --due
is "$out" '' 'and says nothing'
status 75 '--all tries each' agent-run --all
like "$out" "paused status 79: the limit of turns is met$" 'and why one ended as it did'
is "$(awk '{ print $2 }' <<<"$out" | sort | sort | uniq -c | xargs)" '3 paused 1 waiting:timer' \
    'a line an agent' 
status 75 'with a higher limit they go on' agent-run --all --max-turns 99 -j 2 --json
is "$(jq -r 'select(.agent and .status == 0).state' <<<"$out" | xargs)" 'done done done' \
    'to their end'
status 75 'those that are done are left alone' agent-run --all --json
is "$(jq -r .state <<<"$out")" waiting 'for good'
agent-run -q -r far 'go on' >/dev/null
status 0 'once all have ended the status is 0' agent-run --all --due

# ---- a ring ---------------------------------------------------------------------

# Two runs at once may close it: neither sees the other's wait.
turns first "$last" "$(call wait_agent '{"agents":["right"]}')" "$last"
turns second "$last" "$(call wait_agent '{"agents":["left"]}')" "$last"
run lead first
agent-fork --name left lead >/dev/null
agent-fork --name right lead >/dev/null
left=root/agents/$(agent-ps --json left | jq -r .id)
cp -a "$left" before
status 75 'one waits for another' agent-run -q -r left -m "script:$PWD/first" go
mv "$left" after
mv before "$left"
status 75 'which waits for it' agent-run -q -r right -m "script:$PWD/second" go
rm -r "$left"
mv after "$left"
status 75 'a ring that was closed behind its back' agent-run --all --due
like "$err" '2 agents wait for each other for ever: ([0-9A-Z]+) waits for [0-9A-Z]+ waits for [0-9A-Z]+$' \
    'is told of'
agent-send left 'wait no longer'
status 0 'and a message opens it' agent-run --all --until-idle
unlike "$err" 'for ever' 'for good'
done_testing
