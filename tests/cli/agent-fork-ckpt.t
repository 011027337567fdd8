#!/bin/bash
# Checkpoints of agents that were forked: one chain of bundles, one history.
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root

write() {
	jq -cn --arg p "$1" --arg c "$2" '{content:"w",tool_calls:[{name:"write_file",arguments:{path:$p,content:$c}}]}'
}
{
	write a one
	echo '{"content":"parent done"}'
	write a two
	write b new
	echo '{"content":"child done"}'
	write c grand
	echo '{"content":"grandchild done"}'
	echo '{"content":"spare"}'
	echo '{"content":"spare"}'
} >m.jsonl
agent-run -q -m script:m.jsonl --ckpt turn --name lead 'do it' >/dev/null
bundles=$(agent-ckpt list --json lead | jq -r .seq | wc -l)
agent-fork --name kid --goal 'go on' lead >/dev/null
is "$(agent-ckpt list --json kid | jq -r .seq | xargs)" "$(agent-ckpt list --json lead | jq -r .seq | xargs)" \
    "a child has its parent's bundles"
last=$(agent-ckpt list --json lead | jq -r .seq | tail -1)
kid=root/agents/$(agent-ps --json kid | jq -r .id)
lead=root/agents/$(agent-ps --json lead | jq -r .id)
is "$(stat -c %i "$kid/ckpt/$last.tar.zst")" "$(stat -c %i "$lead/ckpt/$last.tar.zst")" 'which are links'
status 0 'it goes on' agent-run -q --ckpt turn -r kid
agent-fork --name grand --goal 'go further' kid >/dev/null
status 0 'and so does its child' agent-run -q --ckpt turn -r grand
grand=root/agents/$(agent-ps --json grand | jq -r .id)

status 0 "a child's bundle is proved back to its oldest ancestor's first record" agent-ckpt verify grand
like "$out" "[^0-9]$(agent-ckpt list --json grand | tail -1 | jq -r .seq) records" 'with all records'
is "$(agent-ckpt list --json grand | tail -1 | jq -r .full)" false 'it builds on those before'
is "$(tar -xO --zstd -f "$grand/ckpt/$(agent-ckpt list --json grand | tail -1 | jq -r .seq).tar.zst" agent/journal.jsonl 2>/dev/null |
    head -1 | jq -r .seq)" "$(($(agent-ckpt list --json grand | jq -r .seq | tail -2 | head -1) + 1))" \
    'and has the records since these only'
is "$(agent-ckpt cat grand a) $(agent-ckpt cat grand b) $(agent-ckpt cat grand c)" 'two new grand' \
    'each file as it is there'

rm -rf "$lead"
status 0 'all of it without the parent' agent-ckpt verify grand
agent-ckpt export -o all.tar.zst grand >/dev/null
status 0 'exported it is one file' env AGENT_ROOT="$PWD/other" agent-ckpt import all.tar.zst
id=$out
export AGENT_ROOT=$PWD/other
is "$(agent-ps --json | jq -r '"\(.name) \(.goal)"')" 'null go further' 'which is the grandchild elsewhere'
status 0 'its history is whole' agent-audit verify "$id"
is "$(agent-audit log --json "$id" | jq -r 'select(.type == "born").seq' | wc -l)" 3 'with every birth'
status 0 'a checkpoint of it follows' agent-ckpt save "$id"
status 0 'and is proved' agent-ckpt verify "$id"
export AGENT_ROOT=$PWD/root

first=$(agent-ckpt list --json kid | jq -r .seq | sed -n 2p)
status 0 'a child goes back to before its birth' agent-ckpt restore "kid@$first"
is "$(cat "$kid/work/a" "$kid/work/b" 2>/dev/null)" one 'to the files of then'
status 0 'which is one more record' agent-audit verify kid
status 0 'and can be saved' agent-ckpt save kid
status 0 'and proved' agent-ckpt verify kid
is "$(agent-ckpt list --json kid | jq -r .seq | head -"$bundles" | xargs)" \
    "$(agent-ckpt list --json grand | jq -r .seq | head -"$bundles" | xargs)" 'the bundles before are there still'
status 0 'pruned they are fewer' agent-ckpt prune --keep 1 kid
status 0 'and give the same history' agent-ckpt verify kid
status 0 "which is not the grandchild's matter" agent-ckpt verify grand
done_testing
