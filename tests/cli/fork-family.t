#!/bin/bash
# Deep families and wide ones.
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root

cat >m.jsonl <<'E'
{"content":"a","tool_calls":[{"name":"write_file","arguments":{"path":"x","content":"1\n"}}]}
{"content":"b"}
{"content":"c","tool_calls":[{"name":"run_command","arguments":{"command":"echo 2 >>x"}}]}
{"content":"d"}
E
agent-run -q -m script:m.jsonl --ckpt turn --name g0 go >/dev/null
for i in $(seq 100); do
	agent-fork --name "g$i" "g$((i - 1))" >out 2>err || break
done
is "$i $(cat err)" '100 ' 'a family has a hundred generations'
deep=root/agents/$(cat out)
is "$(find "$deep/from" -name '*.jsonl' | wc -l)" 100 'the last one has the journals of all before'
is "$(find "$deep" -type f -links 1 ! -path '*/work/*' -printf '%s\n' | awk '{ n += $1 } END { print n <= 8192 }')" 1 \
    'and has not copied any'
status 0 'its history is proved' agent-audit verify "g100"
is "$(agent-audit log --json -t born g100 | wc -l)" 101 'with all births'
status 0 'it goes on where the first one stood' agent-run -q -r g100 more
is "$out $(xargs <"$deep/work/x")" 'd 1 2' 'in its own files'
status 0 'it can be saved' agent-ckpt save g100
status 0 'and proved back to the first' agent-ckpt verify g100
rm "$deep/state"
status 0 'and opened from its records alone' agent-grant check g100 write file:x
for i in $(seq 99); do rm -rf "root/agents/$(agent-ps --json "g$i" | jq -r .id)"; done
status 0 'also when those between are deleted' agent-audit verify g100
rm "$deep/from/50.jsonl"
status 66 'but not without their journals' agent-audit verify g100

status 0 'an agent has a thousand children' agent-fork -n 1000 --name k g0
is "$(wc -l <<<"$out") $(sort -u <<<"$out" | wc -l)" '1000 1000' 'of as many ids'
is "$(ls -A root/agents/.new)" '' 'all in their places'
is "$(agent-ps --json | jq -r 'select((.name // "") | startswith("k-")).state' | sort | uniq -c | xargs)" '1000 ready' \
    'and ready'
for i in 1 500 1000; do
	status 0 "number $i goes on" agent-run -q -r "k-$i" more
	status 0 'and is proved' agent-audit verify "k-$i"
done
status 0 'the parent knows them all' agent-audit verify g0
is "$(agent-audit log --json -t fork g0 | tail -1 | jq '.body.children | length')" 1000 'by one record'
status 0 'and goes on' agent-run -q -r g0 more
done_testing
