#!/bin/bash
# agent-fork: children of an agent that does not run.
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root

cat >m.jsonl <<'E'
{"content":"first","tool_calls":[{"name":"write_file","arguments":{"path":"a/b.txt","content":"one\n"}}]}
{"content":"said"}
{"content":"next","tool_calls":[{"name":"run_command","arguments":{"command":"cat a/b.txt; echo two >>a/b.txt; ls"}}]}
{"content":"gone on"}
{"content":"more"}
{"content":"more"}
E
agent-run -q -m script:m.jsonl --name lead \
    --allow 'call tool:pay uses 3' 'do it' >/dev/null
lead=$(agent-ps --json lead | jq -r .id)
work=root/agents/$lead/work
ln -s b.txt "$work/a/link"
ln "$work/a/b.txt" "$work/hard"
chmod 750 "$work/a/b.txt"
mkfifo "$work/pipe"
mkdir "$work/left"
echo x >"$work/left/out"
echo /left >"$work/.agentignore"

# ---- the whole way -------------------------------------------------------------
status 0 'a child is made' agent-fork --name kid --goal 'go on' lead
kid=$out
is "$(agent-ps --json "$kid" | jq -r '"\(.name) \(.state) \(.turns) \(.goal)"')" 'kid ready 0 go on' \
    'which is ready, with its goal and no turns yet'
is "$(agent-ps --json kid | jq -r .parent)" "$lead" 'whose parent is named'
is "$(agent-ps --tree | awk '{ print $1 ~ /^0/ ? "top" : "" }' | sed -n 2p)" top 'agent-ps --tree has the parent'
like "$(agent-ps --tree | sed -n 3p)" '^  0' 'and the child below it'
copy=root/agents/$kid/work
is "$(cat "$copy/a/b.txt")" one 'the workspace is a copy'
is "$(stat -c '%a %Y' "$copy/a/b.txt")" "$(stat -c '%a %Y' "$work/a/b.txt")" 'modes and times too'
is "$(readlink "$copy/a/link")" b.txt 'links as well'
is "$(stat -c %h "$copy/hard") $(stat -c %h "$work/hard")" '2 2' 'hard links within the copy'
is "$(find "$copy" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)" '.agentignore a hard' 'but for what .agentignore names, and fifos'
is "$(agent-run -q -r kid)" 'gone on' 'it goes on where its parent stood'
is "$(xargs <"$copy/a/b.txt")" 'one two' 'in its own workspace'
is "$(cat "$work/a/b.txt")" one "and not in its parent's"
is "$(agent-ps --json lead kid | jq -r .turns | xargs)" '2 2' 'turns are counted apart'

# ---- history --------------------------------------------------------------------
is "$(agent-audit log --json kid | jq -r .seq | awk '$1 != NR' | wc -l)" 0 'its history is its parent'"'"'s and its own, one chain'
at=$(jq -r .forked.seq "root/agents/$kid/agent.json")
is "$(agent-audit show "$at" kid)" "$(agent-audit show "$at" lead)" 'to the record that was forked from'
is "$(agent-audit show "$at" lead | jq -r .type)" seal "its parent's last"
is "$(agent-audit log --json -t fork lead | jq -r '.body.at, .body.children[0].id, .body.children[0].name, .body.text' | xargs)" \
    "$at $kid kid go on" 'the parent records which child was made of what'
is "$(agent-audit log --json -t born kid | jq -r '.seq, .body.fork.agent // ""' | xargs)" "1 $((at + 1)) $lead" \
    'the child whose it is'
is "$(sha256sum "root/agents/$kid/fork.jsonl" | cut -d ' ' -f 1)" \
    "$(agent-audit log --json -t fork lead | jq -r .body.base)" 'and the workspace at that point is kept by its digest'
is "$(jq -r 'select(.path == "work/a/b.txt").sha256' "root/agents/$kid/fork.jsonl")" \
    "$(printf 'one\n' | sha256sum | cut -d ' ' -f 1)" 'with the digest of each file'
status 0 'the whole is verified' agent-audit verify kid
status 0 'the request of a model call is rebuilt' agent-audit show --request $((at + 4)) kid
rm -rf "root/agents/$lead"
status 0 'also when the parent is deleted' agent-audit verify kid
status 0 'and the child goes on' agent-run -q -r kid --max-turns 9 'once more'
rm "root/agents/$kid/state"
status 0 'also from its records alone' agent-run -q -r kid --max-turns 9 'and more'
sed -i 's/"created":"20/"created":"19/' "root/agents/$kid/agent.json"
status 65 'a changed description is damage' agent-audit verify kid

# ---- authority --------------------------------------------------------------------
agent-run -q -m script:m.jsonl --name boss --allow 'connect net:example.org:443' \
    --allow 'call tool:pay uses 3' --deny 'read file:secret' 'do it' >/dev/null
boss=$(agent-ps --json boss | jq -r .id)
status 0 'a child of one with more authority' agent-fork --name heir boss
status 0 'has it' agent-grant check heir connect net:example.org:443
status 1 'with its denials' agent-grant check heir read file:secret
status 1 'but not what may be used so often only' agent-grant check heir call tool:pay
status 0 'which its parent keeps' agent-grant check boss call tool:pay
agent-grant give heir 'allow connect net:other.org:443' >/dev/null
status 1 'what it is given later does not reach beyond its parent' \
    agent-grant check heir connect net:other.org:443
printf '%s\n' 'allow read file:**' >narrow
status 0 'a policy narrows' agent-fork --name small -g narrow boss
status 0 'to what it says' agent-grant check small read file:x
status 1 'and no more' agent-grant check small write file:x
status 1 'and keeps the denials above' agent-grant check small read file:secret
agent-grant revoke --because 'too much' boss g2 >/dev/null
status 1 'what is revoked of the parent is revoked of the child' \
    agent-grant check heir connect net:example.org:443
printf '%s\n' 'allow connect net:evil.org:443' >wide
agent-run -q -m script:m.jsonl --name f0 --allow 'read file:**' 'do it' >/dev/null
for i in $(seq 16); do
	printf '%s\n' 'allow read file:**' "deny read file:x$i" >"narrow$i"
	agent-fork --name "f$i" -g "narrow$i" "f$((i - 1))" >/dev/null || break
done
status 0 'a policy narrows sixteen times' agent-grant check f16 read file:y
status 1 'and all of them hold' agent-grant check f16 read file:x1
status 77 'a seventeenth is refused' agent-fork --name f17 -g narrow f16
like "$err" 'narrowed 16 times' 'and says why'
status 77 'also to a child with what the parent has' agent-fork f16
is "$(agent-ps --json | jq -r 'select(.state == "damaged").id') $(ls -A root/agents/.new)" ' ' 'and leaves nothing'
status 0 'the parent goes on' agent-run -q -r f16
status 77 'more than the parent has is refused' agent-fork -g wide boss
like "$err" 'evil.org.*more than agent' 'and named'
printf '%s\n' 'allow call tool:pay' >finite
status 77 'and so is what the parent has so often only' agent-fork -g finite boss

# ---- limits ---------------------------------------------------------------------------
agent-run -q -m script:m.jsonl --name thrift --max-turns 8 'do it' >/dev/null
status 0 'children share what is left' agent-fork -n 2 --name share thrift
is "$(agent-ps --json share-1 share-2 | jq -c .limits | xargs)" '{turns:2} {turns:2}' 'in equal parts'
status 79 'more than is left then is refused' agent-fork --max-turns 7 thrift
status 0 'less is not' agent-fork --max-turns 1 thrift

# ---- while it runs --------------------------------------------------------------------
cat >slow.jsonl <<'E'
{"content":"a","tool_calls":[{"name":"run_command","arguments":{"command":"echo begin >f; until [ -e go ]; do sleep 0.05; done; echo end >>f"}}]}
{"content":"b"}
{"content":"c"}
E
agent-run -q -m script:slow.jsonl --name run 'do it' >run.out 2>&1 &
pid=$!
for _ in $(seq 400); do
	run=$(agent-ps --json run 2>/dev/null | jq -r .workspace)
	[ -e "$run/f" ] && break
	sleep 0.05
done
agent-fork --name live --goal 'now you' run >live.out 2>&1 &
fork=$!
for _ in $(seq 400); do
	find "$run/../mail" -name 'command.*' 2>/dev/null | grep -q . && break
	sleep 0.05
done
is "$(ls root/agents/.new)" '' 'a fork of an agent that runs waits while a call changes its workspace'
touch "$run/go"
wait $fork
is $? 0 'and is made behind that, by who runs it'
wait $pid
is "$(xargs <"$(agent-ps --json live | jq -r .workspace)/f")" 'begin end' 'so that its files are whole'
is "$(agent-audit log --json run | jq -r .type | sed -n '/tool.result/,$p' | sed -n 2,4p | xargs)" \
    'fork command model.call' 'before the next decision'
status 0 'all of it is proved' agent-audit verify run
is "$(agent-run -q -r live)" b 'and the child goes on'

# ---- what is not done ---------------------------------------------------------------
status 64 'none at all is a usage error' agent-fork
status 64 'and so is a crowd' agent-fork -n 1001 boss
status 64 'and a name that cannot be one' agent-fork --name 'a b' boss
status 66 'a child of nobody' agent-fork nobody
status 66 'a policy that is not there' agent-fork -g absent boss
echo 'allow fly' >bad
status 78 'a policy that cannot be read' agent-fork -g bad boss
status 73 'a name that is taken' agent-fork --name heir boss
agent-fork --name pair-2 boss >/dev/null
before=$(ls root/agents)
status 73 'also when one of several is taken' agent-fork -n 3 --name pair boss
is "$(ls root/agents)" "$before" 'no child is left of these'
is "$(ls -A root/agents/.new)" '' 'nor what was prepared'
agent-run -q -m script:m.jsonl --name poor --max-turns 3 'do it' >/dev/null
status 79 'a limit that does not leave each child a part' agent-fork poor
status 74 'a full standard output is an error' sh -c 'agent-fork boss >/dev/full'
echo '{"content":"late","delay":"20s"}' >slow
agent-run -q -m script:slow --name busy hi >/dev/null 2>&1 &
pid=$!
for _ in $(seq 200); do
	agent-audit log -t model.call busy >/dev/null 2>&1 && break
	sleep 0.05
done
status 75 'an agent that runs and does not look up' agent-fork --wait 1s busy
kill -KILL $pid
wait $pid 2>/dev/null
status 0 'once it is dead' agent-fork --name orphan busy
is "$(agent-ps --json orphan | jq -r .state)" ready 'its child asks its model anew'
sed -i '3s/grant/goals/' "root/agents/$boss/journal.jsonl"
rm "root/agents/$boss/state"
status 65 'a damaged history is not gone on from' agent-fork boss
status 0 '--help' agent-fork --help

done_testing
