#!/bin/bash
# agent-fork --join: a child's report and files come back to its parent.
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root

work() { echo "root/agents/$(agent-ps --json "$1" | jq -r .id)/work"; }
# in AGENT COMMAND: as its tool would.
in_ws() { (cd "$(work "$1")" && bash -c "$2"); }
# told AGENT: what its model was told of the last join.
told() { agent-audit log --json -t join "$1" | jq -r '.body.text // empty'; }

cat >m.jsonl <<'E'
{"content":"","tool_calls":[{"name":"run_command","arguments":{"command":"seq 9 >text; mkdir d; echo x >d/old; echo m >mode; printf 'a\\0b' >binary; echo s >same; ln -s text link"}}]}
{"content":"made"}
{"content":"","tool_calls":[{"name":"run_command","arguments":{"command":"sed -i 's/^8$/child/' text; echo n >d/new; rm d/old; chmod 755 mode; echo c >>same; ln -sf mode link"}},{"name":"report","arguments":{"text":"eight is done"}}]}
{"content":"my part"}
E
for _ in 1 2 3; do echo '{"content":"thanks"}'; done >p.jsonl
agent-run -q --ckpt turn -m script:m.jsonl --name lead 'make it' >/dev/null
lead=$(agent-ps --json lead | jq -r .id)
agent-fork --name kid --goal 'do your part' lead >/dev/null
kid=$(agent-ps --json kid | jq -r .id)
agent-run -q -r kid >/dev/null
before=$(cd "$(work kid)" && find . | sort | xargs sha256sum 2>/dev/null)

# ---- the parent did nothing --------------------------------------------------------
agent-fork --name calm lead >/dev/null
in_ws calm 'echo a >added; mkdir -p x/y; echo b >x/y/z; rm binary; printf "#!/bin/sh\n" >run; chmod 755 run'
in_ws lead 'sed -i s/^2$/parent/ text; echo p >mine; echo p >>mode'
status 0 'a child is joined' agent-fork --join kid
is "$(echo "$out" | xargs)" 'added d/new removed d/old changed link changed mode changed same merged text' \
    'and each path that changed is listed'
is "$(in_ws lead 'xargs <text')" '1 parent 3 4 5 6 7 child 9' 'a text that both changed is merged by its lines'
is "$(in_ws lead 'ls d; cat mine same; readlink link' | xargs)" 'new p s c mode' \
    "the child's changes are there, and the parent's"
is "$(in_ws lead 'stat -c %a mode; cat mode' | xargs)" '755 m p' "its mode with the parent's contents"
is "$(cd "$(work kid)" && find . | sort | xargs sha256sum 2>/dev/null)" "$before" 'the child stays as it is'
like "$(told lead)" 'work of agent .*kid.*done.*joined' "the parent's model is told"
like "$(told lead)" 'eight is done' "the child's report"
like "$(told lead)" 'merged text' 'and which files changed'
is "$(agent-ps --json lead | jq -r .state)" ready 'so the parent has something to do'
is "$(agent-run -q -m script:p.jsonl -r lead)" thanks 'and goes on'
status 0 'its history verifies' agent-audit verify lead
status 65 'a child is joined once' agent-fork --join kid
like "$err" 'joined before' 'and the refusal says so'
is "$(told lead | grep -c joined)" 1 'nothing more is told'
saved=$(agent-audit log --json -t join lead | jq -r '.body.saved // empty')
is "$(agent-ckpt list --json lead | jq -r .bundle | grep -c "$saved")" 1 'what stood there before is in a bundle'

# ---- back and again ------------------------------------------------------------------
point=$(agent-audit log --json -t join lead | jq -r 'select(.body.saved).seq')
status 0 'the parent goes back to before the join' agent-ckpt restore "lead@$point"
is "$(in_ws lead 'xargs <text')" '1 parent 3 4 5 6 7 8 9' 'its files are as they were'
status 0 'then the child can be joined again' agent-fork --json --join kid
is "$(echo "$out" | jq -r '.agent, .child, (.changed | length), (.conflicts | length)' | xargs)" "$lead $kid 6 0" \
    '--json says the same'
status 0 'and another one after it' agent-fork --join calm --into lead
is "$(in_ws lead 'cat added x/y/z; stat -c %a run; ls binary 2>/dev/null' | xargs)" 'a b 755' \
    'what the parent did not touch is as the child left it'
is "$(in_ws lead 'xargs <text')" '1 parent 3 4 5 6 7 child 9' 'and nothing is taken back by it'

# ---- conflicts ------------------------------------------------------------------------
agent-run -q --ckpt turn -m script:m.jsonl --name boss 'make it' >/dev/null
agent-fork --name eve boss >/dev/null
eve=$(agent-ps --json eve | jq -r .id)
tail=${eve: -6}
in_ws eve 'sed -i s/^5$/eve/ text; echo e >>binary; echo e >new; rm same; echo e >d/old; rm -r link; mkdir link; echo e >link/f; chmod 600 mode; mkdir ok; echo e >ok/f'
in_ws boss "sed -i s/^5\$/boss/ text; echo b >>binary; echo b >new; echo b >>same; rm -r d; ln -sf d link; chmod 755 mode; echo b >text.$tail.theirs"
status 1 'what both changed is a conflict' agent-fork --join eve
is "$(echo "$out" | sed -n 's/^conflict \([^:]*\):.*/\1/p' | xargs)" 'binary d/old link mode new same text' 'each one is listed'
is "$(in_ws boss 'sed -n 5p text; cat new; tail -n 1 same; readlink link; stat -c %a mode' | xargs)" 'boss b b d 755' \
    'the parent keeps its own'
is "$(in_ws boss "cat text.$tail.theirs; sed -n 5p text.$tail.theirs.2; cat new.$tail.theirs d/old.$tail.theirs link.$tail.theirs/f" | xargs)" \
    'b eve e e e' "and the child's is beside it, where nothing is"
is "$(in_ws boss "cmp binary.$tail.theirs ../../$eve/work/binary && stat -c %a mode.$tail.theirs")" 600 'to the byte, and the mode'
is "$(in_ws boss 'cat ok/f')" e 'what is no conflict is joined all the same'
like "$(told boss)" "text: both changed the same lines; the child's version is text.$tail.theirs.2" 'the model is told of both'
is "$(agent-audit log --json -t join boss | jq -r 'select(.body.saved) | .body.conflict_count')" 7 'and the record counts them'
is "$err" '' 'without a word on stderr'

# without a bundle of the fork
agent-run -q -m script:m.jsonl --name bare 'make it' >/dev/null
agent-fork --name kid2 bare >/dev/null
in_ws kid2 'sed -i s/^8$/child/ text'
in_ws bare 'sed -i s/^2$/parent/ text'
status 1 'a text whose contents at the fork are nowhere is a conflict' agent-fork --join kid2
like "$out" 'no bundle holds what it was' 'which says why'

# ---- who may be joined -----------------------------------------------------------------
status 77 'a child of another is refused' agent-fork --join kid2 --into boss
status 77 'so is one that is nobody'"'"'s child' agent-fork --join boss
status 66 'and who is not there' agent-fork --join nobody
status 64 '--into goes with --join' agent-fork --into boss lead
status 64 '--join takes no operand' agent-fork --join kid lead
agent-fork --name early boss >/dev/null
in_ws early 'echo early >early'
status 0 'a child that never ran can be joined' agent-fork --join early
is "$(in_ws boss 'cat early')" early 'with its files'
agent-fork --name torn boss >/dev/null
torn=root/agents/$(agent-ps --json torn | jq -r .id)
cp "$torn/fork.jsonl" kept
sed -i 's/"mode":"0644"/"mode":"0600"/; s/"mode":420/"mode":384/' "$torn/fork.jsonl"
cmp -s "$torn/fork.jsonl" kept && echo >>"$torn/fork.jsonl"
status 65 'what a child began with cannot be changed afterwards' agent-fork --join torn
like "$err" 'not what the fork recorded' 'as the message says'
cp kept "$torn/fork.jsonl"
status 0 'it is joined once that is as it was' agent-fork --join torn
is "$out" '' 'and had changed nothing'

# ---- by the model ----------------------------------------------------------------------
call() { jq -nc --arg t "$1" --argjson a "$2" '{content:"",tool_calls:[{name:$t,arguments:$a}]}'; }
result() { agent-audit log --json -t tool.result "$1" | jq -r '.body | "\(.status) \(.text)"' | tail -n +"$2"; }
{
	call write_file '{"path":"a","content":"1\n"}'
	echo '{"content":"ready"}'
	call join_agent '{"agent":"nobody"}'
	call join_agent '{"agent":"son"}'
	call join_agent '{"agent":"son"}'
	call join_agent '{"agent":"idle"}'
	echo '{"content":"joined"}'
} >j.jsonl
for _ in $(seq 20); do echo '{"content":"my part"}'; done >s.jsonl
agent-run -q -m script:j.jsonl --name model 'go' >/dev/null
agent-fork --name son --goal 'your part' model >/dev/null
agent-fork --name idle model >/dev/null
in_ws son 'echo 2 >b; echo 3 >a'
agent-run -q -m script:s.jsonl -r son >/dev/null
is "$(agent-run -q -r model 'join them')" joined 'a model joins its child'
is "$(in_ws model 'cat a b' | xargs)" '3 2' 'whose files are there'
like "$(result model 2 | head -n 1)" "^failed you have no child 'nobody'" 'nobody is no child'
like "$(result model 3)" 'work of agent .*son' 'the result of the call tells of it'
like "$(result model 3 | sed -n 1,6p | xargs)" 'answer: my part files: 2 changed changed a added b' 'as the record would'
like "$(result model 3)" '^failed .*joined before' 'it is joined once'
like "$(result model 3)" '^failed .*has not ended: it is ready' 'and not before it has ended'
is "$(told model)" '' 'it is not told again in a message'
is "$(agent-audit log --json model | jq -r 'select(.type == "join" or .type == "tool.result").type' | sed -n 3,5p | xargs)" \
    'join tool.result join' 'join and result are one commit, the files follow'
is "$(agent-audit log --json model | jq -r 'select(.type == "join") | .more // false' | xargs)" 'true false' 'the first is not the last of its group'
agent-fork --name narrow --goal 'your part' model >/dev/null
in_ws narrow 'echo 4 >a; echo 4 >c'
agent-run -q -m script:s.jsonl -r narrow >/dev/null
agent-grant give model 'deny write file:c' >/dev/null
status 77 'what the parent may not write is not joined' agent-tool call model join_agent '{"agent":"narrow"}'
like "$out" "'c' may not be made here" 'and named'
is "$(in_ws model 'cat a; ls')" "3
a
b" 'nothing else is, either'
status 0 'a person may' agent-fork --join narrow
is "$(in_ws model 'cat a c' | xargs)" '4 4' 'with all of it'

# ---- what is not what it seems -----------------------------------------------------------
agent-run -q --ckpt turn -m script:m.jsonl --name deep 'make it' >/dev/null
agent-fork --name blind deep >/dev/null
in_ws blind 'printf "/d\n/mode\n" >.agentignore; echo lost >>mode; rm same; mv d e; ln -s e d'
in_ws blind 'rm d; mkdir d; echo other >d/other'
status 0 'what the child only ignores' agent-fork --join blind
is "$(in_ws deep 'cat d/old mode; ls same d 2>/dev/null' | xargs)" 'x m d: old' 'it has not removed'
is "$(in_ws deep 'cat e/old')" x 'and what it moved is there'
agent-fork --name back deep >/dev/null
in_ws back 'echo b >back'
agent-ckpt save deep >/dev/null
status 0 'the parent goes back to before a fork' agent-ckpt restore "deep@$(agent-ckpt list --json deep | jq -r .seq | head -n 1)"
status 0 'and joins the child all the same' agent-fork --join back
agent-ckpt save deep >/dev/null
in_ws deep 'echo more >more'
agent-ckpt save deep >/dev/null
status 0 'and goes back once more, round the fork' agent-ckpt restore "deep@$(agent-ckpt list --json deep | jq -r .seq | tail -n 2 | head -n 1)"
is "$(in_ws deep 'cat back; ls more 2>/dev/null')" b 'to where it was joined'
status 65 'so it is still joined' agent-fork --join back
agent-fork --name homeless deep >/dev/null
rm -r "$(work homeless)"
status 66 'a child without a workspace is not joined' agent-fork --join homeless

agent-fork --name odd deep >/dev/null
in_ws odd "echo o >\$'a\\nconflicts: 9'; echo o >\$'b\\xff'"
in_ws deep "echo p >\$'b\\xff'"
status 1 'names of any bytes are joined' agent-fork --join odd
is "$(in_ws deep "cat \$'a\\nconflicts: 9'; cat b*theirs; cat \$'b\\xff'" | xargs)" 'o o p' 'as they are'
is "$(told deep | grep -c '^added a.x0aconflicts: 9$')" 1 'and look to the model like one line'

# ---- into a parent that runs ---------------------------------------------------------------
{
	echo '{"content":"ready"}'
	call run_command '{"command":"touch started; until test -e go; do sleep 0.05; done; ls"}'
	echo '{"content":"told"}'
} >r.jsonl
agent-run -q -m script:r.jsonl --name busy 'go' >/dev/null
agent-fork --name help busy >/dev/null
in_ws help 'echo h >helped'
agent-run -q -r busy 'go on' >busy.out 2>&1 &
run=$!
for _ in $(seq 400); do
	[ -e "$(work busy)/started" ] && break
	sleep 0.05
done
agent-fork --wait 60s --join help >join.out 2>join.err &
join=$!
for _ in $(seq 400); do
	[ -n "$(find "root/agents/$(agent-ps --json busy | jq -r .id)/mail/cur" -type f 2>/dev/null)" ] && break
	sleep 0.05
done
is "$(in_ws busy 'ls')" started 'while a call runs nothing is joined'
touch "$(work busy)/go"
wait $join
is "$? $(cat join.out)" '0 added helped' 'it is once the call has ended'
wait $run
is "$? $(cat busy.out)" '0 told' 'and the run goes on'
is "$(agent-audit log --json busy | jq -r .type | grep -xE 'tool.result|join|command|model.call' | tail -n 6 | xargs)" \
    'model.call tool.result join command join model.call' "before its model's next turn"
agent-fork --name late busy >/dev/null
for _ in $(seq 9); do echo '{"content":"x","delay":"20s"}'; done >slow.jsonl
agent-run -q -m script:slow.jsonl -r late 'go on' >/dev/null 2>&1 &
run=$!
for _ in $(seq 400); do
	agent-audit log --json late | tail -n 1 | grep -q model.call && break
	sleep 0.05
done
status 75 'a child that runs is not joined' agent-fork --wait 1s --join late
kill -KILL $run
wait $run 2>/dev/null
like "$err" 'runs|is running|held' 'and who holds it is named'

# ---- labels --------------------------------------------------------------------------------
agent-fork --name tainted --goal 'your part' model >/dev/null
agent-run -q -m script:s.jsonl --label tainted -r tainted 'from the web' >/dev/null
agent-tool call tainted write_file '{"path":"w","content":"web"}' >/dev/null
status 0 'a child that was told what is tainted is joined' agent-fork --join tainted
agent-ckpt save model >/dev/null
is "$(agent-ckpt show --json model | jq -c .state.tainted)" true "and its parent's conversation is tainted then"
is "$(agent-ckpt show --json model | jq -c '.state.labelled[] | select(.path == "w").labels')" '["tainted"]' \
    'and the file that the child wrote'

# ---- the best of several --------------------------------------------------------------------
agent-run -q -m script:m.jsonl --name pick 'make it' >/dev/null
agent-fork -n 3 --name w pick >/dev/null
for i in 2 3; do in_ws "w-$i" "echo $i >good"; done
status 1 'a check of one child that is not good' agent-fork --check 'echo looked; test -e good' w-1
like "$out" looked 'its output is shown'
status 0 'one that is' agent-fork --check 'touch left; cat good' w-2
is "$(in_ws w-2 'ls left' 2>&1 | grep -c 'No such')" 1 'it leaves nothing behind'
is "$(agent-audit log --json -t tool.call w-2 | jq -r '.body | "\(.by) \(.arguments)"' | tail -n 1)" \
    'user {"command":"touch left; cat good","timeout_s":3600}' 'but a record'
status 1 'none is good: none is joined' agent-fork --pick --check 'test -e nothing' --into pick
is "$(agent-audit log --json -t join pick)" '' 'as the journal says'
is "$(echo "$out" | awk '{ print $2, $3 }' | xargs)" 'w-1 1 w-2 1 w-3 1' 'each one is told of'
status 0 'the first that is good is joined' agent-fork --pick --check 'test -e good && touch left' w-1 w-3 w-2
like "$out" 'w-3 +0 .*picked' 'in the order that was asked for'
is "$(in_ws pick 'cat good; ls left 2>/dev/null')" 3 'with its own files, and not those of the check'
status 1 'of what is left the first is picked' agent-fork --json --pick -j 1 --check 'test -e good' --into pick
is "$(echo "$out" | jq -r 'select(.status == 0).name')" w-2 'and the joined one is not checked again'
is "$(echo "$out" | jq -r 'select(.changed) | .conflicts[0].path')" good 'conflicts are as ever'
agent-grant give w-1 'deny call tool:run_command' >/dev/null
status 77 'a check is made under the child'"'"'s grants' agent-fork --check true w-1
status 64 '--pick needs a check' agent-fork --pick w-1
status 64 'and children' agent-fork --pick --check true
status 77 'of one parent' agent-fork --pick --check true w-1 kid2

done_testing
