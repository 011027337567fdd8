#!/bin/bash
# agent-run against aimock, a server of both protocols that we did not write:
# whole runs over HTTP, with real tools in the sandbox.
. "$SRC/tests/cli/tap.sh"

data=$SRC/../shared/data
cli=$SRC/build/peers/node_modules/@copilotkit/aimock/dist/cli.js
command -v node >/dev/null || skip_all "no node"
[ -f "$cli" ] || skip_all "aimock is not installed (scripts/peers)"
[ -f "$data/peers/aimock-fixtures.json" ] || skip_all "no fixtures at hand"

node "$cli" -p 0 -f "$data/peers/aimock-fixtures.json" --strict \
    --validate-on-load -l 20 >aimock.log 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null' EXIT
for _ in $(seq 500); do
	base=$(grep -o 'http://127.0.0.1:[1-9][0-9]*' aimock.log) && break
	sleep 0.02
done
export OPENAI_BASE_URL=$base/v1 ANTHROPIC_BASE_URL=$base
export OPENAI_API_KEY=test-key-1 ANTHROPIC_API_KEY=test-key-2
mkdir -p w/notes
echo 'The capital of France is Paris.' >w/notes/france.txt
echo A >w/a.txt
echo B >w/b.txt

for model in openai:gpt-4o anthropic:claude-test; do
	p=${model%%:*}
	status 0 "$p: a run with a tool call ends" \
	    agent-run -q -m "$model" -w w --name "$p" "what is the capital of France?"
	like "$out" 'The capital of France is Paris' "$p: with its answer"
	like "$(agent-audit log --json -t tool.result "$p")" \
	    '"text":"The capital of France is Paris' "$p: the file was read"
	status 0 "$p: its history holds" agent-audit verify "$p"
	call=$(agent-audit log --json -t model.call "$p" | tail -n 1 | jq .seq)
	status 0 "$p: the last request can be rebuilt" \
	    agent-audit show --request "$call" "$p"
	is "$(jq -r '[.messages[].role]|join(" ")' <<<"$out")" \
	    'system user assistant tool' "$p: a result follows its call"

	status 0 "$p: two calls in one turn" \
	    agent-run -q -m "$model" -w w --name "$p-two" "two tools please"
	is "$(agent-audit log --json -t tool.result "$p-two" |
	    jq -r .body.status | tr '\n' ' ')" 'ok ok ' "$p: both are made"

	# The fixture answers once: what follows is the model's, told of it.
	AGENT_MODEL_RETRIES=0 agent-run -q -m "$model" -w w --name "$p-cut" \
	    "cut stream" >/dev/null 2>&1
	like "$(agent-audit log --json -t model.reply "$p-cut" | head -n 1)" \
	    '"bad":"' "$p: a stream that is cut is a bad reply"
	call=$(agent-audit log --json -t model.call "$p-cut" | sed -n 2p | jq .seq)
	like "$(agent-audit show --request "$call" "$p-cut")" \
	    'your last reply could not be used' "$p: and the model is told"
	status 69 "$p: an overloaded provider is unavailable" \
	    env AGENT_MODEL_RETRIES=0 \
	    agent-run -q -m "$model" -w w --name "$p-over" "overload me"
	status 69 "$p: and still is when the run goes on" \
	    env AGENT_MODEL_RETRIES=0 agent-run -q -r "$p-over"
	is "$(agent-audit log --json -t model.call "$p-over" |
	    jq -r .body.attempt | tr '\n' ' ')" '1 2 ' \
	    "$p: the same call, sent again"
done
ok "$(! grep -rq 'test-key-' "$AGENT_ROOT"; echo $?)" \
    "no key is in any agent's folder"
ok "$(grep -q 'test-key-1' <<<"$OPENAI_API_KEY"; echo $?)" \
    "the search would find one"
done_testing
