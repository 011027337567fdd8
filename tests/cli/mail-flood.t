#!/bin/bash
# A mailbox that is flooded: the model is given some at a time, memory and time
# are bounded, order is kept, and nobody is kept out by another.
. "$SRC/tests/cli/tap.sh"

for i in $(seq 50); do jq -cn --arg t "reply $i" '{content:$t}'; done >many.jsonl
new() { agent-run -q -m script:many.jsonl --name "$1" go >/dev/null; }
mails() { agent-audit log --json -t mail "$1" | jq -r "${2-.body.text}"; }
folder() { echo "$AGENT_ROOT/agents/$(agent-ps --json "$1" | jq -r .id)"; }

# flood FOLDER N: N letters of one sender, as one program would write them.
flood() {
	seq -f '{"kind":"message","from":"flood","text":"n%.0f"}' "$2" |
		split -l 1 -a 5 --numeric-suffixes=1 - \
			"$1/post.1795421815150750802.e954618c9b6"
}

# A hundred thousand take a minute to write and to remove.
many=3000
[ -z "${AGENT_TEST_SLOW-}" ] || many=99999

new a
agent-send a first
agent-run -q -r a >/dev/null
new=$(folder a)/mail/new
flood "$new" $many
is "$(find "$new" -type f | wc -l)" $many "$many letters wait"
[ "$many" = 3000 ] || status 75 'nobody can send one more' agent-send a more
status 0 'but a signal comes through' agent-send --signal pause a
agent-send --signal resume a
id=01HZZZZZZZZZZZZZZZZZZZZZZA
printf '{"kind":"message","from":"%s","text":"late"}' "$id" >"$new/$id.1.0"
status 79 'the agent runs' agent-run -q -r a --max-turns 5
is "$(mails a | head -n 97 | xargs)" \
	"first late $(seq -f n%.0f 95 | xargs)" \
	'it takes them in order, 32 before each model call, and others in between'
is "$(agent-audit log -t model.call a | wc -l)" 5 'and does nothing else'
left=$(find "$new" -type f | wc -l)
ok $((left < many - 200 || left > many - 95)) 'the rest waits' "$left"
printf '{"kind":"message","from":"flood","text":"%s"}' "$(head -c 200000 /dev/zero | tr '\0' x)" >big
for i in 1 2 3 4 5; do cp big "$new/post.000000000000000000$i.e954618c9b60000$i"; done
cp big "$new/$id.2.0"
agent-run -q -r a --max-turns 6 >/dev/null
is "$(mails a '.body.blob // empty' | wc -l)" 2 'large ones, fewer at a time'
status 0 'the chain holds' agent-audit verify a

# Nothing but junk, and nothing but events.
new b
agent-send b x && agent-run -q -r b >/dev/null
new=$(folder b)/mail/new
seq 3000 | split -l 1 -a 5 - "$new/junk"
agent-send b hello
status 0 'junk in a mailbox keeps nobody out' agent-run -q -r b
is "$(mails b | xargs)" 'x hello' 'what is a letter is taken'
is "$(find "$new" -type f | wc -l)" 0 'and nothing else stays'
is "$(find "$new/../bad" -type f | wc -l)" 100 'but some of it, to look at'
seq -f '{"kind":"event","event":"tick","from":"flood","text":"n%.0f"}' 500 |
	split -l 1 -a 5 --numeric-suffixes=1 - "$new/post.1795421815150750802.e954618c9b6"
status 0 'events that nobody waits for' agent-run -q -r b
is "$(mails b | tail -n 1) $(find "$new" -type f | wc -l)" 'n500 0' 'are all taken'
is "$(agent-audit log -t model.call b | wc -l)" 3 'and ask no model'
done_testing
