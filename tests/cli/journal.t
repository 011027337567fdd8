#!/bin/bash
# agent-journal(5) by other means: jq and sha256sum agree with what is written.
. "$SRC/tests/cli/tap.sh"

cat >script.jsonl <<'EOF'
{"tool_calls":[{"name":"run_command","arguments":{"command":"printf '\\303\\251\\n\\t\"}'"}}]}
{"content":"the \"end\""}
EOF
status 0 'an agent runs' agent-run -q -m script:script.jsonl goal
dir=$(echo root/agents/*)
journal=$dir/journal.jsonl
sum() { sha256sum | cut -d' ' -f1; }

# Line by line: the chain, the sums, the digests, by text alone.
prev=$(sum <"$dir/agent.json") n=0 bad=
while IFS= read -r line; do
	n=$((n + 1))
	header=${line%%,\"body\":*}
	body=${line#"$header",\"body\":}
	[ "$(jq -r '"\(.seq) \(.prev) \(.sum)"' <<<"$line")" = \
		"$n $prev $(printf %s "${body%\}}" | sum)" ] || bad+=" $n"
	prev=$(printf %s "$header" | sum)
done <"$journal"
is "$bad" '' "each of $n records follows the digest of the one before it"
[ "$n" -ge 10 ]
ok $? 'of which there are enough'
status 0 'the head' agent-audit head "${dir##*/}"
is "$out" "$prev" 'is the digest of the last'
is "$(jq -r 'keys_unsorted - ["more"] | join(" ")' "$journal" | sort -u)" \
	'seq time type prev sum body' 'each has its keys in their order'
is "$(jq -r '.body.salt' "$journal" | sort -u | grep -Ec '^[0-9a-f]{32}$')" \
	"$n" 'and a salt of its own'
is "$(tr -d -c ' ' <<<"$(sed 's/,"body":.*//' "$journal")")" '' \
	'and no space before its body'
is "$(jq -r .time "$journal" | sort -c 2>&1)" '' 'time never goes back'
is "$(jq -r 'select(.type == "exit") | .more' "$journal") $(tail -n 1 \
	"$journal" | jq -r '"\(.type) \(.more)"')" 'true seal null' \
	'the exit and its seal are one group, which the seal ends'

if command -v signify-openbsd >/dev/null; then
	tail -n 1 "$journal" | jq -r '"agentutils seal \(.prev)"' >text
	{
		echo 'untrusted comment: seal'
		# a signature file holds "Ed", the key's number, the signature
		{
			sed -n 2p root/key.pub | base64 -d | head -c 10
			tail -n 1 "$journal" | jq -r .body.sig | base64 -d
		} | base64 -w 0
		echo
	} >text.sig
	status 0 'signify verifies the seal' \
		signify-openbsd -V -q -p root/key.pub -x text.sig -m text
	sed -i 's/seal ./seal x/' text
	status 1 'over that digest and no other' \
		signify-openbsd -V -q -p root/key.pub -x text.sig -m text
fi
done_testing
