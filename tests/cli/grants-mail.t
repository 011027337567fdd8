#!/bin/bash
# Commands for an agent whose lock somebody else holds: by mail, once, and
# whatever lies in the mailbox.
. "$SRC/tests/cli/tap.sh"

sh() { jq -cn --arg c "$1" '{tool_calls:[{name:"run_command",arguments:{command:$c}}]}'; }
say() { jq -cn --arg t "$1" '{content:$t}'; }
{ sh 'touch begun; until [ -e stop ]; do sleep 0.05; done'; say over; say more; say more; } >slow.jsonl
say bye >bye.jsonl

# start NAME: an agent in the middle of a call; its folder is in $d.
start() {
	agent-run -q -m script:slow.jsonl --name "$1" go >"$1.out" 2>&1 &
	pid=$!
	for _ in $(seq 400); do
		d=$AGENT_ROOT/agents/$(agent-ps --json 2>/dev/null |
		    jq -r --arg n "$1" 'select(.name==$n).id')
		[ ! -e "$d/work/begun" ] || break
		sleep 0.05
	done
}
finish() {
	touch "$d/work/stop"
	wait "$pid"
}
lines() { agent-grant list "$1" | grep -cF "$2"; }
notes() { agent-audit log --json -t note "$1" | jq -r .body.why; }

# ---- by mail --------------------------------------------------------------------------

start a
status 0 'a command reaches who holds the lock' agent-grant give a 'allow send human:a'
is "$(lines a 'human:a')" 1 'and is in its journal when the program ends'
is "$(find "$d/mail" -type f | wc -l)" 0 'the mailbox is empty again'
is "$(stat -c %a "$d/mail" "$d/mail/new" | xargs)" '700 700' 'and its owner'"'"'s alone'
for i in 1 2 3 4 5 6; do agent-grant give a "allow send human:p$i" >/dev/null & done
for job in $(jobs -p); do [ "$job" = "$pid" ] || wait "$job"; done
is "$(lines a 'human:p')" 6 'six at the same moment are all taken'
mkdir "$AGENT_ROOT/trusted"
status 77 'what is refused is told' agent-grant give a 'allow send human:refused'
like "$err" 'refused' 'with where to look'
rmdir "$AGENT_ROOT/trusted"
finish
status 0 'the chain holds' agent-audit verify a

# Nobody takes it: the run is stopped, so that it holds the lock and sleeps.
start b
kill -STOP "$pid"
status 75 'who does not get an answer in time gives up' \
    agent-grant give --wait 0.3s b 'allow send human:b'
like "$err" 'nothing was changed' 'and says that nothing was done'
is "$(find "$d/mail" -type f | wc -l)" 0 'the command was withdrawn'
agent-grant give --wait 20s b 'allow send human:c' >given &
giver=$!
until ls "$d"/mail/new/command.* >/dev/null 2>&1; do sleep 0.02; done
kill -KILL "$giver"
wait "$giver" 2>/dev/null
kill -CONT "$pid"
finish
is "$(lines b 'human:b')" 0 'what was withdrawn takes no effect'
is "$(lines b 'human:c')" 1 'one whose sender died is taken all the same'
is "$(find "$d/mail" -type f | wc -l)" 0 'once'

# ---- a hostile mailbox ------------------------------------------------------------------

start m
agent-grant give m 'allow send human:one' >/dev/null
agent-audit log --json -t command m >record
jq -j .body.signed record >line
{ cat line; echo 'untrusted comment: agentutils signature'; jq -r .body.signature record; } >replay
nonce=$(jq -r .body.nonce record)
other=$(printf '%032d' 7)
cp replay "$d/mail/new/command.$nonce"
head -c 60 replay >"$d/mail/new/command.half"
cat line >"$d/mail/new/command.unsigned"
sed "1s/human:one/human:two/; 1s/$nonce/$other/" replay >"$d/mail/new/command.$other"
head -c 300000 /dev/zero >"$d/mail/new/command.huge"
ln -s /etc/passwd "$d/mail/new/command.link"
mkfifo "$d/mail/new/command.fifo"
mkdir "$d/mail/new/command.dir"
: >"$d/mail/new/command.empty"
echo 'not for us' >"$d/mail/new/hello"
status 0 'what lies in the mailbox blocks nothing' agent-grant give m 'allow send human:last'
finish
is "$(lines m 'human:two')" 0 'an edited command takes no effect'
is "$(lines m 'human:one')" 1 'a replayed one no second'
is "$(lines m 'human:last')" 1 'a good one does'
is "$(find "$d/mail/bad" -name 'command.*' | wc -l)" 9 'what is no command of ours is put aside'
is "$(find "$d/mail" -name hello)" "$d/mail/bad/hello" 'and so is what is no letter'
like "$(notes m)" '.' 'the journal notes it'
status 0 'and holds' agent-audit verify m
rm -rf "$d"/mail/bad/*

# One by one, by a holder that is not running: each for its own reason.
refused() { # NAME FILE WHY
	cp --no-dereference "$2" "$d/mail/new/command.x"
	agent-tool call m report '{"text":"x"}' >/dev/null 2>&1
	like "$(notes m | tail -n 1)" "$3" "$1"
}
agent-run -q -m script:bye.jsonl --name n go >/dev/null
agent-grant give n 'allow send human:n' >/dev/null
agent-audit log --json -t command n | jq -j .body.signed >foreign
{ echo 'untrusted comment: x'; agent-audit log --json -t command n | jq -r .body.signature; } >>foreign
refused 'a replay is noted' replay 'replay'
head -c 60 replay >half
refused 'half a line' half 'no command'
refused 'one without a signature' line 'no signature'
sed '1s/human:one/human:two/' replay >edited
refused 'one that was edited' edited 'does not match'
refused 'one for another agent' foreign 'for agent'
head -c 300000 /dev/zero >huge
refused 'one that is huge' huge 'larger than'
ln -s replay link
refused 'a link' link 'not a regular file'
if [ "$(id -u)" = 0 ]; then
	cp replay "$d/mail/new/command.y" && chown 65534 "$d/mail/new/command.y"
	agent-tool call m report '{"text":"x"}' >/dev/null 2>&1
	like "$(notes m | tail -n 1)" 'not a file of ours' "another user's"
fi
is "$(lines m 'human:two')" 0 'none of them took effect'
for i in $(seq 150); do : >"$d/mail/new/command.$i"; done
agent-tool call m report '{"text":"x"}' >/dev/null 2>&1
ok $(($(find "$d/mail/bad" -mindepth 1 | wc -l) > 110)) 'what is put aside has a bound'
is "$(find "$d/mail/new" -mindepth 1 | wc -l)" 0 'and the mailbox is emptied all the same'

# ---- crashes ---------------------------------------------------------------------------

command -v strace >/dev/null || { echo '# no strace: no crashes'; done_testing; }
start k
strace -f -o order.log -e trace=openat,write,fsync,fdatasync,rename,renameat,renameat2 \
    agent-grant give k 'allow send human:order' >/dev/null 2>&1
like "$(sed 's/^[0-9]* *//' order.log | grep -A9 'command\.' | grep -oE '^[a-z]+' | xargs)" \
    'write fsync renameat fsync' 'a delivery is durable: write fsync renameat fsync'
n=0
for at in write:1 write:2 fsync:1 renameat:1 fsync:2; do
	strace -f -o /dev/null -e "inject=${at%:*}:signal=KILL:when=${at#*:}" \
	    agent-grant give --wait 5s k "allow send human:k-${at/:/-}" >/dev/null 2>&1
	sleep 0.25
	[ "$(lines k "human:k-${at/:/-}")" -le 1 ] || n=$((n + 1))
done
is "$n" 0 'a sender killed at any step leaves the command taken once or not at all'
status 0 'and the next one gets through' agent-grant give k 'allow send human:next'
finish
status 0 'the chain holds' agent-audit verify k

# A holder that dies between the append and the removal takes it no second time.
start h
kill -STOP "$pid"
agent-grant give --wait 30s h 'allow send human:dies' >/dev/null 2>&1 &
giver=$!
until ls "$d"/mail/new/command.* >/dev/null 2>&1; do sleep 0.02; done
kill -KILL "$giver" "$pid"
wait "$giver" "$pid" 2>/dev/null
for at in renameat:1 fdatasync:1 unlinkat:1; do
	strace -f -o /dev/null -e "inject=${at%:*}:signal=KILL:when=${at#*:}" \
	    agent-tool call h report '{"text":"x"}' >/dev/null 2>&1
done
agent-tool call h report '{"text":"x"}' >/dev/null 2>&1
is "$(lines h 'human:dies')" 1 'a holder killed at any step takes a command once'
is "$(find "$d/mail" -type f | wc -l)" 0 'and leaves nothing behind'
status 0 'its chain holds' agent-audit verify h

# ROOT/revoked: durable, and whole or not there.
agent-run -q -m script:bye.jsonl --name r --allow 'send human:1' --allow 'send human:2' \
    --allow 'send human:3' go >/dev/null
strace -f -o order.log -e trace=openat,write,fsync agent-grant revoke r g2 2>/dev/null
like "$(sed 's/^[0-9]* *//' order.log | grep -A9 'revoked", O_RDWR' | grep -oE '^[a-z]+' | xargs)" \
    '^openat write fsync' 'a revocation is synced'
for call in write fsync; do
	strace -f -o /dev/null -P "$AGENT_ROOT/revoked" -e "inject=$call:error=EIO" \
	    agent-grant revoke r g3 >/dev/null 2>&1
	is $? 74 "a revocation whose $call failed is an I/O error"
done
strace -f -o /dev/null -P "$AGENT_ROOT/revoked" -e "inject=fsync:signal=KILL" \
    agent-grant revoke r g4 >/dev/null 2>&1
status 0 'after that the file can be read' agent-grant list r
status 0 'and the revocation made again' agent-grant revoke r g4
is "$(agent-grant list --json r | jq -r 'select(.revoked).grant' | xargs)" 'g2 g3 g4' \
    'each of them holds'
is "$(wc -l <"$AGENT_ROOT/revoked")" 3 'and is written once'
done_testing
