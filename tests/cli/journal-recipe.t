#!/bin/bash
# The shell recipes in agent-journal(5) prove a journal, and disprove a
# changed one.
. "$SRC/tests/cli/tap.sh"
page=$SRC/man/agent-journal.5

# recipe HEADING: the literal block below this .Ss, as people read it.
recipe() {
	awk -v want=".Ss $1" '
		$0 == want { here = 1 }
		here && /^\.Bd -literal/ { on = 1; next }
		on && /^\.Ed/ { exit }
		on' "$page" | sed 's/\\e/\\/g; s/\\&//g'
}
recipe 'The chain' >chain.sh
recipe 'The seals' >seals.sh
ok "$([ "$(wc -l <chain.sh)" -gt 10 ] && [ "$(wc -l <seals.sh)" -gt 5 ]; echo $?)" \
    'the page holds both recipes'
# shellcheck disable=SC2317 # by `status`
chain() { sh "$PWD/chain.sh" "$@"; }
# shellcheck disable=SC2317 # likewise
seals() { sh "$PWD/seals.sh" "$@"; }

cat >m.jsonl <<'END'
{"content":"look: \"body\":{} and ,\"body\":null}","tool_calls":[{"name":"list_files","arguments":{}},{"name":"nope","arguments":{}}]}
{"content":"done"}
END
agent-run -q -m script:m.jsonl --name a 'say "{\"sum\":\"x\"}" \n' >out
agent-run -q -m script:m.jsonl -r a 'again' >out 2>&1
id=$(agent-ps --json a | jq -r .id)
dir=$AGENT_ROOT/agents/$id
n=$(wc -l <"$dir/journal.jsonl")

status 0 'the chain of a fresh agent is proved' chain "$dir"
is "$out" "$n records, head $(agent-audit head a)" \
    'with the count and the head that agent-audit gives'
status 0 'its seals are proved with signify' seals "$dir" "$AGENT_ROOT/key.pub"
is "$(grep -c sealed <<<"$out")" 2 'each of them'

status 0 'and that of a child' agent-fork --name kid a
kid=$AGENT_ROOT/agents/$out
status 0 'behind what it was forked from' chain "$kid"
is "$out" "$(agent-audit log --json kid | wc -l) records, head $(agent-audit head kid)" \
    'to the same head'

# changed SEQ SED-EXPRESSION: a copy of the agent with one line edited.
changed() {
	rm -rf copy
	cp -r "$dir" copy
	LC_ALL=C sed -i "$1$2" copy/journal.jsonl
	! cmp -s "$dir/journal.jsonl" copy/journal.jsonl
}
for what in '4 a_goal|4s/again/agein/;4s/say/sey/' '5 a_time|5s/T\(.\)/T9/' \
    '5 a_number|5s/"seq":5/"seq":6/' '6 a_type|6s/model.call/model.cell/' \
    '7 a_body|7s/look/lock/' '6 a_prev|6s/"prev":"./"prev":"x/' \
    '7 a_sum|7s/"sum":"./"sum":"x/' '3 a_line|3d' '3 an_order|3{h;d};4G'; do
	name=${what%%|*} edit=${what#*|}
	changed '' "$edit"
	ok $? "the copy is changed (${name/_/ })"
	status 1 'and the recipe finds it' chain copy
done

# Every single byte of one record but the last: header and body.
record=7 missed=0 tried=0
size=$(sed -n ${record}p "$dir/journal.jsonl" | wc -c)
start=$(head -n $((record - 1)) "$dir/journal.jsonl" | wc -c)
head -n $((record + 1)) "$dir/journal.jsonl" >short
rm -rf copy
mkdir copy
cp "$dir/agent.json" copy
for ((i = 0; i < size; i += 37)); do
	cp short copy/journal.jsonl
	old=$(tail -c +$((start + i + 1)) short | head -c 1)
	[ "$old" = '~' ] && new=+ || new='~'
	printf %s "$new" | dd of=copy/journal.jsonl bs=1 seek=$((start + i)) \
	    conv=notrunc status=none
	tried=$((tried + 1))
	chain copy >/dev/null 2>&1 && missed=$((missed + 1))
done
cp short copy/journal.jsonl
status 0 'a journal up to any record is proved' chain copy
is "$missed" 0 "a changed byte anywhere in a record is found ($tried tried)"

changed '' 's/"type":"born","more":true,\(.*\)"body":.*/"type":"born","more":true,\1"body":null}/'
status 0 'a redacted body leaves the chain whole' chain copy
status 0 'and agent-audit agrees' cp -r copy/journal.jsonl "$dir/journal.jsonl"
status 0 'on the redacted journal' agent-audit verify a
like "$out" 'redacted' 'and says that there is one'

changed '' 's/"sig":"[^A]/"sig":"A/;t;s/"sig":"A/"sig":"B/'
status 1 'a changed signature is refused by signify' seals copy "$AGENT_ROOT/key.pub"
signify-openbsd -G -n -p other.pub -s other.sec
status 1 'and so is a seal under another key' seals "$dir" other.pub
status 0 'while the true one is not' seals "$dir" "$AGENT_ROOT/key.pub"
done_testing
