#!/bin/bash
# agent-send --attach: files reach the model and the workspace, and lead
# nowhere else.
. "$SRC/tests/cli/tap.sh"

for i in $(seq 20); do jq -cn --arg t "reply $i" '{content:$t}'; done >many.jsonl
new() { agent-run -q -m script:many.jsonl --name "$1" go >/dev/null; }
mails() { agent-audit log --json -t mail "$1" | jq -r "$2"; }
folder() { echo "$AGENT_ROOT/agents/$(agent-ps --json "$1" | jq -r .id)"; }
parts() { # of the model's last message
	local id
	id=$(agent-audit log --json -t model.call "$1" | tail -n 1 | jq .seq)
	agent-audit show --request "$id" "$1" | jq -r '.messages[-1].content'
}

new a
work=$(folder a)/work
printf 'line one\nline two\n' >notes.txt
printf '\x89PNG\r\n\x1a\n0000' >pic.png
printf 'RIFF0000WAVEfmt ' >beep
head -c 100 /dev/zero >data.bin
status 0 'files are sent with a message' agent-send --attach notes.txt \
	--attach pic.png --attach beep --attach data.bin a 'see these'
status 0 'the agent runs' agent-run -q -r a
is "$(parts a | jq -r '.[0].text')" $'[message from user]\nsee these' \
	'the model is told the text'
is "$(parts a | jq -r '.[1].text')" \
	$'[attachment notes.txt, text/plain, 18 bytes, in inbox/notes.txt]\nline one\nline two' \
	'what a text says'
is "$(parts a | jq -r '.[3].image_url.url' | sed 's/^data:image\/png;base64,//' | base64 -d | cmp - pic.png)" '' \
	'and shown an image'
like "$(parts a | jq -r '.[4].text')" '^\[attachment beep, audio/wav, 16 bytes, in inbox/beep\]$' \
	'sound is named'
like "$(parts a | jq -r '.[5].text')" '^\[attachment data.bin, application/octet-stream' \
	'and so is anything else'
same=0
for f in notes.txt pic.png beep data.bin; do cmp "$f" "$work/inbox/$f" || same=1; done
ok "$same" 'all of them are in the workspace'
agent-ckpt save a >/dev/null
is "$(agent-ckpt cat a inbox/notes.txt | cmp - notes.txt)" '' 'and in a checkpoint of it'
status 0 'which verifies' agent-ckpt verify a
status 0 'the requests can be rebuilt' agent-audit replay a
status 0 'the chain holds' agent-audit verify a

agent-send --attach notes.txt a
agent-run -q -r a >/dev/null
is "$(find "$work/inbox" -name '*notes.txt' | wc -l)" 1 'the same file again is the same file'
echo other >notes.txt
agent-send --attach notes.txt a
agent-run -q -r a >/dev/null
is "$(cat "$work"/inbox/*-notes.txt) $(head -n 1 "$work/inbox/notes.txt")" 'other line one' \
	'another of that name replaces nothing'
like "$(parts a | jq -r '.[1].text')" 'in inbox/[0-9a-f]{8}-notes.txt' 'and the model is told where it is'
head -c 200000 /dev/zero | tr '\0' x >long.txt
agent-send --attach long.txt --label tainted a
agent-run -q -r a >/dev/null
like "$(parts a | jq -r '.[1].text' | head -n 1)" 'the first 65536 bytes' 'of a long text the beginning is shown'
is "$(stat -c %s "$work/inbox/long.txt")" 200000 'the file is whole'
is "$(mails a '.body.labels | tojson' | tail -n 1)" '["tainted"]' 'a label goes with it'

# ---- what is hostile --------------------------------------------------------------------

mkdir elsewhere
new b
work=$(folder b)/work
ln -s "$PWD/elsewhere" "$work/inbox"
agent-send --attach beep b
status 0 'a link in the place of the folder' agent-run -q -r b
is "$(ls elsewhere)" '' 'is not followed'
like "$(parts b | jq -r '.[1].text')" 'not in the workspace' 'and the model is told'
rm "$work/inbox"
mkdir "$work/inbox"
echo victim >elsewhere/victim
ln -s "$PWD/elsewhere/victim" "$work/inbox/beep"
agent-send --attach beep b
agent-run -q -r b >/dev/null
is "$(cat elsewhere/victim)" victim 'nor is one in the place of a file'
is "$(cmp beep "$work"/inbox/*-beep)" '' 'beside which it lies'
mkfifo "$work/inbox/data.bin"
agent-send --attach data.bin b
status 0 'a pipe in its place blocks nothing' timeout 20 agent-run -q -r b
new=$(folder b)/mail/new
forged() { # N TEXT: a letter of this text
	printf '%s' "$2" >"$new/post.000000000000000000$1.e954618c9b64990e"
}
blob=$(printf missing | sha256sum | cut -d' ' -f1)
file() { printf '{"name":"%s","type":"text/plain","bytes":%d,"blob":"%s"}' "$1" "$2" "$3"; }
real=$(sha256sum beep | cut -d' ' -f1)
forged 1 '{"kind":"message","from":"x","text":"","attachments":['"$(file a 7 "$blob")"']}'
forged 2 '{"kind":"message","from":"x","text":"","attachments":['"$(file ../../a 16 "$real")"']}'
forged 3 '{"kind":"message","from":"x","text":"","attachments":['"$(file .profile 16 "$real")"']}'
forged 4 '{"kind":"message","from":"x","text":"","attachments":['"$(file a 17 "$real")"']}'
forged 5 '{"kind":"message","from":"x","text":"good","attachments":['"$(file good 16 "$real")"']}'
status 0 'letters whose attachments are none' agent-run -q -r b
is "$(find "$new/../bad" -type f | wc -l)" 4 'are put aside'
is "$(mails b .body.text | tail -n 1) $(cmp beep "$work/inbox/good")" 'good ' 'a good one is taken'
is "$(find "$work" "$(folder b)" -maxdepth 1 -name a -o -maxdepth 1 -name .profile)" '' 'and nothing else appears'

status 66 'a file that is not there' agent-send --attach nowhere a x
status 64 'a file with an event' agent-send --event x --attach beep a
status 64 'a label that is none' agent-send --label hot a x
many=()
for i in $(seq 17); do many+=(--attach beep); done
status 64 'more than 16 files' agent-send "${many[@]}" a x
cp beep .hidden
status 65 'a name that hides' agent-send --attach .hidden a x
cp beep $'two\nlines'
status 65 'a name of two lines' agent-send --attach $'two\nlines' a x
truncate -s 33M large
status 65 'more than 32 MiB' agent-send --attach large a x
printf 'sesame-open-12' >key
printf 'the key is sesame-open-12\n' >leak.txt
status 77 'a file that holds a secret is not sent' \
	env AGENT_SECRETS="KEY=file:$PWD/key" agent-send --attach leak.txt a x
status 0 'but without it is' env AGENT_SECRETS="KEY=file:$PWD/key" agent-send --attach notes.txt a x
done_testing
