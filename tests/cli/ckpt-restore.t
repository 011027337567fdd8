#!/bin/bash
# agent-ckpt restore and import: an agent goes back, is copied, and moves to
# another machine (here: to another root).  Crashes are ckpt-restore-crash.t's.
# shellcheck disable=SC2016,SC2317
. "$SRC/tests/cli/tap.sh"

mkdir tools
cat >tools/pay <<'EOF'
#!/bin/sh
[ "$1" != --describe ] || exec echo '{"name":"pay","description":"pays",
    "effect":"external","parameters":{"type":"object"}}'
echo paid
EOF
chmod +x tools/pay
# A model that keeps each request that it gets.
cat >model <<'EOF'
#!/bin/sh
n=$(cat count 2>/dev/null || echo 0)
echo $((n + 1)) >count
cat >request.$n
sed -n "$((n + 1))p" turns.jsonl | jq -c '{message: {role: "assistant",
    content: .content, tool_calls: [(.tool_calls // [])[] | {id: "c1",
    type: "function", function: {name, arguments: (.arguments | tojson)}}]},
    usage: {input_tokens: 10, output_tokens: 1}}'
EOF
chmod +x model
cat >turns.jsonl <<'EOF'
{"content":"first","tool_calls":[{"name":"write_file","arguments":{"path":"src/a","content":"one\n"}}]}
{"content":"second","tool_calls":[{"name":"run_command","arguments":{"command":"mkdir d e; seq 50 >d/a; ln d/a d/hard; ln -s a d/link; chmod 640 src/a; echo x >gone"}}]}
{"content":"I pay","tool_calls":[{"name":"pay","arguments":{"amount":5}}]}
{"content":"third","tool_calls":[{"name":"run_command","arguments":{"command":"echo two >src/a; rm -r d e gone; echo file >d; mkdir new; echo y >new/y; mkfifo pipe"}}]}
{"content":"I ask","tool_calls":[{"name":"ask_human","arguments":{"question":"which?"}}]}
{"content":"the end"}
{"content":"another second","tool_calls":[{"name":"run_command","arguments":{"command":"echo three >>src/a"}}]}
{"content":"another end"}
EOF
run() { agent-run -q "$@"; }
folder() { echo "$AGENT_ROOT/agents/$(agent-ps --json "$1" | jq -r .id)"; }
seqs() { agent-ckpt list --json "$1" | jq -r .seq; }
tree() {
	(cd "$1" && find . -mindepth 1 ! -type p -printf '%P %y %m %n %l\n' | sort
		find . -type f -exec sha256sum {} + | sort)
}
messages() { jq -c .messages "$1"; }
# records AGENT FILTER: jq over its journal.
records() { agent-audit --json log "$1" | jq -c "$2"; }
sound() {
	status 0 "$1 is sound: its journal" agent-audit verify "$1"
	status 0 'and its bundles, whose state is the fold of the records' \
	    agent-ckpt verify "$1"
}

# ---- going back ------------------------------------------------------------------

mkdir ws
status 75 'an agent works, and asks' run -m "exec:$PWD/model" -w ws --ckpt turn \
    --name worker --tools tools --allow 'call tool:pay uses 3' \
    --allow 'send human:*' 'the goal'
mapfile -t s < <(seqs worker)
cp -a ws end
for i in 1 2 3; do agent-ckpt restore --to "want.$i" "worker@${s[i]}" 2>omitted; done
dir=$(folder worker)
lines=$(wc -l <"$dir/journal.jsonl")
cp "$dir/journal.jsonl" before.jsonl

status 0 'restore -n' agent-ckpt restore -n "worker@${s[2]}"
is "$(grep -v -e ^external -e ^cancelled <<<"$out" | sort | xargs)" \
    'added d/a added d/hard added d/link added e added gone changed d changed src/a removed new removed new/y' \
    'says what would change'
like "$out" '^external [0-9]+ pay \{"amount":5\}$' 'which effects stay'
like "$out" '^cancelled .*which\?' 'and which requests are cancelled'
is "$(tree ws)" "$(tree end)" 'and changes no file'
cmp -s "$dir/journal.jsonl" before.jsonl
ok $? 'nor the history'

plan=$out
status 0 'restore' agent-ckpt restore "worker@${s[2]}"
is "$(grep -v ^saved <<<"$out")" "$plan" 'does what it said'
saved=$(sed -n 's/^saved .*@//p' <<<"$out")
is "$(tree ws)" "$(tree want.2)" 'the files are as they were then'
agent-ckpt restore --to was "worker@$saved" 2>omitted
is "$(tree was)" "$(tree end)" 'what stood there is in the bundle that it names'
ok "$([ -p ws/pipe ]; echo $?)" 'what a bundle does not hold is left alone'
head -n "$lines" "$dir/journal.jsonl" | cmp -s - before.jsonl
ok $? 'no record is lost'
is "$(records worker 'select(.type == "restore").body | select(.seq) |
    [.seq, .path_count, (.cancelled | length)]')" "[${s[2]},9,1]" \
    'a record says what was done'
is "$(records worker 'select(.type == "restore").body | select(.done).conflicts')" \
    '[]' 'and another that it was'
status 1 'the request since then is cancelled' agent-grant pending worker
is "$(find ws -name '.agent-restore*')" '' 'nothing is left in the workspace'
sound worker
turns=$(agent-ps --json worker | jq .turns)

echo 6 >count # the model's seventh turn
status 0 'the agent goes on from there' run -r worker
is "$out" 'another end' 'to another end'
is "$(messages request.6)" "$(messages request.2)" \
    'the model gets the old conversation, byte for byte'
is "$(xargs <ws/src/a)" 'one three' 'and works on the old files'
is "$(agent-ps --json worker | jq .turns)" "$((turns + 2))" \
    'what was spent since then stays spent'
bad=''
for seq in $(records worker 'select(.type == "model.call").seq'); do
	agent-audit show --request "$seq" worker >rebuilt 2>err || bad+=" $seq:$(cat err)"
done
is "$bad" '' 'every request can be rebuilt and proved'
sound worker

# Back onto the way that was left, and back again: to each bundle.
for i in 3 1 2; do
	status 0 "to bundle $i" agent-ckpt restore "worker@${s[i]}"
	is "$(tree ws)" "$(tree "want.$i")" 'files included'
done
echo 6 >count
status 0 'it goes on again' run -r worker
is "$(messages request.6)" "$(messages request.2)" 'with the conversation of then'
rm "$dir/state"
status 0 'the state does not depend on its cache' agent-ckpt save worker
sound worker

status 0 'restore --json' agent-ckpt restore --json "worker@${s[1]}"
is "$(jq -c '[.seq, (.changed | length > 0), .external[0].tool, .conflicts]' <<<"$out")" \
    "[${s[1]},true,\"pay\",[]]" 'is one object'
status 0 'a point without a bundle, when nothing could be written in between' \
    agent-ckpt restore --at "$((s[1] + 1))" worker
is "$(records worker 'select(.type == "restore").body | select(.seq).seq' | tail -n 1)" \
    "$((s[1] + 1))" 'is that point'
status 66 'when something could, it is 66' agent-ckpt restore --at "$((s[2] - 1))" worker
like "$err" "record ${s[1]}" 'and the bundle before is named'
status 66 'before the first bundle there is no point' agent-ckpt restore --at 1 worker
status 66 'nor behind the last record' agent-ckpt restore --at 99999 worker
status 66 'no agent is 66' agent-ckpt restore nobody
status 0 'a bundle from a pipe' \
    bash -c 'agent-ckpt export "worker@$0" | agent-ckpt restore -' "${s[3]}"
is "$(tree ws)" "$(tree want.3)" 'is as good'
mv ws away
status 66 'a workspace that is gone is 66' agent-ckpt restore "worker@${s[1]}"
mv away ws

# ---- authority --------------------------------------------------------------------

cat >pay.jsonl <<'EOF'
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo a >a"}}]}
{"tool_calls":[{"name":"pay","arguments":{}}]}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo b >a"}}]}
{"content":"end"}
EOF
allow=(--tools tools)
status 0 'an agent with a finite grant spends a use' run -m "script:$PWD/pay.jsonl" \
    --name payer "${allow[@]}" --allow 'call tool:pay uses 2' --deny 'read file:x' \
    --ckpt turn pay
mapfile -t p < <(seqs payer)
status 0 'it is given another' agent-grant give payer 'allow call tool:other'
status 0 'it goes back to before' agent-ckpt restore "payer@${p[1]}"
grants=$(agent-grant list payer)
unlike "$grants" 'tool:other' 'what was granted since is not granted then'
like "$grants" 'tool:pay' 'what was granted then still is'
like "$grants" 'deny' 'a denial stays'
cat >again.jsonl <<'EOF'
{"content":"x"}
{"tool_calls":[{"name":"pay","arguments":{"n":1}}]}
{"tool_calls":[{"name":"pay","arguments":{"n":2}}]}
{"content":"end"}
EOF
status 0 'going on' run -m "script:$PWD/again.jsonl" -r payer
is "$(records payer 'select(.type == "tool.call" and .body.tool == "pay").body.decision.verdict' |
    xargs)" 'allow allow deny' 'spent uses stay spent'
id=$(agent-grant list --json payer | jq -r 'select(.line | test("pay")).grant')
status 0 'a grant is revoked' agent-grant revoke payer "$id"
status 0 'going back to when it held' agent-ckpt restore "payer@${p[1]}"
status 1 'does not bring it back' agent-grant check payer call tool:pay
sound payer

# ---- conflicts ---------------------------------------------------------------------

cat >c.jsonl <<'EOF'
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo 1 >a; mkdir d; echo 1 >d/x; ln a hard"}}]}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo '*.o' >.agentignore; echo 2 >b; mv b a; rm -r d; mkdir m; echo 2 >m/x; echo o >m/x.o"}}]}
{"content":"end"}
EOF
status 0 'an agent' run -m "script:$PWD/c.jsonl" --name odd --ckpt turn x
work=$(folder odd)/work
mapfile -t c < <(seqs odd)
mkdir "$work/d" && mkfifo "$work/d/x" # it is recorded only, and in the way
status 1 'what cannot be put back is 1' agent-ckpt restore "odd@${c[1]}"
like "$out" '^conflict d/x: it is neither' 'and named'
like "$out" '^conflict m: it holds files that are not saved' 'with the reason'
ok "$([ -p "$work/d/x" ] && [ -e "$work/m/x.o" ]; echo $?)" 'it is left as it is'
is "$(xargs <"$work/a")" 1 'the rest is put back'
is "$(stat -c %i "$work/a")" "$(stat -c %i "$work/hard")" 'hard links, too'
is "$(records odd 'select(.type == "restore").body | select(.done) | [.conflicts[].path]')" \
    '["m","d/x"]' 'the record says so'
sound odd
rm "$work/d/x"
status 0 'once it is out of the way' agent-ckpt restore "odd@${c[1]}"
is "$(cat "$work/d/x")" 1 'it is put back'
mkdir outside && rm -r "$work/d" && ln -s "$PWD/outside" "$work/d"
status 0 'a link in the place of a folder' agent-ckpt restore "odd@${c[1]}"
is "$(ls outside)" '' 'is not followed'
is "$(cat "$work/d/x")" 1 'but replaced'

# ---- another machine -----------------------------------------------------------------

far=$PWD/far
agent-ckpt save payer >saved
status 0 'an agent in one file' agent-ckpt export -o one.tar.zst payer
status 0 'comes into another root' agent-ckpt import --root far --json one.tar.zst
id=$(agent-ps --json payer | jq -r .id)
is "$(jq -c '[.agent, .trusted, .requests]' <<<"$out")" "[\"$id\",false,1]" 'with its id'
like "$err" 'wait for a person' 'its grants are asked for'
n=$(agent-ckpt show --json one.tar.zst | jq .manifest.seq)
cmp -s <(head -n "$n" "root/agents/$id/journal.jsonl") <(head -n "$n" "far/agents/$id/journal.jsonl")
ok $? 'its records are the same, byte for byte'
is "$(cat "far/agents/$id/work/a")" a 'its files are there'
export AGENT_ROOT=$far
unlike "$(agent-grant list payer | grep -v '^base')" allow 'nothing is granted'
like "$(agent-grant list payer)" 'deny' 'denials hold'
is "$(agent-grant pending --json payer | jq -r .tool)" request_grant 'a person sees what it had'
like "$(agent-grant pending payer)" ' request_grant +- +allow' 'and that it waits without an end'
sound payer
status 73 'it can be brought in once only' agent-ckpt import one.tar.zst
like "$err" 'restore.*--new-agent' 'and what to do is said'
is "$(find far/agents/.new -mindepth 1)" '' 'nothing is left'
cat >far.jsonl <<'EOF'
{"content":"x"}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo far >>a"}}]}
{"content":"far end"}
EOF
status 0 'it goes on there' run -m "script:$PWD/far.jsonl" -r payer 'go on'
is "$out" 'far end' 'to its end'
is "$(cat "far/agents/$id/work/a")" a 'without authority nothing is changed'
request=$(agent-grant pending --json payer | jq -r .request)
status 0 'a person approves' agent-grant approve "$request"
like "$(agent-grant list payer)" 'allow read,write,exec file:\*\*' 'then it is granted'
status 0 'a bundle of it follows the one that it came in' agent-ckpt save payer
is "$(agent-ckpt list --json payer | jq -r .full | xargs)" 'true false' 'as a delta'
sound payer
status 0 'it moves on' agent-ckpt export -o on.tar.zst payer
status 0 'to a third machine' agent-ckpt import --root third on.tar.zst
status 0 'with seals of three keys' agent-audit --root third verify payer
cp -a third forged
sed -i 's/"type":"restore"/"type":"compact"/' "forged/agents/$id/journal.jsonl"
status 65 'a seal that no import accounts for is found' agent-audit --root forged verify payer
export AGENT_ROOT=$PWD/root

cat >uses.jsonl <<'EOF'
{"tool_calls":[{"name":"pay","arguments":{}}]}
{"content":"end"}
{"tool_calls":[{"name":"pay","arguments":{"n":1}}]}
{"tool_calls":[{"name":"pay","arguments":{"n":2}}]}
{"tool_calls":[{"name":"pay","arguments":{"n":3}}]}
{"content":"end"}
EOF
status 0 'an agent that spent one use of three' run -m "script:$PWD/uses.jsonl" \
    --name user "${allow[@]}" --allow 'call tool:pay uses 3' --ckpt exit x
agent-ckpt export -o user.tar.zst user
status 0 'with the key that signed it' agent-ckpt import --root near \
    --trust root/key.pub --name near --tools tools user.tar.zst
is "$err" '' 'nobody is asked'
is "$(agent-ps --root near --json near | jq -r .name)" near 'it has the name that it was given'
status 0 'its grants hold' agent-grant --root near check near call tool:pay
status 0 'it spends the rest' run --root near -r near 'more'
is "$(agent-audit --root near --json log near |
    jq -r 'select(.type == "tool.call").body.decision.verdict' | xargs)" \
    'allow allow allow deny' 'and no more'
agent-run --root key -q -m "script:$PWD/uses.jsonl" x >ignored
status 0 'with the key of somebody else' \
    agent-ckpt import --root near2 --trust key/key.pub --json user.tar.zst
is "$(jq -c '[.trusted, .requests]' <<<"$out")" '[false,2]' 'it is not'
like "$(agent-grant --root near2 pending --json | jq -r .arguments)" 'uses 2' \
    'what is asked for are the uses that are left'
agent-ckpt save worker >saved
agent-ckpt export worker >worker.tar.zst
status 77 'a model that is a program of the other machine is 77' \
    agent-ckpt import --root near3 worker.tar.zst
like "$err" 'give -m' 'and said so'
is "$(find near3/agents -mindepth 2)" '' 'and nothing is there'
status 0 'with another model' \
    agent-ckpt import --root near3 -m "script:$PWD/uses.jsonl" worker.tar.zst
like "$err" 'folders of tools are left out' 'its tools stay where they are'
wid=$(agent-ps --root near3 --json | jq -r .id)
is "$(agent-ps --root near3 --json | jq -r .workspace)" "$PWD/near3/agents/$wid/work" \
    'it has a workspace of its own there'
is "$(tree "near3/agents/$wid/work")" "$(tree want.3)" 'with all files'
status 0 'from a pipe' \
    bash -c 'agent-ckpt export user | agent-ckpt import --root piped -'
status 64 'a name that is none is a usage error' \
    agent-ckpt import --root near --name .. user.tar.zst
status 73 'a name that is taken is 73' agent-ckpt import --root near3 --name worker user.tar.zst
is "$(find near3/agents/.new -mindepth 1)" '' 'and nothing is left'

# Damage, and what is no agent's.
size=$(stat -c %s user.tar.zst)
bad=''
for ((i = 0; i < 25; i++)); do
	at=$((i * size / 25 + i % 7))
	perl -e 'local $/; $_ = <STDIN>; substr($_, shift, 1) ^= "\x20"; print' "$at" \
	    <user.tar.zst >flipped
	got=0
	agent-ckpt import --root broken flipped >out 2>&1 || got=$?
	# A place that only a proof of every byte looks at.
	[ $got = 0 ] && ! agent-ckpt verify flipped >out 2>&1 &&
		agent-audit --root broken verify user >out 2>&1 && rm -rf broken && continue
	[ $got = 65 ] || bad+=" $at:$got"
done
is "$bad" '' 'a bundle with a byte that is another is 65, or is sound all the same'
is "$(find broken -path '*agents/*' -mindepth 3 2>/dev/null)" '' 'and leaves no agent'
status 65 'what is no bundle is 65' agent-ckpt import --root broken pay.jsonl
status 66 'a file that is not there is 66' agent-ckpt import --root broken no.tar.zst
status 65 'with --key it must be signed by that key' \
    agent-ckpt import --root broken --key key/key.pub user.tar.zst

# ---- a copy ------------------------------------------------------------------------------

status 0 'restore --new-agent' \
    agent-ckpt restore --new-agent --name copy --at "${p[1]}" payer
new=$out
like "$new" '^[0-9A-Z]{26}$' 'prints the id of another agent'
is "$(cat "root/agents/$new/work/a")" a 'with the files of then'
unlike "$(agent-grant list copy)" 'tool:pay' 'a revoked grant is not given again'
like "$(agent-grant list copy)" 'allow read,write,exec file' 'what is held still is'
sound copy
status 0 'it goes its own way' run -m "script:$PWD/again.jsonl" -r copy 'go on'
status 0 'and back again' agent-ckpt restore "copy@${p[0]}"
ok "$([ ! -e "root/agents/$new/work/a" ]; echo $?)" 'on its own way'
sound copy
sound payer
status 0 'a finite grant is in one place' \
    agent-ckpt restore --new-agent --name copy2 --json user
is "$(jq .requests <<<"$out")" 1 'the copy asks for it'
unlike "$(agent-grant list copy2)" 'tool:pay' 'and has it not'
status 73 'a name is there once' agent-ckpt restore --new-agent --name copy user
# What a copy may do it may because the other may.
status 0 'what is granted' agent-grant check copy write file:x
status 0 'and revoked of one agent' agent-grant revoke payer \
    "$(agent-grant list --json payer | jq -r 'select(.from=="workspace").grant')"
status 1 'is revoked of its copy' agent-grant check copy write file:x
status 0 'and what is revoked of a copy' agent-grant revoke copy base
status 0 'is not of the one that was copied' agent-grant check payer exec exec:sh
status 1 'but of the copy' agent-grant check copy exec exec:sh
status 0 'the profile too' agent-grant revoke payer base
status 0 'a copy of a copy' agent-ckpt restore --new-agent --name copy3 copy2
status 0 'has what it had' agent-grant check copy3 read file:/usr/bin/id
agent-grant revoke user base
status 1 'and loses what the first one loses' agent-grant check copy3 read file:/usr/bin/id
status 0 'which its own run sees as well' run -m "script:$PWD/again.jsonl" -r copy3 'go on'
sound copy3

# ---- usage --------------------------------------------------------------------------------

status 64 '--to and --new-agent exclude each other' \
    agent-ckpt restore --new-agent --to x user
status 64 '--at wants a number' agent-ckpt restore --at x user
mkdir full && touch full/x
status 73 '--to a folder that is there is refused' agent-ckpt restore --to full user
status 75 'while the agent runs, restore is 75' bash -c '
	printf "%s\n" "{\"tool_calls\":[{\"name\":\"run_command\",\"arguments\":{\"command\":\"touch up; sleep 20\"}}]}" "{\"content\":\"x\"}" >long.jsonl
	agent-run -q -m script:long.jsonl --name long --ckpt turn x >out 2>&1 &
	run=$!
	for i in $(seq 100); do [ -e root/agents/*/work/up ] && break; sleep .1; done
	agent-ckpt restore -n long >look || exit 99
	agent-ckpt restore long; got=$?
	kill $run; wait $run
	exit $got'
done_testing
