#!/bin/bash
# agent-model against models that are at hand, and against a server that goes
# wrong in every way that we know.
. "$SRC/tests/cli/tap.sh"

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT

# serve SCENARIO: a JSON array, tests/fault-server.
serve() {
	if [ -n "$server" ]; then
		kill "$server" && wait "$server" 2>/dev/null
	fi
	rm -rf port log
	mkdir log
	printf '%s' "$1" >scenario
	"$SRC/tests/fault-server" scenario port log &
	server=$!
	for _ in $(seq 200); do [ -s port ] && break; sleep 0.02; done
	ANTHROPIC_BASE_URL=http://127.0.0.1:$(cat port)
	OPENAI_BASE_URL=$ANTHROPIC_BASE_URL/v1
	export OPENAI_BASE_URL ANTHROPIC_BASE_URL
}

# call WANT NAME MODEL [OPTION…]: with $request on stdin.
request='{"messages":[{"role":"user","content":"hello"}]}'
call() {
	local want=$1 name=$2
	shift 2
	# shellcheck disable=SC2016  # expanded by the inner shell
	status "$want" "$name" sh -c 'printf "%s" "$0" | agent-model -m "$@"' \
	    "$request" "$@"
}
get() { printf '%s' "$out" | jq -r "$1" 2>&1; }
sent() { find log -name '*[0-9]' | wc -l | tr -d ' '; }
body() { sed '1,/^\r$/d' "log/$1"; }

# Prints 0 when the process is gone, or waits only to be reaped.
dead() {
	for _ in $(seq 50); do
		case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
		'' | Z*) echo 0 && return ;;
		esac
		sleep 0.02
	done
	echo 1
}

text() { # text PIECE…: an OpenAI stream with these pieces
	local p all='{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}'
	for p; do
		all+=",$(jq -cn --arg p "$p" '{choices:[{index:0,delta:{content:$p}}]}')"
	done
	all+=',{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
	all+=',{"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":5}}}'
	printf '[%s,"data: [DONE]\\n\\n"]' "$all"
}
good=$(text Hel lo 'ü€😀')

# --- models at hand ---------------------------------------------------------
cat >s.jsonl <<'END'
{"content":"one","tool_calls":[{"name":"run_command","arguments":{"command": "ls"}},{"name":"x","arguments":"{not json"}],"usage":{"input_tokens":10,"output_tokens":2,"cached_tokens":4}}

{"content":"two","stop_reason":"length"}
{"bad":"it broke","content":"half"}
{"error":{"status":69,"message":"scripted outage"}}
{"content":"slow","delay":"30s"}
{"contents":"typo"}
END
assistants() { # a request whose answer is turn N, from 0
	request="{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}$(
	    for _ in $(seq "$1"); do printf ',{"role":"assistant","content":"a"}'; done)]}"
}
call 0 'a script answers with its first line' script:s.jsonl
is "$(get .message.content)" one 'its text is the reply'"'"'s'
is "$(get '.message.tool_calls[0].function.arguments')" '{"command": "ls"}' \
    'arguments given as an object arrive as they are written'
is "$(get '.message.tool_calls[1].function.arguments')" '{not json' \
    'arguments given as text arrive though they are not JSON'
is "$(get '[.message.tool_calls[].id]|join(" ")')" 'call_1_1 call_1_2' \
    'calls are named by turn and number'
is "$(get '.stop_reason+" "+(.usage|tostring)')" \
    'calls {"input_tokens":10,"output_tokens":2,"cached_tokens":4}' \
    'stop reason and usage are told'
call 0 'streaming prints the text, then the reply' script:s.jsonl --stream
is "$(printf '%s\n' "$out" | jq -r .type | tr '\n' ' ')" 'text reply ' \
    'as two JSON lines'
assistants 1
call 0 'the turn is the number of assistant messages' script:s.jsonl
is "$(get '.message.content+" "+.stop_reason')" 'two length' \
    'blank lines do not count'
assistants 2
call 65 'a bad reply is status 65' script:s.jsonl
like "$err" 'bad reply: it broke' 'and says why'
is "$out" '' 'and prints nothing on stdout'
assistants 3
call 69 'a script can fail as a provider does' script:s.jsonl
assistants 4
call 124 'a deadline ends a scripted delay' script:s.jsonl --timeout 0.2s
assistants 5
call 65 'a misspelt member is refused' script:s.jsonl
like "$err" "s.jsonl:7: unknown member 'contents'" 'with its line'
assistants 6
call 66 'past the end of a script is status 66' script:s.jsonl
like "$err" 'no more turns' 'and says so'
request='{"messages":'
call 65 'a request that is not JSON is status 65' script:s.jsonl
request='{"messages":[{"role":"user","content":"hello"}]}'
call 66 'a script that is not there is status 66' script:none
call 64 'an unknown kind of model is status 64' guess:x
status 64 'a missing model is a usage error' agent-model
status 64 'an unknown option is a usage error' agent-model --frob

# stopped SIGNAL MODEL: the status of a call that is under way when it comes.
stopped() {
	printf '%s' "$request" >request
	# As its own job, so that it does not start with SIGINT ignored.
	perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' agent-model -m "$2" \
	    <request >/dev/null 2>stop.err &
	local pid=$! got=0
	for _ in $(seq 250); do
		grep -q agent-model "/proc/$pid/comm" && break
		sleep 0.02
	done
	sleep 0.5
	kill "-$1" "$pid"
	wait "$pid" || got=$?
	echo "$got"
}
assistants 4
start=$(date +%s)
is "$(stopped TERM script:s.jsonl)" 143 'SIGTERM ends a call with 128 + 15'
is "$(stopped INT script:s.jsonl)" 130 'SIGINT ends a call with 128 + 2'
ok $(($(date +%s) - start > 20)) 'at once'

# --- programs ---------------------------------------------------------------
request='{"messages":[{"role":"user","content":"hello"}]}'
cat >echo-model <<'END'
#!/bin/sh
jq -c '{message:{content:("you said "+.messages[-1].content),tool_calls:[{function:{name:"t",arguments:{a:1}}}]},stop_reason:"tool_calls",usage:{input_tokens:3,output_tokens:4}}'
END
cat >bad-model <<'END'
#!/bin/sh
echo complaint >&2
case $1 in
status) exit 3 ;; kill) kill -9 $$ ;; garbage) echo '{"message":' ;;
fork) sleep 60 & echo $! >"$2"; echo '{"message":{"content":"x"}}' ;;
hang) sleep 60 & echo $! >"$2"; wait ;;
away) setsid sh -c 'setsid sleep 60 & echo $! >"$0"; wait' "$2" & wait ;;
flood) yes ;; fds) ls /proc/self/fd | tr '\n' ' ' >"$2"; echo '{"message":{"content":"x"}}' ;;
esac
END
chmod +x echo-model bad-model
call 0 'a program is a model' exec:./echo-model
is "$(get '.message.content')" 'you said hello' 'it got the request on stdin'
is "$(get '.message.tool_calls[0]|.type+" "+.function.arguments+" "+.id' |
    sed 's/call_[0-9a-f]*$/ID/')" 'function {"a":1} ID' \
    'its calls are completed with an id and arguments as text'
is "$(get '.usage.output_tokens')" 4 'its usage counts'
call 69 'a program that fails is status 69' 'exec:./bad-model status'
like "$err" 'ended with status 3' 'and its status is told'
like "$err" '^complaint' 'its stderr is ours'
call 69 'a program that is killed is status 69' 'exec:./bad-model kill'
like "$err" 'died of signal 9' 'and its signal is told'
call 65 'a program that prints no JSON gives a bad reply' \
    'exec:./bad-model garbage'
call 65 'a program that floods gives a bad reply' 'exec:./bad-model flood'
like "$err" 'larger than 64 MiB' 'and is not read to its end'
call 0 'what a program leaves behind' 'exec:./bad-model fork left'
ok "$(dead "$(cat left)")" \
    'is dead when the call is over'
call 124 'a program that hangs meets the deadline' \
    'exec:./bad-model hang hung' --timeout 0.5s
ok "$(dead "$(cat hung)")" \
    'and its whole group is dead'
call 124 'one that left its session' 'exec:./bad-model away away' \
    --timeout 1s
ok "$(dead "$(cat away)")" 'is dead as well'
for signal in KILL TERM; do
	rm -f away
	agent-model -m 'exec:./bad-model away away' <<<"$request" >/dev/null 2>&1 &
	pid=$!
	for _ in $(seq 250); do
		[ -s away ] && break
		sleep 0.02
	done
	kill -0 "$(cat away)"
	ok $? 'while a program runs, what it started does'
	kill -$signal $pid
	wait $pid 2>/dev/null
	for _ in $(seq 250); do
		[ -d "/proc/$(cat away)" ] || break
		sleep 0.02
	done
	ok "$(dead "$(cat away)")" "and does not outlive SIG$signal of its caller"
done
exec 9</dev/null
call 0 'a program gets' 'exec:./bad-model fds fds'
is "$(cat fds)" '0 1 2 3 ' 'three descriptors alone (and that of ls)'
exec 9<&-
call 66 'a program that is not there is status 66' exec:no-such-program

# --- openai: what is sent, and a good reply ---------------------------------
unset OPENAI_API_KEY
call 78 'no key is status 78' openai:gpt
like "$err" 'OPENAI_API_KEY' 'and names the variable'
export OPENAI_API_KEY=sk-secret-1234
for url in ftp://x http:// 'http://user:pw@host' 'http://h ost' 'http://h/?q'; do
	OPENAI_BASE_URL=$url call 78 "the base URL '$url' is refused" openai:gpt
done
serve "[{\"body\":$good}]"
OPENAI_ORG_ID=org OPENAI_PROJECT_ID=proj \
    call 0 'a stream is a reply' openai:gpt --stream
is "$(printf '%s\n' "$out" | jq -rs 'map(select(.type=="text").text)|join("|")')" \
    'Hel|lo|ü€😀' 'text comes as it is streamed'
is "$(printf '%s\n' "$out" | jq -rs '.[-1]|.message.content')" 'Helloü€😀' \
    'and is whole in the reply'
is "$(printf '%s\n' "$out" | jq -rs '.[-1].usage|tostring')" \
    '{"input_tokens":20,"output_tokens":3,"cached_tokens":5}' \
    'with the usage of the chunk that has no choices'
head=$(sed '/^\r$/q' log/1 | tr -d '\r')
like "$head" '^POST /v1/chat/completions HTTP' 'it was POSTed below the base'
like "$head" '^Authorization: Bearer sk-secret-1234$' 'with the key'
like "$head" '^OpenAI-Organization: org$' 'the organisation'
like "$head" '^OpenAI-Project: proj$' 'the project'
like "$head" '^User-Agent: agentutils/[0-9.]+$' 'our name'
unlike "$head" '^Expect:' 'and nothing to wait for'
is "$(body 1 | jq -c 'keys')" \
    '["messages","model","stream","stream_options"]' \
    'no sampling parameter is sent unasked'
# shellcheck disable=SC2016  # expanded by the inner shell
status 0 '--wire prints a body' sh -c \
    'printf "%s" "$0" | agent-model -m openai:gpt --wire' "$request"
is "$out" "$(body 1)" 'the very bytes that were sent'
is "$(sent)" 1 'and sends nothing'
call 0 'options become members' openai:gpt --max-tokens 7 --temperature 0.5
is "$(body 2 | jq -c '[.max_tokens,.temperature]')" '[7,0.5]' \
    'of the names that compatible servers know'
call 64 'a temperature that is no number is refused' openai:gpt \
    --temperature hot
OPENAI_API_KEY='' call 0 'with a base URL a key is not needed' openai:gpt
like "$(cat log/3)" 'Authorization: Bearer none' \
    'and "none" stands for it, which local servers accept'
printf '%s' '{"gpt":{"input":"2.50","cached":"0.25","output":"10"}}' >prices
call 0 'a price file gives the cost' openai:gpt --prices prices
is "$(get .cost)" 69 'in millionths: 15 x 2.50 + 5 x 0.25 + 3 x 10, rounded up'
printf '%s' '{"gpt":{"input":2.5}}' >prices
call 78 'a price that is not decimal text is refused' openai:gpt \
    --prices prices
call 66 'a price file that is not there is status 66' openai:gpt \
    --prices nowhere

# --- openai: streams in odd shapes ------------------------------------------
serve "[{\"body\":$good,\"split\":1}]"
call 0 'a stream cut at every byte is read' openai:gpt
is "$(get .message.content)" 'Helloü€😀' 'without loss'
crlf=$(printf '%s' "$good" | jq -c '[.[]|if type=="string" then .
    else "data: \(tojson)\n\n" end | gsub("\n";"\r\n")]')
serve "[{\"body\":$crlf}]"
call 0 'CRLF ends lines too' openai:gpt
is "$(get .message.content)" 'Helloü€😀' 'without loss'
serve '[{"body":"{\"choices\":[{\"message\":{\"content\":\"whole\",\"tool_calls\":[]},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}"}]'
call 0 'a server that does not stream is understood' openai:gpt --stream
is "$(printf '%s\n' "$out" | jq -rs '[.[0].text,.[1].usage.output_tokens|tostring]|join(" ")')" \
    'whole 2' 'with text and usage'
serve "[{\"body\":$(printf '%s' "$good" | jq -c '.[:-1]')}]"
call 0 'a stream that ends without [DONE] after its stop reason is whole' \
    openai:gpt
serve "[{\"body\":$good,\"hang\":true}]"
start=$(date +%s%N)
call 0 'after [DONE] nothing is waited for' openai:gpt
ok $(($(date +%s%N) - start > 8000000000)) 'longer than a second'
serve "[{\"body\":$good,\"headers\":{\"Content-Type\":\"text/plain\"},\"plain\":true}]"
call 0 'a stream by another name is read' openai:gpt
calls='[
 {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}}]},
 {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}}]},
 {"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]}}]},
 {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":1,"function":{"arguments":"}"}}]}}]},
 {"choices":[{"delta":{},"finish_reason":"WHY"}]},"data: [DONE]\n\n"]'
serve "[{\"body\":${calls/WHY/stop}}]"
call 0 'calls are put together by index' openai:gpt
is "$(get '[.message.tool_calls[]|.id+.function.name+.function.arguments]|join(" ")')" \
    'af{"x":1} bg{}' 'though their pieces are mixed'
is "$(get .stop_reason)" calls 'and are believed over the stop reason'
serve "[{\"body\":${calls/WHY/length}}]"
call 0 'calls cut by the length limit are kept' openai:gpt
is "$(get '.stop_reason')" length 'with that reason'

# --- bad replies ------------------------------------------------------------
bad() { # bad NAME SCENARIO REGEX
	serve "$2"
	call 65 "$1 is a bad reply" openai:gpt
	like "$err" "bad reply: .*($3)" 'which says why'
	is "$(sent)" 1 'and is not asked for again'
}
bad 'a cut stream' "[{\"body\":$good,\"cut\":100}]" 'broke off'
bad 'a stream that ends early' \
    "[{\"body\":$(printf '%s' "$good" | jq -c '.[:2]')}]" 'complete'
AGENT_MODEL_STALL=0.3s \
    bad 'a stalled stream' "[{\"body\":$good,\"stall\":100}]" 'nothing came'
bad 'garbage' '[{"body":"{malformed json"}]' 'not JSON'
bad 'a piece that is not JSON' '[{"body":["data: {oops\n\n"]}]' 'not JSON'
bad 'a page' '[{"body":"<html>hello</html>","headers":{"Content-Type":"text/html"}}]' 'not JSON'
bad 'a reply without choices' '[{"body":"{\"id\":1}"}]' 'no choices'
bad 'an empty body' '[{"body":""}]' 'complete'
bad 'a reply with nothing in it' "[{\"body\":$(text '')}]" 'empty'
bad 'an error in the stream' \
    '[{"body":[{"choices":[{"delta":{"content":"a"}}]},{"error":{"message":"overheated","type":"server_error"}}]}]' \
    'overheated'
bad 'an error instead of a reply' '[{"body":"{\"error\":{\"message\":\"no luck\"}}"}]' 'no luck'
bad 'a line of 65 MiB' \
    '[{"body":"data: 0123456789012345678901234567890123456789012345678901","times":1200000}]' \
    'larger than 64 MiB'
bad 'output that its server cannot parse' \
    '[{"status":500,"body":"{\"error\":{\"code\":500,\"message\":\"The model produced output that does not match the expected peg-native format\",\"type\":\"server_error\"}}"}]' \
    'peg-native'

# --- failures, and what is tried again --------------------------------------
fails() { # fails STATUS SENT NAME SCENARIO REGEX
	serve "$4"
	call "$1" "$3 is status $1" openai:gpt
	like "$err" "$5" 'which says why'
	is "$(sent)" "$2" "after $2 request(s)"
	unlike "$out$err" 'sk-secret' 'without the key'
}
error() { # error STATUS MESSAGE TYPE [CODE]
	jq -cn --arg s "$1" --arg m "$2" --arg t "$3" --arg c "${4-}" \
	    '{status:($s|tonumber),headers:{"Retry-After":"0"},
	      body:({error:{message:$m,type:$t,code:$c}}|tojson)}'
}
recovers() { # recovers NAME FAULT: once, then good
	serve "[$2,{\"body\":$good}]"
	call 0 "$1 is tried again" openai:gpt
	is "$(sent)" 2 'once'
	is "$(get .message.content)" 'Helloü€😀' 'and then answered'
	unlike "$err" 'sk-secret' 'without the key'
}
fails 69 1 'a bad request' "[$(error 400 'no such field' invalid_request_error)]" \
    'openai: status 400: no such field \(invalid_request_error\)'
fails 69 1 'a context that is too long' \
    "[$(error 400 'request (24042 tokens) exceeds the available context size' exceed_context_size_error)]" \
    'exceeds the available context size'
fails 78 1 'a wrong key' "[$(error 401 'Incorrect key sk-secret-1234' invalid_request_error invalid_api_key)]" \
    'Incorrect key «secret:OPENAI_API_KEY» \(invalid_api_key\)'
fails 78 1 'a forbidden model' "[$(error 403 'not for you' permission_error)]" 403
fails 78 1 'an unknown model' "[$(error 404 'no model gpt' not_found)]" 'no model gpt'
fails 69 1 'too large a request' "[$(error 413 big too_large)]" 413
fails 69 1 'a spent quota' "[$(error 429 'You exceeded your quota' insufficient_quota insufficient_quota)]" quota
fails 69 1 'a spend limit' "[$(error 429 'limit' x project_spend_limit_exceeded)]" spend
fails 69 1 'a request that a server cannot parse' \
    "[$(error 500 '[json.exception.parse_error.101] parse error at line 1' server_error)]" 'parse error'
fails 78 1 'a redirect' '[{"status":302,"headers":{"Location":"http://other/"}}]' \
    "redirects are not followed"
fails 69 3 'a server that stays down' "[$(error 503 'go away' server_error)]" \
    'go away .*after 3 attempts'
fails 69 3 'a server that hangs up' '[{"drop":true}]' 'after 3 attempts'
AGENT_MODEL_RETRIES=0 fails 69 1 'without retries one fault' \
    "[$(error 503 down server_error)]" down
AGENT_MODEL_RETRIES=x call 78 'a bad number of retries is refused' openai:gpt
recovers 'a rate limit' "$(error 429 slow rate_limit_error rate_limit_exceeded)"
like "$err" 'status 429: slow.*attempt 2' 'and it is said'
recovers 'an overload' "$(error 529 over overloaded_error)"
recovers 'a server error' "$(error 500 oops server_error)"
recovers 'a broken connection' '{"drop":true}'
recovers 'a cut before the first byte of the body' \
    "{\"body\":$good,\"cut\":0}"
AGENT_MODEL_STALL=0.3s recovers 'silence before the first byte' '{"delay":20}'
recovers 'what x-should-retry says' \
    '{"status":400,"headers":{"x-should-retry":"true","Retry-After":"0"}}'
fails 69 1 'what x-should-retry forbids' \
    '[{"status":503,"headers":{"x-should-retry":"false"}}]' 503
serve "[$(error 429 slow x | jq -c '.headers={"Retry-After":"1"}'),{\"body\":$good}]"
start=$(date +%s%N)
call 0 'Retry-After is kept to' openai:gpt
ok $(($(date +%s%N) - start < 1000000000)) 'a second is a second'
serve "[$(error 429 slow x | jq -c '.headers={"Retry-After":"30"}')]"
start=$(date +%s%N)
call 124 'a wait beyond the deadline is not begun' openai:gpt --timeout 5s
ok $(($(date +%s%N) - start > 4000000000)) 'but ends the call at once'
serve '[{"delay":20}]'
call 124 'a deadline ends a call' openai:gpt --timeout 0.3s
start=$(date +%s)
is "$(stopped TERM openai:gpt)" 143 'SIGTERM ends it too'
ok $(($(date +%s) - start > 15)) 'at once'
OPENAI_BASE_URL=http://127.0.0.1:1 AGENT_MODEL_RETRIES=0 \
    call 69 'a server that is not there is status 69' openai:gpt

# One process, two requests: the second attempt uses the first connection.
serve "[$(error 503 busy x),{\"body\":$good}]"
call 0 'a connection is used again' openai:gpt
is "$(cat log/1.conn log/2.conn | tr -d '\n')" 11 'for the next attempt'

# --- anthropic --------------------------------------------------------------
export ANTHROPIC_API_KEY=ak-secret-1234
unset ANTHROPIC_AUTH_TOKEN
claude='[
 {"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":2,"output_tokens":1}}},
 {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}},
 {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}},
 "event: ping\ndata: {\"type\":\"ping\"}\n\n",
 {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig=="}},
 {"type":"content_block_stop","index":0},
 {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"zz"}},
 {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}},
 {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Look: "}},
 {"type":"from_the_future","index":9},
 {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}},
 {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}},
 {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":":1}"}},
 {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"toolu_2","name":"g","input":{}}},
 {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}},
 {"type":"message_stop"}]'
serve "[{\"body\":$claude,\"split\":7}]"
call 0 'a stream of the Messages API is a reply' anthropic:claude
is "$(get '.message.content+.stop_reason')" 'Look: calls' 'with its text'
is "$(get '[.message.tool_calls[].function|.name+.arguments]|join(" ")')" \
    'f{"a":1} g{}' 'its calls'
is "$(get '.usage|tostring')" \
    '{"input_tokens":17,"output_tokens":9,"cached_tokens":5}' \
    'and input tokens that count the cached ones'
is "$(get '.message.provider.anthropic|tostring')" \
    '[{"type":"thinking","thinking":"hm","signature":"sig=="},{"data":"zz","type":"redacted_thinking"},{"type":"text","text":"Look: "},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}},{"type":"tool_use","id":"toolu_2","name":"g","input":{}}]' \
    'signed thinking is kept in its place'
head=$(sed '/^\r$/q' log/1 | tr -d '\r')
like "$head" '^POST /v1/messages HTTP' 'it was POSTed'
like "$head" '^x-api-key: ak-secret-1234$' 'with the key'
unlike "$head" '^Authorization' 'in one header only'
like "$head" '^anthropic-version: 2026-10-21$' 'and the version'
is "$(body 1 | jq -c 'keys')" '["max_tokens","messages","model","stream"]' \
    'without sampling parameters'
request="{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"},$(get .message),{\"role\":\"tool\",\"tool_call_id\":\"toolu_1\",\"content\":\"r1\"},{\"role\":\"tool\",\"tool_call_id\":\"toolu_2\",\"content\":\"r2\"},{\"role\":\"user\",\"content\":\"go on\"}]}"
ANTHROPIC_AUTH=bearer call 0 'the next turn' anthropic:claude \
    --api-version 2023-06-01
head=$(sed '/^\r$/q' log/2 | tr -d '\r')
like "$head" '^Authorization: Bearer ak-secret-1234$' \
    'can use the other scheme'
unlike "$head" '^x-api-key' 'alone'
like "$head" '^anthropic-version: 2023-06-01$' 'and another version'
is "$(body 2 | jq -c '.messages[1].content')" \
    '[{"type":"thinking","thinking":"hm","signature":"sig=="},{"data":"zz","type":"redacted_thinking"},{"type":"text","text":"Look: "},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}},{"type":"tool_use","id":"toolu_2","name":"g","input":{}}]' \
    'gives the blocks back verbatim'
is "$(body 2 | jq -c '.messages[2]|[.role,[.content[]|.type+" "+(.tool_use_id//.text)]]')" \
    '["user",["tool_result toolu_1","tool_result toolu_2","text go on"]]' \
    'and all results in one message, before its text'
call 78 'an unknown scheme is refused' anthropic:claude --auth basic
request='{"messages":[{"role":"user","content":"hello"}]}'
serve '[{"body":[{"type":"message_start","message":{}},"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"]}]'
call 65 'an error event in the stream is a bad reply' anthropic:claude
like "$err" 'Overloaded \(overloaded_error\)' 'with its message'
is "$(sent)" 1 'and is not asked for again'
serve "[{\"body\":$(printf '%s' "$claude" | jq -c '.[:9]')}]"
call 65 'a stream without its end is a bad reply' anthropic:claude
serve '[{"status":429,"body":"{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"cap\",\"details\":{\"error_code\":\"enforced_spend_limit_reached\"}}}"}]'
call 69 'a spend cap is status 69' anthropic:claude
is "$(sent)" 1 'and is not asked again'
serve '[{"status":529,"headers":{"retry-after-ms":"5"},"body":"{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}"}]'
call 69 'a server that stays overloaded is status 69' anthropic:claude
is "$(sent)" 3 'after three requests'
serve '[{"body":"{\"content\":[{\"type\":\"text\",\"text\":\"whole\"},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"b\":[2]}}],\"stop_reason\":\"tool_use\",\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}"}]'
call 0 'a message in one piece is understood' anthropic:claude
is "$(get '.message.content+.message.tool_calls[0].function.arguments')" \
    'whole{"b":[2]}' 'with its input'
unset ANTHROPIC_BASE_URL ANTHROPIC_API_KEY
call 78 'no key is status 78' anthropic:claude
ANTHROPIC_AUTH_TOKEN=tok-1234 \
    call 0 'a token alone is enough' anthropic:claude --wire

done_testing
