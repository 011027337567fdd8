#!/bin/bash
# agent-fork --at: children that go on from a record in the past.
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root

write() {
	jq -cn --arg p "$1" --arg c "$2" '{content:$c,tool_calls:[{name:"write_file",arguments:{path:$p,content:$c}}]}'
}
{
	write a one
	write a two
	write b new
	echo '{"content":"end"}'
	echo '{"content":"again"}'
} >m.jsonl
agent-run -q -m script:m.jsonl --ckpt turn --name lead --allow 'connect net:a.example:443' \
    --allow 'connect net:b.example:443' 'do it' >/dev/null
lead=$(agent-ps --json lead | jq -r .id)
mapfile -t bundle < <(agent-ckpt list --json lead | jq -r .seq)
is "${#bundle[@]}" 4 'an agent has a bundle of each turn'
agent-grant give lead 'allow connect net:c.example:443' >/dev/null
agent-grant give lead 'deny connect net:b.example:443' >/dev/null

status 0 'a child goes on from the second' agent-fork --name past --at "${bundle[1]}" lead
past=root/agents/$out
is "$(cat "$past/work/a") $(ls "$past/work")" 'one a' 'with the files of then'
is "$(jq -r .forked.seq "$past/agent.json")" "${bundle[1]}" 'behind that record'
is "$(agent-audit log --json past | jq -r .seq | awk '$1 != NR' | wc -l)" 0 'its history is one'
is "$(agent-ckpt list --json past | jq -r .seq | xargs)" "${bundle[*]:0:2}" 'with the bundles up to there'
status 0 'it goes on' agent-run -q --ckpt turn -r past
is "$out" end 'as its parent did'
is "$(cat "$past/work/a" "$past/work/b")" twonew 'and comes to the same'
status 0 'its history is proved' agent-audit verify past
status 0 'and replayed' agent-audit replay past
status 0 'and so are its bundles' agent-ckpt verify past
is "$(agent-audit log --json -t fork lead | jq -r .body.at)" "${bundle[1]}" "its parent's record says where it was"
is "$(jq -r 'select(.path == "work/a").sha256' "$past/fork.jsonl")" "$(printf one | sha256sum | cut -d ' ' -f 1)" \
    'the index is that of then'

status 0 'it may do what was allowed then and is now' agent-grant check past connect net:a.example:443
status 1 'not what is denied now' agent-grant check past connect net:b.example:443
status 1 'nor what was not allowed then' agent-grant check past connect net:c.example:443
status 0 'which its parent may' agent-grant check lead connect net:c.example:443
echo 'allow connect net:*.example:443' >wide
status 77 'a policy is held against what its parent may now' agent-fork --at "${bundle[1]}" -g wide lead
printf 'allow connect net:%s.example:443\n' a b >both
status 0 'a narrower one is taken' agent-fork --at "${bundle[1]}" -g both --name both lead
status 0 'and gives what it says' agent-grant check both connect net:a.example:443
status 1 'but for what is denied now' agent-grant check both connect net:b.example:443
status 1 'and nothing else' agent-grant check both read file:a
agent-grant revoke lead g2 >/dev/null
status 1 'what the parent loses the child loses' agent-grant check past connect net:a.example:443

status 0 'a bundle names the point as well' agent-fork --at "lead@${bundle[2]}" lead
is "$(jq -r .forked.seq "root/agents/$out/agent.json")" "${bundle[2]}" 'that it covers'
cp "root/agents/$lead/ckpt/${bundle[0]}.tar.zst" some.tar.zst
status 0 'also as a file' agent-fork -n 2 --at ./some.tar.zst lead
is "$(for id in $out; do ls "root/agents/$id/work"; done)" '' 'for several children'
is "$(for id in $out; do stat -c %i "root/agents/$id/fork.jsonl"; done | sort -u | wc -l)" 1 'who share the index'
status 66 'a record behind a call that wrote, of which there is no bundle' agent-fork --at $((bundle[2] - 1)) lead
status 66 'one that is still to come' agent-fork --at 9999 lead
status 66 'one before the first bundle' agent-fork --at 2 lead
status 66 'a bundle that is not there' agent-fork --at ./none.tar.zst lead
agent-run -q -m script:m.jsonl --ckpt turn --name other 'do it' >/dev/null
status 65 "another's bundle" agent-fork --at "other@$(agent-ckpt list --json other | jq -r .seq | tail -1)" lead
agent-run -q -m script:m.jsonl --name bare 'do it' >/dev/null
status 66 'an agent without bundles' agent-fork --at 9 bare
status 0 'which can be forked from where it stands' agent-fork bare
is "$(ls -A root/agents/.new)" '' 'nothing is left of what failed'
rm -rf "root/agents/$lead"
status 0 'the child needs no parent' agent-ckpt verify past
done_testing
