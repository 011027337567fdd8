#!/bin/bash
# Files that were left out of a bundle for a secret stay out, and stay where
# they are, when the next command does not know the secret.
. "$SRC/tests/cli/tap.sh"

unset OPENAI_API_KEY ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN AGENT_SECRETS
export PASSPHRASE=correct-horse-battery OTHER=another-value-of-mine
key=(--secret KEY=env:PASSPHRASE) other=(--secret OTHER=env:OTHER)
both=("${key[@]}" "${other[@]}")

# in_bundles TEXT: how many bundles hold it.
in_bundles() {
	find "$AGENT_ROOT" -name '*.tar.zst' | while read -r b; do
		zstd -dcq "$b" | grep -ac -- "$1"
	done | grep -vc '^0$'
}
# index: what the newest bundle that names a path says of it.
index() {
	find "$AGENT_ROOT" -name '*.tar.zst' | sort -V | while read -r b; do
		zstd -dcq "$b" | tar -xOf - agent/index.jsonl
	done | grep -F "\"work/$1\"" | tail -n 1
}
# save OPTION…: a bundle; $bundle names it.
save() {
	status 0 "a save with ${*:-no secret}" agent-ckpt save "$@" w
	bundle=$out
}

printf '{"content":"ok"}\n%.0s' 1 2 >m
mkdir -p ws/sub
echo "it is $PASSPHRASE" >ws/env
echo "$PASSPHRASE" >ws/sub/deep
ln -s "$PASSPHRASE" ws/link
ln ws/env ws/second
echo one >ws/plain
status 0 'a run with the secret' agent-run -q -m script:m --name w -w ws --ckpt exit "${key[@]}" hi
for p in env link second sub/deep; do
	is "$(index $p)" "{\"path\":\"work/$p\",\"type\":\"withheld\",\"secret\":\"KEY\"}" \
	    "the index has $p as withheld, with the secret's name"
done
save "${key[@]}"
first=$bundle

# ---- without it ---------------------------------------------------------------------

echo written-later >ws/plain
save
like "$err" "'env' holds a secret: it is not in the bundle" 'says that it is left out still'
is "$(in_bundles "$PASSPHRASE")" 0 'and no bundle holds the value'
is "$(in_bundles written-later)" 1 'while other changes are saved (control)'
echo "and more: $PASSPHRASE" >>ws/env
ln ws/env ws/a
save
is "$(in_bundles "$PASSPHRASE")" 0 'nor once the file changed and has another name'
rm ws/a
rm -f "$AGENT_ROOT"/agents/*/index
save "${other[@]}"
is "$(in_bundles "$PASSPHRASE")" 0 'nor with another secret and no stat cache'
save --full
is "$(in_bundles "$PASSPHRASE")" 0 'nor in a full one'
status 0 'a run without it' agent-run -q -m script:m -r w --ckpt turn more
is "$(in_bundles "$PASSPHRASE")" 0 'leaves it out as well'
status 0 'which is sound' agent-ckpt verify w
status 0 'an export' agent-ckpt export -o exported w
is "$(zstd -dcq exported | tar -xOf - agent/index.jsonl | grep -c withheld)" 4 'names them as well'

# ---- going back ----------------------------------------------------------------------

status 0 'what a restore would do' agent-ckpt restore -n "$first"
is "$out" 'changed plain' 'leaves it out'
status 0 'a restore without the secret' agent-ckpt restore "$first"
is "$(cat ws/plain)" one 'puts files back'
is "$(cat ws/env)" "it is $PASSPHRASE
and more: $PASSPHRASE" 'leaves what is withheld as it stands'
is "$(cat ws/sub/deep) $(readlink ws/link)" "$PASSPHRASE $PASSPHRASE" 'all of it'
is "$(in_bundles "$PASSPHRASE")" 0 'and saves none of it on the way'
mv ws/sub/deep kept
status 1 'one that is missing' agent-ckpt restore "$first"
like "$out" 'conflict sub/deep: it held a secret' 'is named'
mv kept ws/sub/deep
save "${key[@]}"

echo harmless >ws/later
save
before=$bundle
echo "$PASSPHRASE" >ws/later
save "${key[@]}"
status 1 'a file that was saved before it held a secret' agent-ckpt restore "$before"
like "$out" 'conflict later: it holds a secret' 'is not overwritten, which is said'
is "$(cat ws/later)" "$PASSPHRASE" 'as no bundle has what stands there'

status 0 'a new folder' agent-ckpt restore --to new "$first"
like "$err" "'work/env' held a secret: it is not in the bundle" 'lacks it, which is said'
is "$(ls new)" 'plain
sub' 'and has the rest'
status 1 'a diff' agent-ckpt diff "$before" w
like "$out" '^new withheld later$' 'says that it is withheld'
status 1 'one in JSON' agent-ckpt diff --json "$before" w
like "$out" '"after":\{"type":"withheld","secret":"KEY"\}' 'names the secret'

# ---- in bundles again ------------------------------------------------------------------

echo "$OTHER $PASSPHRASE" >ws/env
save "${both[@]}"
is "$(index env)" '{"path":"work/env","type":"withheld","secret":"KEY OTHER"}' \
    'all secrets of a file are named'
echo "$OTHER" >ws/env
save "${key[@]}"
is "$(in_bundles "$OTHER")" 0 'it stays out as long as one of them is not given'
echo harmless now >ws/env
save
is "$(in_bundles 'harmless now')" 0 'or none is'
save "${both[@]}"
is "$(in_bundles 'harmless now')" 1 'and is saved again when it holds none of them'

# A workspace where nothing was withheld: the value is found by these means.
echo "$PASSPHRASE" >open
mkdir ws2
mv open ws2
status 0 'control: a run without the secret' agent-run -q -m script:m --name c -w ws2 --ckpt exit hi
is "$(in_bundles "$PASSPHRASE")" 1 'saves the value'

done_testing
