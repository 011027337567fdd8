#!/bin/bash
# 2,000 turns of 4 KiB of text, a bundle after each: what is stored, and what
# pruning leaves.
. "$SRC/tests/cli/tap.sh"
turns=2000
[ "${ASAN_OPTIONS-}" = '' ] || turns=400 # which is slow; the figures hold, too
raw=$((turns * 4096))
mkdir work
work=$PWD/work
# Syncs are not what is looked at, and here there are ten thousand.
if quick=$(mktemp -d /dev/shm/agentutils-test.XXXXXX 2>/dev/null); then
	trap 'rm -rf "$quick"' EXIT
	cd "$quick" || exit 1
	export AGENT_ROOT=$quick/root
fi
ulimit -Sn 256 # fewer than there are bundles

# shellcheck disable=SC2016
"$SRC/scripts/turns" $turns \
    '{"name":"run_command","arguments":{"command":"echo $$-$RANDOM >stamp; echo >>log"}}' \
    >script.jsonl
jq -es "length == $turns + 1 and all(.[:-1][]; .content | length == 4096)" \
    script.jsonl >out
is "$(cat out)" true 'each turn has 4 KiB of text'

status 0 'an agent runs that often' \
    agent-run -q -w "$work" -m script:script.jsonl --ckpt turn --name a x
dir=root/agents/$(agent-ps --json a | jq -r .id)
stored() { cat "$dir"/ckpt/*.tar.zst | wc -c; }
# within NAME VALUE LIMIT, both times the new bytes
within() {
	awk -v v="$2" -v l="$3" -v raw=$raw 'BEGIN {
		printf "# %.2f\n", v / raw; exit v > l * raw }'
	is $? 0 "$1 at most $3 times the new bytes"
}
mapfile -t seqs < <(agent-ckpt list --json a | jq -r .seq)
is ${#seqs[@]} $((turns + 1)) 'there is a bundle of each turn, and the first'
journal=$(stat -c %s "$dir/journal.jsonl")
within 'the journal is' "$journal" 1.8
within 'bundles of every turn are' "$(stored)" 1.15

# tail N of the bundles' sizes, which is N of their ages
mapfile -t sizes < <(for s in "${seqs[@]}"; do
	stat -c %s "$dir/ckpt/$s.tar.zst"; done)
quarter=$((turns / 4))
sum() { printf '%s\n' "$@" | awk '{ n += $1 } END { print n }'; }
first=$(sum "${sizes[@]:1:quarter}") last=$(sum "${sizes[@]: -quarter}")
is $((last * 100 / first < 115)) 1 \
    "a late turn stores what an early one does ($first, $last)"

# What a fork has are hard links.
cp -al "$dir/ckpt" fork
sha256sum fork/* >sums
middle=${seqs[turns / 2]}
agent-ckpt restore --to want "a@$middle"

status 0 'older ones are folded by eights' \
    agent-ckpt prune --keep 64 --each 8 a
is "$(agent-ckpt list --json a | tail -n 64 | jq -r .seq | xargs)" \
    "${seqs[*]: -64}" 'the newest 64 stay'
within 'then bundles are' "$(stored)" 0.9
within 'and all that is stored is' $((journal + $(stored))) 2.5
status 0 'what is left is sound' agent-ckpt verify a
before=$(stored)
status 0 'it can be done again' agent-ckpt prune --keep 64 --each 8 a
is "$(stored)" "$before" 'and finds nothing to do'

status 0 'links to the old bundles are what they were' sha256sum -c --quiet sums
status 0 'and are sound' agent-ckpt verify "fork/$middle.tar.zst"
agent-ckpt restore --to got "fork/$middle.tar.zst"
status 0 'and give the files of then' diff -r want got

status 0 'all but a few are folded' agent-ckpt prune --keep 20 --daily 7 a
is "$(agent-ckpt list --json a | wc -l)" 20 'twenty stay'
within 'which are' "$(stored)" 0.8
status 0 'and sound' agent-ckpt verify a
status 0 'and a next one follows' agent-ckpt save a
status 0 'which is sound' agent-ckpt verify a

# The same while it runs, turn by turn.
sed -n '1,100p;$p' script.jsonl >hundred.jsonl
status 0 'an agent may thin out its bundles itself' \
    agent-run -q -w "$work" -m script:hundred.jsonl --ckpt turn --ckpt-keep 16 --name b x
dir=root/agents/$(agent-ps --json b | jq -r .id) raw=$((100 * 4096))
n=$(agent-ckpt list --json b | wc -l)
is $((n < 50 && n >= 16)) 1 "of 100 bundles some stay ($n)"
within 'which are' "$(stored)" 0.9
status 0 'and sound' agent-ckpt verify b
done_testing
