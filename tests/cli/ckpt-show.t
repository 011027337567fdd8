#!/bin/bash
# agent-ckpt show and list: what an agent was doing, for people, for programs,
# from a file alone, and when somebody wants to be misunderstood.
# shellcheck disable=SC2016
. "$SRC/tests/cli/tap.sh"

cat >script.jsonl <<'END'
{"content":"I write.","tool_calls":[{"name":"write_file","arguments":{"path":"src/a","content":"1\n"}},{"name":"write_file","arguments":{"path":"src/b","content":"2\n"}}],"usage":{"input_tokens":7,"output_tokens":2}}
{"content":"I change\nthings.","tool_calls":[{"name":"run_command","arguments":{"command":"echo more >>src/a; rm src/b; echo new >c; chmod 700 src"}}]}
{"content":"user\n    forged\u001b[31m\u202e"}
{"content":"More.","tool_calls":[{"name":"write_file","arguments":{"path":"d","content":"4\n"}}]}
{"content":"The end."}
END
mkdir ws
seq 2000 >ws/given
agent-run -q -m "script:$PWD/script.jsonl" -w ws --ckpt turn --name one 'The goal.' >/dev/null
seqs() { agent-ckpt list --json one | jq -r .seq; }
mapfile -t s < <(seqs)
dir=$AGENT_ROOT/agents/$(agent-ps --json one | jq -r .id)/ckpt
changes() { awk '$1 ~ /^(added|removed|changed|changes)$/ { $1 = $1; print }' <<<"$out"; }

# ---- what changed --------------------------------------------------------------------------

status 0 'show of the first' agent-ckpt show "one@${s[0]}"
is "$(changes)" '' 'says nothing of changes'
status 0 'show of a delta' agent-ckpt show "one@${s[1]}"
is "$(changes)" $'added src\nadded src/a\nadded src/b' 'knows from its parent what is new'
status 0 'of another' agent-ckpt show "one@${s[2]}"
is "$(changes)" $'added c\nchanged src\nchanged src/a\nremoved src/b' \
    'and what is changed or gone'
agent-ckpt save --full one >/dev/null
mapfile -t s < <(seqs)
status 0 'of a full one, nothing having changed' agent-ckpt show "one@${s[-1]}"
is "$(changes)" '' 'it says nothing'
echo 5 >>ws/c
rm ws/given
agent-ckpt save --full one >/dev/null
status 0 'of a full one' agent-ckpt show one
is "$(changes)" $'changed c\nremoved given' 'the parent beside it tells'
status 0 '--json' agent-ckpt show --json one
is "$(jq -r '.changes[] | .change + " " + .path' <<<"$out")" \
    $'changed c\nremoved given' 'has the same'
is "$(jq -r '[.manifest.kind, .state.messages, .grants.base] | join(" ")' <<<"$out")" \
    'full 8 true' 'beside manifest, state and grants'

# ---- who is asked ----------------------------------------------------------------------------

cat >ask.jsonl <<'END'
{"content":"May I?","tool_calls":[{"name":"run_command","arguments":{"command":"true"}}]}
{"content":"I wait."}
END
printf 'allow read,write file:**\nask exec exec:/bin/sh\n' >policy
agent-run -q -m "script:$PWD/ask.jsonl" --ckpt exit -g policy --name asks x >/dev/null 2>&1
status 0 'of one that waits for a person' agent-ckpt show asks
like "$out" '^state +waiting$' 'it says so'
like "$out" '^pending +.*exec' 'and what is asked'
like "$out" '^grant +ask exec exec:/bin/sh$' 'and what asked it'

# ---- alone, and from a pipe ---------------------------------------------------------------

mapfile -t s < <(seqs)
mkdir alone
cp "$dir/${s[-1]}.tar.zst" alone/full.tar.zst
cp "$dir/${s[2]}.tar.zst" alone/delta.tar.zst
agent-ckpt export -o whole.tar.zst one
agent-ckpt show --messages one >messages
cp "$AGENT_ROOT/key.pub" mine.pub
root=$AGENT_ROOT
unset AGENT_ROOT
export HOME=$PWD/nowhere
for how in alone/full.tar.zst -; do
	status 0 "a full bundle alone ($how) is shown" \
	    bash -c 'agent-ckpt show "$0" <alone/full.tar.zst' $how
	is "$(changes)" 'changes unknown: parent missing' 'and what it cannot tell is said'
	like "$out" '^goal +The goal\.$' 'the rest is there'
	is "$(agent-ckpt show --json $how <alone/full.tar.zst | jq .changes)" null \
	    'in JSON it is null'
	status 66 'its conversation is not' \
	    bash -c 'agent-ckpt show --messages "$0" <alone/full.tar.zst' $how
	like "$err" "missing" 'and that is said, too'
done
for how in alone/delta.tar.zst -; do
	status 0 "a delta alone ($how) is shown" \
	    bash -c 'agent-ckpt show "$0" <alone/delta.tar.zst' $how
	is "$(changes)" $'changed c\nchanged src/a\nremoved src/b' 'with what it holds'
done
for how in whole.tar.zst -; do
	status 0 "an exported one ($how) has all" \
	    bash -c 'agent-ckpt show --messages --key mine.pub "$0" <whole.tar.zst' $how
	is "$out" "$(cat messages)" 'its conversation, too'
done
AGENT_ROOT=$root
export AGENT_ROOT

# ---- the conversation -------------------------------------------------------------------------

is "$(sed -n '/^user/,$p' messages)" 'user
    The goal.
assistant
    I write.
  call write_file {"path":"src/a","content":"1\n"}
  call write_file {"path":"src/b","content":"2\n"}
tool write_file
    wrote src/a, 2 bytes
tool write_file
    wrote src/b, 2 bytes
assistant
    I change
    things.
  call run_command {"command":"echo more >>src/a; rm src/b; echo new >c; chmod 700 src"}
tool run_command
assistant
    user
        forged\x1b[31m<U+202E>' 'messages are told by role, text and calls'
status 0 'show --messages --json' agent-ckpt show --messages --json one
is "$(jq -r .role <<<"$out" | xargs)" \
    'system user assistant tool tool assistant tool assistant' 'is a message a line'
is "$(jq -r 'select(.tool_calls) | .tool_calls[].function.name' <<<"$out" | xargs)" \
    'write_file write_file run_command' 'with its calls'
is "$(jq -r 'select(.role == "tool").content' <<<"$out" | head -n 1)" \
    'wrote src/a, 2 bytes' 'and results'
is "$(agent-ckpt show --messages --json "one@${s[1]}" | jq -r .role | xargs)" \
    'system user assistant tool tool' 'of an older bundle it is what was said by then'
agent-run -q -r one 'Go on.' >/dev/null
status 0 'the living one' agent-audit show --request \
    "$(agent-audit log --json one | jq -r 'select(.type == "model.call").seq' | tail -n 1)" one
request=$out
agent-ckpt save one >/dev/null
is "$(agent-ckpt show --messages --json one | head -n "$(jq '.messages | length' <<<"$request")")" \
    "$(jq -c '.messages[]' <<<"$request")" 'what is shown is what the model was sent'

# Records that were changed are not believed.
cp -r "$dir" forged
mapfile -t f < <(cd forged && printf '%s\n' * | sort -n)
printf '\1' | dd of="forged/${f[1]}" bs=1 seek=400 conv=notrunc status=none
status 65 'a changed bundle in the chain is found' \
    agent-ckpt show --messages "forged/${f[-1]}"
status 0 'the last one alone is as it was' agent-ckpt show "forged/${f[-1]}"
rm "forged/${f[1]}"
status 66 'as is a missing one' agent-ckpt show --messages "forged/${f[-1]}"
mkdir -p other
AGENT_ROOT=$PWD/other agent-run -q -m "script:$PWD/script.jsonl" x >/dev/null
status 65 'with the key of another nothing is shown' \
    agent-ckpt show --messages --key other/key.pub one
is "$out" '' 'not even a part'

# ---- states that are none --------------------------------------------------------------------

helper=$BUILD/tests/helpers/bundle
mkdir odd odd/tree
"$helper" save -f -S $'{"conversation":"c","tainted":true}\n' odd/tree odd plain >/dev/null
n=0
while IFS=$'\t' read -r want state grants; do
	n=$((n + 1))
	"$helper" save -f -S "$state"$'\n' -G "$grants"$'\n' odd/tree odd "odd$n" >/dev/null
	status "$want" "show of state $state, grants $grants" agent-ckpt show "odd/odd$n"
	status "$want" 'and --json' agent-ckpt show --json "odd/odd$n"
	[ "$want" != 0 ] || want=1
	status "$want" 'and diff' agent-ckpt diff "odd/odd$n" odd/plain
	status "$want" 'the other way round' agent-ckpt diff --state --json odd/plain "odd/odd$n"
	status 65 'its conversation is not proved' agent-ckpt show --messages "odd/odd$n"
done <<'END'
0	{"conversation":"c"}	{}
0	{"conversation":"c","requests":["x",1,{"request":5},{"request":"r"}],"open_calls":{"a":1},"usage":[]}	{"grants":[1,{"line":5},{"line":"l"}]}
0	{"goal":7,"messages":"x","limits":3,"conversation":"c","state":null}	{"base":1,"grants":{}}
0	{"conversation":"c","usage":{"cost":-9007199254740991,"turns":-1,"milliseconds":-1,"input":9007199254740991,"output":9007199254740991}}	[]
65	{	{}
65	{}	nonsense
65	{"goal":"a","goal":"b"}	{}
END

status 1 'what has no name is compared, too' agent-ckpt diff odd/plain odd/odd2
is "$(grep -E '^(pending|grant)' <<<"$out" | xargs -n 3)" 'pending + ?
pending + ?
pending + ?
pending + r
grant + ?
grant + ?
grant + l' 'so that nothing hides'
status 65 'a conversation that no records make is not compared' agent-ckpt diff odd/plain one

# ---- on a terminal ----------------------------------------------------------------------------------

tty() { NO_COLOR=1 script -qec "$*" /dev/null </dev/null; }
evil=$(printf 'x\033]0;t\007\342\200\256y\nz')
printf '{"content":"%s","tool_calls":[{"name":"run_command","arguments":{"command":"echo %s"}}]}\n{"content":"%s"}\n' \
    'say \u001b[2J\u202e' '\u001b[2J\u202e' 'bye \u001b[2J\u202e' >evil.jsonl
mkdir evil
agent-run -q -m "script:$PWD/evil.jsonl" -w evil --ckpt exit --name evil "$evil" >/dev/null
printf 1 >"$(printf 'evil/\033[2J\342\200\256\nname')"
printf 1 >"$(printf 'evil/\377')"
agent-ckpt save evil >/dev/null
for verb in 'show evil' 'show --json evil' 'show --messages evil' \
    'show --messages --json evil' 'list evil' 'list --json evil' \
    'check evil goal=x text=y changed-only\ z' 'check --json evil goal=x changed-only\ z' \
    'diff --json evil one' 'diff evil one' 'verify evil'; do
	tty "agent-ckpt $verb" >shown 2>&1
	unlike "$(tr -d '\r' <shown)" $'\033|\342\200\256|\a' "$verb: a terminal obeys nothing of it"
	like "$(tr -d '\r' <shown)" '.' 'though it says something'
	is "$(iconv -f UTF-8 -t UTF-8 <shown >iconv.out 2>&1; echo $?)" 0 'and it is text'
done
status 0 'the same' agent-ckpt show evil
like "$out" '^goal +x\\x1b\]0;t\\x07<U\+202E>y\\x0az$' 'is shown by what it is'
like "$out" '^added +"\\033\[2J\\342\\200\\256\\nname"$' 'names as in diff'
done_testing
