#!/bin/bash
# agent-send: what is told to an agent reaches its model, in order and once.
. "$SRC/tests/cli/tap.sh"

say() { jq -cn --arg t "$1" '{content:$t}'; }
told() { # the model's last request
	local id
	id=$(agent-audit log --json -t model.call "$1" | tail -n 1 | jq .seq)
	agent-audit show --request "$id" "$1" | jq -r '.messages[].content'
}
mails() { agent-audit log --json -t mail "$1" | jq -r "${2-.body.text}"; }
box() { # the mailbox's files
	find "$AGENT_ROOT/agents/$(agent-ps --json "$1" | jq -r .id)/mail" -type f
}
folder() { echo "$AGENT_ROOT/agents/$(agent-ps --json "$1" | jq -r .id)"; }

for i in $(seq 30); do say "reply $i"; done >many.jsonl
new() { agent-run -q -m script:many.jsonl --name "$1" go >/dev/null; }

# ---- messages -------------------------------------------------------------------------

status 66 'a root that is not there has no agents' agent-send a hello
new a
status 0 'a message to an agent that does not run' agent-send a 'hello there'
is "$out$err" '' 'says nothing when all is well'
is "$(box a | wc -l)" 1 'and waits in its mailbox'
is "$(stat -c %a "$(box a)")" 600 'which is its owner'"'"'s alone'
like "$(agent-ps a)" 'done \+1 ' 'where it is seen'
is "$(agent-ps --json a | jq .mail)" 1 'and counted'
status 0 'the agent goes on' agent-run -q -r a
is "$out" 'reply 2' 'with another turn'
is "$(told a | tail -n 2)" $'[message from user]\nhello there' \
	'in which the model is told, and by whom'
is "$(box a)" '' 'and the mailbox is empty'
status 0 'with nothing new the agent does nothing' agent-run -q -r a
is "$(agent-audit log -t model.call a | wc -l)" 2 'it does not ask its model again'
for i in 1 2 3 4 5 6 7 8 9; do agent-send --from "ci-$((i % 2))" a "n$i"; done
agent-run -q -r a >/dev/null
is "$(mails a .body.text | tail -n 9 | xargs)" 'n1 n2 n3 n4 n5 n6 n7 n8 n9' \
	'messages are taken in the order in which they were sent'
like "$(told a)" 'message from ci-1' 'under the name that was given'
status 0 'the standard input is a message' sh -c 'seq 3 | agent-send a -'
status 0 'a result can be had as JSON' agent-send --json a more
is "$(jq -r .agent <<<"$out")" "$(agent-ps --json a | jq -r .id)" 'with the agent'
agent-run -q -r a >/dev/null
is "$(mails a | tail -n 5 | xargs)" '1 2 3 more' 'and both arrive'
is "$(jq -r .mail <<<"$out")" "$(mails a .body.mail | tail -n 1)" \
	'whose record has the name that was printed'
status 0 'an event is sent' agent-send --event built a ok
status 0 'also without a text' agent-send --event built a
agent-run -q -r a
is "$(mails a '[.body.kind, .body.event, .body.text] | join(" ")' | tail -n 2)" \
	$'event built ok\nevent built ' 'and is recorded'
unlike "$(told a)" 'built' 'and is no message'
status 0 'the chain holds' agent-audit verify a

tmp=$(folder a)/mail/tmp
touch -d '2 days ago' "$tmp/old"
touch "$tmp/young"
agent-send a sweep
agent-run -q -r a >/dev/null
is "$(ls "$tmp")" young 'what a sender left that died long ago is removed'
rm "$tmp/young"

# ---- between agents -------------------------------------------------------------------

# tell TO TEXT: a call of send_message.
tell() { jq -cn --arg to "$1" --arg t "$2" '{tool_calls:[{name:"send_message",arguments:{to:$to,text:$t}}]}'; }
results() { agent-audit log --json -t tool.result "$1" | jq -r '.body | "\(.status) \(.text)"'; }
new b
b=$(agent-ps --json b | jq -r .id)
{ tell b first; tell "$b" second; tell self third; say end; say more; } >talk.jsonl
talk() { # NAME OPTION…: an agent that tells b and itself
	local name=$1
	shift
	agent-run -q -m script:talk.jsonl --name "$name" "$@" go
}
status 0 'an agent that may not send to another goes on' talk shy
is "$(results shy | cut -d' ' -f1 | xargs)" 'denied denied ok' \
	'but only to itself may it send'
is "$(box b)" '' 'and nothing is in the other mailbox'
status 0 'one that may does' talk bold --allow "send agent:$b"
is "$(results bold | cut -d' ' -f1 | xargs)" 'ok ok ok' 'by name and by id'
is "$(told bold | tail -n 2)" \
	"[message from $(agent-ps --json bold | jq -r .id)]"$'\nthird' \
	'and is told what it told itself'
status 0 'a grant may be for a name' talk byname --allow 'send agent:b'
is "$(results byname | cut -d' ' -f1 | xargs)" 'ok ok ok' 'and holds for its id'
agent-run -q -r b >/dev/null
is "$(mails b | xargs)" 'first second first second' 'the messages arrive, in order'
is "$(mails b .body.from | sort -u | wc -l)" 2 'under the senders'"'"' ids'
status 0 'a denial holds for oneself too' talk mute --deny 'send agent:*'
is "$(results mute | cut -d' ' -f1 | xargs)" 'denied denied denied' 'and by any name'
{ tell nobody hello; tell parent hello; say end; } >talk.jsonl
status 0 'whom there is not' talk lost --allow 'send agent:*'
is "$(results lost | xargs)" "failed no agent nobody failed no agent parent" \
	'is told to who may send to all'
status 0 'and to who may not' talk blind
is "$(results blind | cut -d' ' -f1 | xargs)" 'denied denied' 'is as if denied'
head -c 262145 /dev/zero | tr '\0' x >long.txt
{
	jq -cn --rawfile t long.txt '{tool_calls:[{name:"send_message",arguments:{to:"b",text:$t}}]}'
	tell b asked
	say end
} >talk.jsonl
status 0 'a text that is too long is not sent' talk long --allow 'send agent:b'
is "$(results long | cut -d' ' -f1 | xargs)" 'failed ok' 'and the model is told'
{ tell b asked; say later; say end; } >talk.jsonl
printf '%s\n' 'ask send agent:b' >ask.policy
talk asks -g ask.policy >/dev/null
is "$(results asks | cut -d' ' -f1)" pending 'a message may need a person'"'"'s word'

# Labels travel with what is told.
{ tell b tainted; say end; } >talk.jsonl
agent-run -q -r b >/dev/null
talk clean --allow 'send agent:b' >/dev/null
agent-run -q -r b >/dev/null
is "$(mails b '.body.labels | tojson' | tail -n 1)" null 'what is told has no label'
talk dirty --label tainted --allow 'send agent:b' >/dev/null
agent-run -q -r b >/dev/null
is "$(mails b '.body.labels | tojson' | tail -n 1)" '["tainted"]' \
	'but that of its sender'"'"'s context'
status 0 'the chain holds' agent-audit verify b

# A policy marks what comes from where.
printf '%s\n' 'mark tainted human:web' "mark secret agent:$b" >marks.policy
agent-run -q -m script:many.jsonl --name marked -g marks.policy go >/dev/null
agent-send --from web marked one
agent-send --from ci marked two
agent-send --label secret marked three
agent-run -q -r marked >/dev/null
is "$(mails marked '.body | "\(.text) \(.labels | tojson)"' | sort)" \
	$'one ["tainted"]\nthree ["secret"]\ntwo null' \
	'a mark labels what its sender sends, and so does who sends it'

# A family.
# A child's turns are counted from its parent's on.
{ say past; tell parent 'hello, parent'; say end; } >kid.jsonl
new mother
kid=$(agent-fork --goal work mother)
status 0 'a child tells its parent' agent-run -q -r "$kid" -m script:kid.jsonl
{ say past; tell "$kid" 'hello, child'; say end; } >mother.jsonl
status 0 'and its parent it, without a grant' agent-run -q -r mother -m script:mother.jsonl
is "$(mails mother '.body | "\(.kind) \(.text)"')" \
	$'message hello, parent\nexit end' 'which is told of its end as well'
agent-run -q -r "$kid" -m script:many.jsonl >/dev/null
is "$(mails "$kid")" 'hello, child' 'both arrive'
like "$(told mother)" "\\[agent $kid has ended: done\\]" 'the model is told how a child ended'
{ say past; say past; say past; say past; tell a hello; say end; } >kid.jsonl
agent-send "$kid" go
agent-run -q -r "$kid" -m script:kid.jsonl >/dev/null
like "$(agent-audit log --json -t tool.call "$kid" | tail -n 1 | jq -r .body.decision.verdict)" '^deny$' \
	'others are others to a child, too'

# ---- what is refused ------------------------------------------------------------------

status 66 'nobody by that name' agent-send nobody hello
like "$err" "nobody" 'and it is named'
status 64 'a message without a text' agent-send a
status 64 'a text of two words' agent-send a hello there
status 64 'an unknown option' agent-send --loud a hello
status 64 'an event whose name is no word' agent-send --event 'a b' a
status 64 'an agent'"'"'s id as a sender' \
	agent-send --from "$(agent-ps --json a | jq -r .id)" a hello
status 64 'a sender with a line break' agent-send --from $'x]\ny' a hello
status 65 'an empty message' agent-send a ''
status 65 'a text that is not UTF-8' agent-send a $'\xff\xfe'
status 65 'a text with a NUL byte' sh -c 'printf "a\0b" | agent-send a -'
status 65 'a text that is too long' \
	sh -c 'head -c 262145 /dev/zero | tr "\0" x | agent-send a -'
status 0 'but not one byte less' \
	sh -c 'head -c 262144 /dev/zero | tr "\0" x | agent-send a -'
agent-run -q -r a >/dev/null
is "$(told a | tail -n 1 | wc -c)" 262145 'which the model gets whole'
status 78 'no place for the root' env -u HOME -u AGENT_ROOT -u XDG_STATE_HOME \
	agent-send a hello
printf 'sesame-open-12' >key
status 77 'a file that holds a secret' \
	env AGENT_SECRETS="KEY=file:$PWD/key" agent-send --attach key a x
agent-send a 'ours: sesame-open-12'
AGENT_SECRETS="KEY=file:$PWD/key" agent-send a 'theirs: sesame-open-12'
agent-run -q -r a >/dev/null
is "$(mails a | tail -n 2)" $'ours: sesame-open-12\ntheirs: «secret:KEY»' \
	'a secret that is known is not sent'
status 74 'an output that cannot be written' \
	sh -c 'agent-send --json a x >/dev/full'
agent-run -q -r a >/dev/null
full=$(folder a)/mail/new
seq -f "$full/%g" 10000 | xargs touch
status 75 'a mailbox that is full' agent-send a hello
like "$err" 'has to run' 'and what to do about it'
rm "$full/1"
seq -f "$full/%g" 2 10000 | xargs rm
status 0 'has room again' agent-send a hello
: >"$(folder a)/agent.json"
status 0 'a damaged agent still has a mailbox' \
	agent-send "$(basename "${full%/mail/new}")" x
done_testing
