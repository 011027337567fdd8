#!/bin/bash
# A short soak: what `make soak` does for minutes and hours.
. "$SRC/tests/cli/tap.sh"
command -v python3 >/dev/null || skip_all 'python3 is missing'
status 0 'families that are killed at random come to an end without drift' \
    "$SRC/scripts/soak" --minutes 0.2 --kill-every 0.5 --families 3 \
    --turns 12 --depth 1 --dir soak
like "$out" '[1-9][0-9]* kills' 'and there were kills'
like "$out" 'deed ok: [1-9]' 'and effects'

# ---- what it would find
ledger=soak/ledger/deeds
cp -r soak again
printf '%s' "$(head -c 27 "$ledger")" >>"$ledger"
status 1 'a deed that is done twice is found' "$SRC/scripts/soak" --prove soak
like "$out" 'done 2 times' 'and named'
rm -r soak
mv again soak
printf '{"mark":"0000000000000000"}' >>"$ledger"
status 1 'one that nobody asked for is found' "$SRC/scripts/soak" --prove soak
like "$out" 'in no history' 'and named'
done_testing
