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
args=(-m script:all -w ws --ckpt exit)

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

# ---- the workspace --------------------------------------------------------------------

like "$(jq -r 'select(.type=="note").body.withheld' inside/shows.log)" '^encoded
file' 'files that hold it are left out of bundles, which is recorded'
status 0 'agent-ckpt save' agent-ckpt save "${key[@]}" shut
like "$err" "'file' holds a secret" 'says so too'
touch ws/new
status 0 'what was left out' agent-ckpt restore "${key[@]}" shut
is "$(cat ws/file) $(ls ws)" "$value encoded
file
pieces.sh" 'is left alone when files are put back'
hidden 'and is in no bundle made on the way'

# ---- a placeholder is text ------------------------------------------------------------

turns holder "$(call write_file "$(jq -cn --arg m "$mark" '{path:"out",content:$m}')")" \
    "$(say ready)"
mkdir plain
want=0
run holder -m script:holder -w plain "${key[@]}" go
is "$(cat plain/out)" "$mark" 'what stands for a value in arguments is not replaced by it'

# ---- people ---------------------------------------------------------------------------

export AGENT_SECRETS='KEY=env:PASSPHRASE'
request=$(agent-grant pending --json shut | jq -r .request | head -n 1)
status 0 "a person's answer" agent-grant deny --because "not $value" "$request"
turns next "$(say one)" "$(say two)" "$(say three)" "$(say four)" "$(say five)" \
    "$(say six)" "$(say 'thank you')"
run again -m script:next "and $value"
hidden "AGENT_SECRETS hides it in a person's answer as --secret does" inside/*
status 0 'a tool that a person calls' agent-tool call again run_command \
    "$(arg command "printf '%s' '$value'")"
is "$out" "$mark" 'shows none'
hidden 'and its record holds none'
unset AGENT_SECRETS

# ---- a provider -----------------------------------------------------------------------

# serve SCENARIO: a JSON array, tests/fault-server.
serve() {
	if [ -n "$server" ]; then
		kill "$server" && wait "$server" 2>/dev/null
	fi
	rm -rf port log
	mkdir log
	printf '%s' "$1" >scenario
	"$SRC/tests/fault-server" scenario port log &
	server=$!
	for _ in $(seq 200); do [ -s port ] && break; sleep 0.02; done
	OPENAI_BASE_URL=http://127.0.0.1:$(cat port)/v1
	export OPENAI_BASE_URL
}
export OPENAI_API_KEY='sk-live/4711+abcdefghijklm=='
all_forms "$OPENAI_API_KEY" >>forms
echo="you sent '$OPENAI_API_KEY' and $(b64 "$OPENAI_API_KEY") and $value"
serve "$(jq -cn --arg e "$echo" '[{status:401,body:({error:{message:$e}}|tojson)}]')"
want=78
run refused -m openai:m "${key[@]}" hi
hidden "a provider's error that repeats its key is stored and shown without" inside/*
like "$(cat inside/shows.err)" 'you sent .«secret:OPENAI_API_KEY»' 'and else as it is'
long=$(printf '%0280d' 0)
serve "$(jq -cn --arg e "$long $OPENAI_API_KEY" '[{status:401,body:({error:{message:$e}}|tojson)}]')"
run cut -m openai:m hi
unlike "$(cat inside/*)" 'sk-live' 'also where the message is cut within it'

# Streams that fall into pieces at every byte of it.
pieces() { # TEXT SIZE
	jq -cn --arg t "$1" --argjson n "$2" '[[$t | range(0; length; $n) as $i | .[$i:$i+$n]
	    | {choices:[{index:0,delta:{content:.}}]}][],
	    {choices:[{index:0,delta:{},finish_reason:"stop"}]}, "data: [DONE]\n\n"]'
}
want=0
for size in 1 2 3 5 7; do
	serve "$(pieces "say $value, $OPENAI_API_KEY." "$size" |
	    jq -c --argjson n "$size" '[{headers:{"content-type":"text/event-stream"},body:.,split:$n}]')"
	run "stream$size" -m openai:m "${key[@]}" hi
	hidden "text that streams by $size is shown without it" inside/*
	is "$(cat inside/shows.out)" "say $mark, «secret:OPENAI_API_KEY»." 'and else whole'
done
status 0 'a short key is no secret' env OPENAI_API_KEY=none agent-run -q -m script:holder hi
unset OPENAI_API_KEY

# ---- going on ---------------------------------------------------------------------------

status 0 'an agent that has a grant with a secret' agent-run -q -m script:holder \
    --name with "${key[@]}" --allow 'connect net:a.example:443 with KEY' hi
status 78 'is not gone on with without it' agent-run -r with more
like "$err" "no secret 'KEY'" 'which is said'
status 0 'and is with it' agent-run -q -m script:next -r with "${key[@]}" more
status 66 'a variable that is not there' agent-run --secret K=env:NONE -m script:holder hi
status 64 'a value on the command line is refused' agent-run --secret K=hunter2hunter2 \
    -m script:holder hi
unlike "$err" hunter2 'and not repeated'

# ---- programs as models -----------------------------------------------------------

cat >model <<'EOF'
#!/bin/sh
env >model.env
echo '{"message":{"content":"ok"}}'
EOF
chmod +x model
export OTHER=there COPY="x$value"
status 0 'a program that is a model' env OPENAI_API_KEY=sk-0123456789 agent-run -q \
    -m "exec:$PWD/model" "${key[@]}" hi
is "$(grep -c '^OTHER=there' model.env)" 1 "gets the caller's environment"
is "$(grep -cE 'PASSPHRASE|COPY|API_KEY' model.env)" 0 'but for what holds a secret'
status 0 'one that is to have it' env AGENT_MODEL_ENV='COPY OPENAI_API_KEY' \
    OPENAI_API_KEY=sk-0123456789 agent-run -q -m "exec:$PWD/model" "${key[@]}" hi
is "$(grep -cE '^(PASSPHRASE|COPY|OPENAI_API_KEY)=' model.env)" 2 'gets what is named'
status 0 'agent-model' env OPENAI_API_KEY=sk-0123456789 \
    sh -c 'echo "{\"messages\":[]}" | agent-model -m "exec:$PWD/model"'
is "$(grep -c API_KEY model.env)" 0 'does the same'
serve "$(pieces "say $value." 3 | jq -c '[{headers:{"content-type":"text/event-stream"},body:.}]')"
status 0 'its output' env AGENT_SECRETS=KEY=env:PASSPHRASE sh -c 'echo "{\"messages\":[]}" | agent-model --stream -m openai:m'
is "$(jq -rs '[.[] | select(.type=="text").text] | add' <<<"$out") $(tail -n 1 <<<"$out" | jq -r .message.content)" \
    "say $mark. say $mark." 'holds none, in pieces and whole'

jq -n --arg m "exec:$PWD/model" '{model:$m}' >image
rm model.env
status 78 'an image does not choose a program to run' agent-run -i image hi
ok "$([ ! -e model.env ]; echo $?)" 'which is not started'
status 0 'unless the user does' agent-run -q -i image -m "exec:$PWD/model" hi

# ---- memory -------------------------------------------------------------------------------

cat >slow <<'EOF'
{"content":"wait","delay":"20s"}
EOF
# Its memory as a core file would have it: what gcore or a crash writes.
agent-run -m script:slow --name slow "${key[@]}" hi >slow.out 2>&1 &
pid=$!
for _ in $(seq 100); do grep -q agent slow.out && break; sleep 0.05; done
is "$(awk '/Max core file size/ {print $5 $6}' /proc/$pid/limits)" 00 \
    'a run that holds secrets may leave no core file'
read -ra children <"/proc/$pid/task/$pid/children"
ok "$((${#children[@]} == 0))" "a run has helpers"
for child in "${children[@]}"; do
	tr -d '\0' <"/proc/$child/environ" >child.environ
	is "$(grep -c hunter2 child.environ)" 0 'its helpers have none in their environment'
done
kill -ABRT $pid
wait $pid 2>/dev/null
is "$(find . -name 'core*' | wc -l)" 0 'not when it aborts'
done_testing
