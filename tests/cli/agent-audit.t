#!/bin/bash
# agent-audit: the history, shown and proved.
. "$SRC/tests/cli/tap.sh"

cat >m <<'EOF'
{"content":"look","tool_calls":[{"name":"write_file","arguments":{"path":"a","content":"b"}},{"name":"read_file","arguments":{"path":"/etc/shadow"}}]}
{"content":"done","usage":{"input_tokens":10,"output_tokens":4}}
{"content":"again"}
EOF
agent-run -q -m script:m --name a 'the goal' >/dev/null
dir=$AGENT_ROOT/agents/$(agent-ps --json a | jq -r .id)
log() { agent-audit log "$@"; }

# ---- log ------------------------------------------------------------------------

status 0 'log prints the records' log a
is "$(wc -l <<<"$out")" "$(wc -l <"$dir/journal.jsonl")" 'each in one line'
like "$(sed -n 4p <<<"$out")" '^    4 [0-9:.]{12} goal        the goal$' \
    'with number, time, type and what it says'
like "$out" 'tool.call   read_file deny \{"path":"/etc/shadow"\}' 'a refusal with its verdict'
like "$out" 'tool.call   write_file \{"path":"a"' 'an allowed call without one'
like "$out" 'model.reply end 10\+4 tokens done' 'a reply with its tokens'
status 0 '--json' log --json a
is "$(cmp - "$dir/journal.jsonl" <<<"$out" 2>&1)" '' 'is the journal as it stands'
status 0 '-t picks types' log -t tool.call --type goal a
is "$(awk '{ print $3 }' <<<"$out" | xargs)" 'goal tool.call tool.call' 'any number of them'
status 1 'when there is none of a type it is 1' log -t mail a
status 64 'an unknown type is a usage error' log -t maul a
like "$err" "no type 'maul'" 'and is named'
status 0 'options may stand before the verb' agent-audit -t goal log a

timeout 5 agent-audit log -f -t exit a >followed &
follower=$!
agent-run -q -m script:m -r a more >/dev/null
for _ in $(seq 60); do
	[ "$(wc -l <followed)" -lt 2 ] || break
	sleep 0.05
done
is "$(awk '{ print $3 }' followed | xargs)" 'exit exit' \
    '-f goes on with records as they are written'
kill $follower
wait $follower 2>/dev/null

# ---- show ------------------------------------------------------------------------

status 0 'show prints one record' agent-audit show 4 a
is "$out" "$(sed -n 4p "$dir/journal.jsonl")" 'as it stands'
status 66 'one that is not there is no such input' agent-audit show 4000 a
status 64 'a number that is none is a usage error' agent-audit show four a
status 64 'so is zero' agent-audit show 0 a
for seq in $(log --json -t model.call a | jq .seq); do
	status 0 "show --request rebuilds request $seq" agent-audit show --request "$seq" a
	is "$(printf %s "$out" | sha256sum | cut -c 1-64)" \
	    "$(agent-audit show "$seq" a | jq -r .body.request)" \
	    'to the bytes that were sent'
done
is "$(jq -r '[.messages[].role] | join(" ")' <<<"$out")" \
    'system user assistant tool tool assistant user' 'with the whole conversation'
like "$(jq -r '.messages[4].content' <<<"$out")" '^\[denied\]' \
    'where a result other than ok begins with its status'
status 65 'a record that is no model.call has no request' agent-audit show --request 1 a

# ---- verify ----------------------------------------------------------------------

head=$(agent-audit head a)
is "$head" "$(tail -n 1 "$dir/journal.jsonl" | sed 's/,"body":.*//' | tr -d '\n' | sha256sum | cut -c 1-64)" \
    'head is the digest of the last record'
status 0 'verify proves a history' agent-audit verify a
n=$(wc -l <"$dir/journal.jsonl")
is "$out" "$(basename "$dir"): $n records, sealed up to $((n - 1))
head $head" 'and says how much, and the head'
is "$(agent-audit verify --json a | jq -c '[.ok,.records,.seals,.sealed,.redacted,.unfinished,.head]')" \
    "[true,$n,2,$((n - 1)),0,0,\"$head\"]" 'as JSON too'
status 0 'a head from before is found' agent-audit verify --head "$head" a
status 1 'one that is not there is 1' agent-audit verify --head "${head//?/0}" a
status 64 'what is no digest is a usage error' agent-audit verify --head abc a
status 64 'an option of another verb is a usage error' agent-audit head --json a
like "$err" 'head: takes no --json' 'and is named'

cp -r "$dir" kept
# hurt NAME SED MESSAGE
hurt() {
	cp kept/journal.jsonl "$dir/journal.jsonl"
	LC_ALL=C sed -i "$2" "$dir/journal.jsonl"
	cmp -s kept/journal.jsonl "$dir/journal.jsonl" && ok 1 "$1: nothing changed"
	status 65 "damage: $1" agent-audit verify a
	like "$err" "$3" 'is found where it is'
	unlike "$out" 'records, sealed' 'and nothing is called proved'
}
hurt 'a byte of a body' '4s/the goal/the gaol/' 'record 4'
hurt 'a byte of a header' '5s/"time":"2/"time":"3/' 'record [56]'
hurt 'another type' '4s/"goal"/"mail"/' 'record [45]'
hurt 'a record that is gone' '6d' 'record [67]'
hurt 'two in another order' '5{h;d};6G' 'record [56]'
hurt 'a sum that fits another body' '4s/the goal/the gaol/;4s/"sum":"./"sum":"0/' 'record [45]'
hurt 'a line that is no record' '5s/.*/{}/' 'record 5|byte'
hurt 'a space where none belongs' '5s/"type"/ "type"/' 'record 5|byte'
status 65 'log stops at damage' log a
status 65 'so does head' agent-audit head a
seal=$(grep -n '"type":"seal"' kept/journal.jsonl | head -n 1 | cut -d : -f 1)

# A forger who can compute digests but has not the key.
forge() { # LINE SED: edit a body, then mend every sum and the chain
	local n=0 line head body prev sum
	cp kept/journal.jsonl forged
	LC_ALL=C sed -i "$1$2" forged
	prev=$(sha256sum <kept/agent.json | cut -c 1-64)
	while IFS= read -r line; do
		body=${line#*,\"body\":} body=${body%\}} head=${line%%,\"body\":*}
		sum=$(printf %s "$body" | sha256sum | cut -c 1-64)
		head=$(sed "s/\"prev\":\"[0-9a-f]*\"/\"prev\":\"$prev\"/;s/\"sum\":\"[0-9a-f]*\"/\"sum\":\"$sum\"/" <<<"$head")
		prev=$(printf %s "$head" | sha256sum | cut -c 1-64)
		printf '%s,"body":%s}\n' "$head" "$body"
	done <forged >"$dir/journal.jsonl"
}
head -c -20 kept/journal.jsonl >"$dir/journal.jsonl"
status 65 'a history cut before the last stop is found by its state' \
    agent-audit verify a
like "$err" 'record [0-9]+ is gone' 'which names what is gone'
mv "$dir/state" kept/state # from here on the chain alone is asked

forge 4 's/the goal/the gaol/'
status 65 'a history that was written anew fails at its first seal' agent-audit verify a
like "$err" "seal $seal" 'which is named'
mv "$AGENT_ROOT/key.pub" key.pub
status 0 'without the key the chain alone is proved' agent-audit verify a
status 1 'where a head that was kept finds it' agent-audit verify --head "$head" a
mv key.pub "$AGENT_ROOT/key.pub"
forge "$seal" 's/nothing//'
status 0 'the same forger with nothing changed passes' agent-audit verify a

cp kept/journal.jsonl "$dir/journal.jsonl"
head -n "$seal" kept/journal.jsonl >"$dir/journal.jsonl"
status 0 'a history cut at a seal is a history' agent-audit verify a
status 1 'but not the one with that head' agent-audit verify --head "$head" a
head -c -20 kept/journal.jsonl >"$dir/journal.jsonl"
status 0 'an unfinished group at the end is no damage' agent-audit verify --json a
ok "$([ "$(jq .unfinished <<<"$out")" -gt 0 ]; echo $?)" 'its length is told'
sed '4s/"body":.*/"body":null}/' kept/journal.jsonl >"$dir/journal.jsonl"
status 0 'a redacted body leaves the proof whole' agent-audit verify a
like "$out" '1 redacted' 'which says so'
like "$(log a)" 'goal +\(redacted\)' 'and log shows it'
: >"$dir/journal.jsonl"
status 65 'an empty journal is none' agent-audit verify a
cp kept/journal.jsonl "$dir/journal.jsonl"
status 0 'what is put back is proved' agent-audit verify a
sed -i 's/"id"/"id" /' "$dir/agent.json"
status 65 'the chain begins with agent.json' agent-audit verify "$(basename "$dir")"
cp kept/agent.json "$dir/agent.json"

blob=$(find "$AGENT_ROOT/blobs" -type f | head -n 1)
mv "$blob" blob
status 66 'a blob that is missing is no such input' agent-audit verify a
like "$err" "record [0-9]+: .*${blob##*/}" 'and is named with its record'
{ head -c 100 blob; echo; } >"$blob"
status 65 'one with other bytes is bad data' agent-audit verify a
like "$err" "record [0-9]+: .*${blob##*/}" 'and is named with its record'
mv blob "$blob"
status 0 'and all is well when it is back' agent-audit verify a

# ---- the rest ----------------------------------------------------------------------

cat >evil <<'EOF'
{"content":"\u001b[2J\u202e\u009b1m"}
EOF
agent-run -q -m script:evil --name evil hi >/dev/null
unlike "$(log evil)" $'\e|\u202e|\u009b' 'no escape sequence in a record reaches the output'
like "$(log evil)" 'x1b\[2J' 'it is shown as text'
for what in 'log --json evil' 'show 7 evil' 'show --request 6 evil'; do
	unlike "$(script -qec "agent-audit $what" /dev/null </dev/null)" $'\e|\u202e|\u009b' \
	    "nor, with ${what% evil}, a terminal"
done
like "$(agent-audit show 7 evil)" $'\u202e' 'while a pipe gets the bytes as they stand'
status 66 'an unknown agent is no such input' log nobody
status 66 'so is a root that is not there' log --root absent a
status 64 'a prefix of several is a usage error' log 0
status 64 'so is an unknown verb' agent-audit prove a
status 64 'and no verb' agent-audit
status 64 'and no agent' log
status 64 'and two' log a evil
status 78 'without a place for the root it is bad configuration' \
    env -u HOME -u AGENT_ROOT -u XDG_STATE_HOME agent-audit log a
for what in 'log a' 'log --json a' 'verify a' 'show 1 a' 'head a'; do
	status 74 "an output that cannot be written is 74: $what" \
	    bash -c "agent-audit $what >/dev/full"
done
done_testing
