#!/bin/bash
# The bench itself: every figure once, in the form that it promises.  Values
# are not looked at: nothing here is a timed test.
. "$SRC/tests/cli/tap.sh"

status 0 'bench --quick runs to its end' "$SRC/scripts/bench" --quick "$BUILD"
lines=$(cat tap.out)

figures='fdatasync spawn.sh spawn.small spawn.small.agent-exec
spawn.small.bwrap spawn.small.bwrap-bind spawn.small.ratio spawn.large
spawn.large.agent-exec spawn.large.bwrap spawn.large.bwrap-bind
spawn.large.ratio spawn.view
turn.command turn.command.cpu turn.command.ratio turn.list turn.list.cpu
turn.list.ratio network.spawn.without network.spawn network.direct
network.proxied network.ratio turn.report turn.report.cpu turn.report.ratio
mail.send mail.send.floor mail.send.ratio mail.send.second mail.take
mail.take.second
verify verify.bytes verify.ratio verify.rss
replay replay.bytes replay.ratio replay.rss
open.state open.agent-run open.without-cache journal.growth
memory.few memory.few.conversation memory.many memory.many.conversation
memory.growth start.true ckpt.growth ckpt.growth.bundles ckpt.growth.all
ckpt.growth.all.hex ckpt.growth.pruned ckpt.save bundle.delta
bundle.delta.git-status bundle.delta.git-status.ratio bundle.delta.git-commit
bundle.delta.git-commit.ratio bundle.full bundle.full.tar-zstd
bundle.full.tar-zstd.ratio bundle.restore bundle.restore.tar-zstd
bundle.restore.tar-zstd.ratio bundle.size bundle.show bundle.cat
load.agents load.idle
bundle.cat.plain html.turns html.journal html html.sha256sum.ratio html.rss
html.size export.otlp export.otlp.sha256sum.ratio export.otlp.rss export.csv
export.csv.sha256sum.ratio export.csv.rss fork.400-turns fork.bytes
fork.200-files fork.files.cp fork.files.cp.ratio fork.files.synced
fork.files.synced.ratio fork.files.worktree fork.files.worktree.ratio'
for program in "$BUILD"/bin/agent*; do
	[[ $program == *.[od] ]] && continue
	figures+=" start.${program##*/}.version start.${program##*/}.version.rss"
done
twice=
for figure in $figures; do
	n=$(printf '%s\n' "$lines" | awk -v f="$figure" '$1 == f' | wc -l)
	[ "$n" = 1 ] || twice+=" $figure:$n"
done
is "$twice" '' 'each figure is printed once'

# a difference of two noisy times may be below zero
form='^[a-z0-9.-]+ +-?[0-9.]+ +(ms|MiB|KiB|B|x|n|1/s) +(-|[<>]=[0-9.]+) +(ok|OVER)$'
is "$(printf '%s\n' "$lines" | grep -Ecv "$form")" 0 \
    'each line is a name, a value, a unit, a limit and a verdict'
is "$(printf '%s\n' "$lines" | awk '$4 == "-" && $5 != "ok"')" '' \
    'what has no limit is not over it'

status 64 'a driver refuses what is not a count' \
    "$BUILD/tests/bench/race" many -- true
status 70 'a command that fails ends a race' \
    "$BUILD/tests/bench/race" 1 -- false

done_testing
