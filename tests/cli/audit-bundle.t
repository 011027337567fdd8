#!/bin/bash
# agent-audit on bundles: what stands in them reads like the journal itself.
. "$SRC/tests/cli/tap.sh"

big=$(head -c 70000 /dev/zero | tr '\0' x)
cat >m <<EOF
{"content":"look","tool_calls":[{"name":"write_file","arguments":{"path":"a","content":"$big"}}]}
{"content":"first"}
{"content":"then","tool_calls":[{"name":"read_file","arguments":{"path":"a"}}]}
{"content":"second"}
EOF
audit() { agent-audit "$@"; }
agent-run -q --ckpt exit -m script:m --name a 'the goal' >/dev/null
agent-run -q --ckpt exit -m script:m -r a more >/dev/null
dir=$AGENT_ROOT/agents/$(agent-ps --json a | jq -r .id)
agent-ckpt list --json a >bundles
is "$(wc -l <bundles)" 3 'an agent with several bundles'
first=$(jq .seq bundles | sort -n | head -n 1) last=$(jq .seq bundles | sort -n | tail -n 1)
agent-ckpt export -o all.tar.zst a

for b in "a@$first" "a@$last" all.tar.zst; do
	n=$last
	[ "$b" != "a@$first" ] || n=$first
	status 0 "log reads $b" audit log --json "$b"
	is "$(cmp tap.out <(head -n "$n" "$dir/journal.jsonl") 2>&1)" '' 'as the journal has it'
	status 0 'so does head' audit head "$b"
	is "$out" "$(sed -n "${n}p" "$dir/journal.jsonl" | sed 's/,"body":.*//' | tr -d '\n' | sha256sum | cut -c 1-64)" \
	    'whose digest it prints'
	for seq in $(audit log --json -t model.call "$b" | jq .seq); do
		is "$(audit show --request "$seq" "$b" | sha256sum)" \
		    "$(audit show --request "$seq" a | sha256sum)" \
		    "request $seq is the same from $b"
	done
done
is "$(audit log --json - <all.tar.zst | jq -s length)" "$last" \
    'a bundle may come on the standard input'
status 0 'no root is needed for a file' env -u AGENT_ROOT HOME=/nowhere agent-audit head all.tar.zst
status 66 'but for an agent' env -u AGENT_ROOT HOME=/nowhere agent-audit head a
echo none >a
status 0 'an agent goes before a file of its name' audit head a
status 65 'which is meant with a slash' audit head ./a
status 64 'nothing is added to a bundle that could be followed' audit log -f all.tar.zst
status 66 'a record behind a bundle is not in it' audit show $((last + 1)) all.tar.zst
status 66 'a bundle that is older than all is not there' audit log a@1
status 66 'nor a file' audit log ./none

mkdir apart
cp "$dir/ckpt/$last.tar.zst" apart/alone.tar.zst
status 66 'a bundle whose parent is missing is refused' audit log apart/alone.tar.zst
like "$err" 'parent|before it|missing' 'saying so'
head -c -100 all.tar.zst >cut.tar.zst
status 65 'a bundle that was cut is damaged' audit log ./cut.tar.zst
done_testing
