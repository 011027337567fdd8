#!/bin/bash
# What agent-model sends to OpenAI, held against OpenAI's own description of
# its API.
. "$SRC/tests/cli/tap.sh"

description=$SRC/../shared/data/openai/openapi.json.zst
[ -f "$description" ] || skip_all "no description of the API at hand"
command -v zstd >/dev/null || skip_all "no zstd"
zstd -qdc "$description" >openapi.json
export OPENAI_API_KEY=none

# wire REQUEST [OPTION…]: appends what would be sent to the file `sent`.
wire() {
	local request=$1
	shift
	printf '%s' "$request" | agent-model -m openai:gpt --wire "$@" >>sent
	echo >>sent
}
tools='[{"type":"function","function":{"name":"read_file","description":"Read","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}},{"type":"function","function":{"name":"none"}}]'
image='data:image/png;base64,iVBORw0KGgo='
wire '{"messages":[{"role":"user","content":"hello"}]}'
wire '{"model":"elsewhere","messages":[{"role":"system","content":"s"},{"role":"developer","content":"d"},{"role":"user","content":"ü"}],"tools":[]}'
wire '{"messages":[{"role":"user","content":"x"}]}' --max-tokens 100 \
    --temperature 0.7
wire "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"look\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"$image\"}}]}],\"tools\":$tools}"
wire "{\"messages\":[{\"role\":\"user\",\"content\":\"two\"},
 {\"role\":\"assistant\",\"content\":\"\",\"provider\":{\"anthropic\":[]},\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"read_file\",\"arguments\":\"{\\\"path\\\":\\\"a\\\"}\"}},{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"no such.tool\",\"arguments\":\"{cut\"}}]},
 {\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"A\"},{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"\"},
 {\"role\":\"assistant\",\"content\":null,\"tool_calls\":[]},
 {\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"read_file\",\"arguments\":\"[]\"}}]},
 {\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"C\"}],\"tools\":$tools}"
is "$(wc -l <sent | tr -d ' ')" 5 'five requests are made'
status 0 'what is sent is a CreateChatCompletionRequest' \
    "$SRC/tests/openapi-check" openapi.json CreateChatCompletionRequest sent
is "$out" '' 'without a word against it'

# The check itself can say no.
for change in '.tool_choise="auto"' '.messages[0].role="robot"' \
    '.tools=[{"type":"function","function":{"name":5}}]' 'del(.model)' \
    '.messages=[]' '.stream="yes"' '.max_completion_tokens="many"'; do
	head -n1 sent | jq -c "$change"
done >changed
status 1 'and what is not one is found' \
    "$SRC/tests/openapi-check" openapi.json CreateChatCompletionRequest changed
is "$(printf '%s\n' "$out" | grep -c '^changed:')" 7 'every time'

done_testing
