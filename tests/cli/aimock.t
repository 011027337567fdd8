#!/bin/bash
# agent-model against aimock, a server of both protocols that we did not write.
. "$SRC/tests/cli/tap.sh"

data=$SRC/../shared/data
cli=$SRC/build/peers/node_modules/@copilotkit/aimock/dist/cli.js
command -v node >/dev/null || skip_all "no node"
[ -f "$cli" ] || skip_all "aimock is not installed (scripts/peers)"
[ -f "$data/peers/aimock-fixtures.json" ] || skip_all "no fixtures at hand"

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
start() { # start [OPTION…]: afresh, on a free port
	if [ -n "$server" ]; then
		kill "$server" && wait "$server" 2>/dev/null
	fi
	node "$cli" -p 0 -f "$data/peers/aimock-fixtures.json" --strict \
	    --validate-on-load -l 20 "$@" >aimock.log 2>&1 &
	server=$!
	for _ in $(seq 500); do
		base=$(grep -o 'http://127.0.0.1:[1-9][0-9]*' aimock.log) && break
		sleep 0.02
	done
	export OPENAI_BASE_URL=$base/v1 ANTHROPIC_BASE_URL=$base
}
export OPENAI_API_KEY=test ANTHROPIC_API_KEY=test

tools='[{"type":"function","function":{"name":"read_file","description":"Read a file","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}}]'
ask() { # ask TEXT: a first request
	messages="[{\"role\":\"user\",\"content\":\"$1\"}]"
}
results() { # the reply, and a result for each of its calls, join the request
	messages=$(printf '%s' "$out" | jq -c --argjson m "$messages" \
	    '$m+[.message]+[.message.tool_calls[]|{role:"tool",tool_call_id:.id,content:"contents"}]')
}
call() { # call WANT NAME [OPTION…]
	local want=$1 name=$2
	shift 2
	# shellcheck disable=SC2016  # expanded by the inner shell
	status "$want" "$name" sh -c 'printf "%s" "$0" | agent-model -m "$@"' \
	    "{\"messages\":$messages,\"tools\":$tools}" "$model" "$@"
}
get() { printf '%s' "$out" | jq -r "$1" 2>&1; }

for model in openai:gpt-4o anthropic:claude-test; do
	p=${model%%:*}
	start
	ask hello
	call 0 "$p: a question is answered"
	is "$(get '.message.content+" "+.stop_reason')" 'Hi there! end' \
	    "$p: with its text"
	call 0 "$p: streamed" --stream
	is "$(printf '%s\n' "$out" |
	    jq -rs 'map(select(.type=="text").text)|join("")')" 'Hi there!' \
	    "$p: the pieces make up the text"

	ask 'capital of France'
	call 0 "$p: a tool is called"
	is "$(get '[.message.content,(.message.tool_calls[0]|.id,.function.name,.function.arguments)]|join("|")')" \
	    'Let me look that up.|call_geo1|read_file|{"path":"notes/france.txt"}' \
	    "$p: with text, id, name and arguments"
	results
	call 0 "$p: its result is taken"
	like "$(get .message.content)" '^The capital of France is Paris' \
	    "$p: and leads to the answer"
	is "$(get '.usage|[.input_tokens,.output_tokens]|join(" ")')" '41 12' \
	    "$p: with its usage"

	ask 'two tools'
	call 0 "$p: two tools are called at once"
	is "$(get '[.message.tool_calls[]|.id+.function.arguments]|join(" ")')" \
	    'call_a{"path":"a.txt"} call_b{"path":"b.txt"}' "$p: each whole"
	results
	call 0 "$p: both results are taken"
	is "$(get .message.content)" 'Both files read.' "$p: together"

	ask 'ratelimit me'
	call 0 "$p: a rate limit is waited for"
	is "$(get .message.content)" 'ok after retry' "$p: and then answered"
	like "$err" '429.*attempt 2 in 1.0 s' "$p: as long as it says"
	ask 'overload me'
	call 69 "$p: an overload that stays is status 69"
	like "$err" 'status 529: Overloaded.*after 3 attempts' \
	    "$p: after three attempts"
	ask 'too long'
	call 0 "$p: a cut answer is a reply"
	is "$(get '.message.content+"|"+.stop_reason')" \
	    'This answer was cut|length' "$p: whose stop reason tells"
	ask 'cut stream'
	call 65 "$p: a cut stream is a bad reply"
	like "$err" 'bad reply: .*broke off' "$p: which says so"
	ask 'nobody knows this'
	AGENT_MODEL_RETRIES=0 call 69 "$p: no fixture is status 69"

	start --chaos-malformed 1
	ask hello
	call 65 "$p: malformed JSON is a bad reply"
	start --chaos-disconnect 1
	AGENT_MODEL_RETRIES=1 call 69 "$p: a broken connection is status 69"
	like "$err" 'after 2 attempts' "$p: after as many attempts as allowed"
done

# Its own words, against OpenAI's description: else what it proves is little.
if [ -f "$data/openai/openapi.json.zst" ] && command -v zstd >/dev/null; then
	zstd -qdc "$data/openai/openapi.json.zst" >openapi.json
	start
	for ask in hello 'capital of France' 'two tools' 'too long'; do
		jq -cn --arg q "$ask" \
		    '{model:"gpt-4o",messages:[{role:"user",content:$q}]}' |
		    curl -s -H 'Content-Type: application/json' -d @- \
		    "$OPENAI_BASE_URL/chat/completions" | jq -c .
	done >replies
	is "$(wc -l <replies | tr -d ' ')" 4 'aimock gives four replies'
	status 0 'each of them a CreateChatCompletionResponse' \
	    "$SRC/tests/openapi-check" openapi.json \
	    CreateChatCompletionResponse replies
	sed 's/"finish_reason":"[a-z_]*"/"finish_reason":"whim"/' replies >changed
	status 1 'which it could also not be' "$SRC/tests/openapi-check" \
	    openapi.json CreateChatCompletionResponse changed
fi

done_testing
