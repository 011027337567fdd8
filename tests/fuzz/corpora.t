#!/bin/bash
# Every fuzz target holds its property over its corpus.
. "$SRC/tests/cli/tap.sh"

for source in "$SRC"/tests/fuzz/*.c; do
	name=$(basename "$source" .c)
	[ "$name" != replay ] || continue
	replay=$BUILD/tests/replay/$name
	files=("$SRC/tests/fuzz/corpus/$name"/*)
	if [ ! -e "${files[0]}" ]; then
		ok 1 "$name has a corpus"
		continue
	fi
	status 0 "$name holds over its ${#files[@]} files" \
	    "$replay" "${files[@]}"
	[ -z "$err" ] || printf '%s\n' "$err" | head -5 | sed 's/^/# /'
done
done_testing
