#!/bin/bash
# shellcheck disable=SC2317 # functions are called by name
# An agent that forks itself is killed at each call of each kind by which it
# changes anything, and goes on: its children were made once, and it knows
# them.
. "$SRC/tests/cli/tap.sh"
. "$SRC/tests/cli/forkcrash.sh"

# One more goal: the first may not have come to be recorded.
after_run() {
	agent-run -q -r a more >out 2>err || tell "goes on: $(cat err)"
	settled 2
	[ "$(agent-audit log --json -t tool.result a | jq -r .body.text | grep -c "^$(children | head -1)\$")" = 1 ] ||
		tell 'it was not told their ids'
	agent-audit replay a >out 2>err || tell "replay: $(cat err)"
}
for call in mkdirat linkat renameat fdatasync; do
	inject $call signal=KILL '0|137' after_run agent-run -q -r a more
done
done_testing
