#!/bin/bash
# agent-run -m replay:JOURNAL: a run over again from what was recorded of it.
. "$SRC/tests/cli/tap.sh"

big=$(head -c 70000 /dev/zero | tr '\0' x)
cat >m <<EOF
{"content":"look","tool_calls":[{"name":"write_file","arguments":{"path":"a","content":"b"}},{"name":"read_file","arguments":{"path":"a"}},{"name":"read_file","arguments":{"path":"/etc/shadow"}}],"usage":{"input_tokens":10,"output_tokens":4,"cached_tokens":2}}
{"content":""}
{"content":"large","tool_calls":[{"name":"write_file","arguments":{"path":"c","content":"$big"}},{"name":"no_such_tool","arguments":{}}]}
{"content":"$big"}
{"content":"cut","tool_calls":[{"name":"list_files","arguments":{}}],"stop_reason":"length"}
{"content":"done"}
{"content":"the child's"}
EOF
# What a run did: all records, but for what is another each time.
did() {
	agent-audit log --json "$@" | jq -c 'select(.type != "grant" and .type != "note") |
	    [.type, (.body | del(.salt, .model, .request, .tools, .pid, .seconds, .usage.milliseconds,
	    .usage.cpu_us, .key, .sig, .over, .cost, .cpu_us, .bytes, .usage.bytes))]'
}
journal() { echo "$AGENT_ROOT/agents/$(agent-ps --json "$1" | jq -r .id)/journal.jsonl"; }

agent-run -q -m script:m --name a goal >/dev/null
agent-run -q -m script:m -r a more >/dev/null
like "$(agent-audit log --json -t model.reply a)" '"bad":' 'a history with a reply of no use'
like "$(agent-audit log --json -t model.reply a)" 'calls_blob' 'with calls that are a blob'
like "$(agent-audit log --json -t model.reply a)" '"blob":' 'and with a text that is one'
status 0 'is run again from its journal' agent-run -q -m "replay:$(journal a)" --name b goal
status 0 'and gone on with' agent-run -q -r b more
is "$(did b)" "$(did a)" 'and does the same, to the last member of each record'
status 0 'which is no drift' agent-audit replay b
status 66 'behind its end there is nothing to say' agent-run -q -r b 'still more'
status 0 'which is no drift either' agent-audit replay b

child=$(agent-fork --goal 'yours' a)
agent-run -q -m script:m -r "$child" >/dev/null
from=$(journal "$child")
status 0 'a forked agent goes on from the replies of its ancestors' agent-run -q -m "replay:$from" --name c goal
status 0 'up to where it was forked' agent-run -q -r c more
agent-run -q -r c yours >out
is "$(cat out)" "the child's" 'and then its own follow'
cp "$from" alone.jsonl
status 0 'a copy that stands alone has its own alone' agent-run -q -m replay:alone.jsonl goal
is "$out" "the child's" 'from the first on'
done_testing
