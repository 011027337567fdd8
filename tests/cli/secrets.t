#!/bin/bash
# shellcheck disable=SC2016  # names of tests with variables in them
# Registered secrets: what is stored or shown holds none of their values, as
# they are, in base64 or URL-encoded.
. "$SRC/tests/cli/tap.sh"

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT

# A value that JSON, base64 and URLs all write in their own way.
value='hunter2"/+K\y: 9%z€'
export PASSPHRASE=$value
unset OPENAI_API_KEY ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN

# Every form of it, one a line.
all_forms() {
	printf '%s\n' "$1"
	jq -cn --arg v "$1" '$v' | sed 's/^"//; s/"$//'
	jq -cn --arg v "$1" '$v | tojson' | sed 's/^"\\"//; s/\\""$//'
	jq -rn --arg v "$1" '$v | @uri'
	# what of base64 the value alone decides, at its three places
	printf '%s' "$1" | base64 -w0 | cut -c 1-24 && echo
	printf 'a%s' "$1" | base64 -w0 | cut -c 3-26 && echo
	printf 'ab%s' "$1" | base64 -w0 | cut -c 4-26 && echo
}
all_forms "$value" >forms

# All that a root and some files hold, bundles unpacked.
everything() {
	local b
	find "$AGENT_ROOT" -type f -not -path '*/work/*' -exec cat {} +
	find "$AGENT_ROOT" -name '*.tar.zst' | while read -r b; do
		zstd -dcq "$b"
	done
	cat "$@"
}
# hidden NAME FILE…: no form is anywhere in the root or the files.
hidden() {
	local name=$1
	shift
	everything "$@" | LC_ALL=C grep -aFon -f forms >found
	is "$(cat found)" '' "$name"
}
# turns FILE LINE…: a script: model.
turns() {
	local file=$1
	shift
	printf '%s\n' "$@" >"$file"
}
# say TEXT, call TOOL ARGUMENTS: lines of a script.
say() { jq -cn --arg t "$1" '{content:$t}'; }
call() { jq -cn --arg n "$1" --argjson a "$2" '{tool_calls:[{name:$n,arguments:$a}]}'; }
b64() { printf '%s' "$1" | base64 -w0; }
uri() { jq -rn --arg v "$1" '$v | @uri'; }
mark='«secret:KEY»'
key=(--secret KEY=env:PASSPHRASE)
arg() { jq -cn --arg v "$2" "{\"$1\":\$v}"; }

# run NAME OPTION… GOAL: shows.NAME.* keep all that is shown.
run() {
	local name=$1
	shift
	status "${want:-0}" "a run ($name)" bash -c 'agent-run "$@" 7>shows.events' - \
	    --events 7 --name "$name" "$@"
	cp tap.out shows.out
	cp tap.err shows.err
	agent-audit log --json "$name" >shows.log 2>&1
	for seq in $(agent-audit log --json -t model.call "$name" | jq .seq); do
		agent-audit show --request "$seq" "$name" >>shows.request 2>&1
	done
	rm -rf inside && mkdir inside
	mv shows.* inside
}

# ---- where a value can come from ---------------------------------------------------

mkdir pieces
cat >pieces.sh <<'EOF'
printf %s 'hunter2"/'; sleep 0.05; printf %s '+K\y:'; sleep 0.05
printf '%s\n' ' 9%z€'
cat file; base64 -w 5 file; printf a | cat - file | base64; cat encoded
EOF
mkdir ws
cp pieces.sh ws
printf %s "$value" >ws/file
uri "$value" >ws/encoded
turns all "$(jq -cn --arg v "$value" '{content:("I know " + $v + " and " + ($v|@base64) + " and " + ($v|@uri)),
    tool_calls:[{name:"run_command",arguments:{command:"sh pieces.sh"}}]}')" \
    "$(call read_file '{"path":"file"}')" \
    "$(call run_command "$(arg command "echo '$value' >/dev/null; printf %s '$(b64 "xx$value")'")")" \
    "$(call report "$(arg text "the key is $value")")" \
    "$(call ask_human "$(arg question "is it $value?")")" \
    "$(say "so it is $value")"
want=75
args=(-m script:all -w ws)

run open "${args[@]}" --allow 'send human:*' "use $value"
everything inside/* >stored
ok "$([ "$(LC_ALL=C grep -aFc -f forms stored)" -gt 20 ]; echo $?)" \
    'without --secret it is everywhere (control)'
for n in $(seq "$(wc -l <forms)"); do
	LC_ALL=C grep -aFq "$(sed -n "${n}p" forms)" stored
	ok $? "in each of its forms ($n, control)"
done
rm -rf "$AGENT_ROOT"

for how in '' -q --json; do
	run shut "${args[@]}" "${key[@]}" $how --allow 'send human:*' "use $value"
	hidden "no record, bundle, blob or output holds it (${how:-text})" inside/*
	[ "$how" = --json ] || rm -rf "$AGENT_ROOT"
done
is "$(jq -r 'select(.type=="goal").body.text' inside/shows.log)" "use $mark" \
    'what stands for it names it'
is "$(jq -r 'select(.type=="tool.result").body.text' inside/shows.log | grep -c KEY)" 7 \
    'in the results of tools'
is "$(grep -c 'use «secret:KEY»' inside/shows.request)" 6 \
    'and in each request to the model'
status 0 'the journal holds all the same' agent-audit verify shut
done_testing
