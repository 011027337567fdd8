# shellcheck shell=bash
# registry.sh: a registry that goes wrong as it is told (tests/fake-registry),
# and an agent with bundles; sourced after tap.sh.
# shellcheck disable=SC2034 # for those who source it
command -v python3 >/dev/null || skip_all 'no python3'

mkdir reg
"$SRC/tests/fake-registry" port reg &
fake=$!
trap 'kill "$fake"' EXIT
for _ in {1..100}; do [ -e port ] && break; sleep 0.1; done
port=$(cat port)
image=oci://127.0.0.1:$port/team/agent
plan() { printf '%s' "$1" >reg/plan; }
faults() { plan "{\"faults\":[$1]}"; }
log() { cut -d ' ' -f "$1" reg/log; }
layers=reg/manifests/team/agent

cat >script.jsonl <<'END'
{"content":"1","tool_calls":[{"name":"run_command","arguments":{"command":"seq 30000 >big; echo one >a"}}]}
{"content":"2","tool_calls":[{"name":"run_command","arguments":{"command":"echo two >a; mkdir d; ln a d/hard"}}]}
{"content":"3","tool_calls":[{"name":"run_command","arguments":{"command":"echo three >d/new"}}]}
{"content":"end"}
END
status 0 'an agent has bundles' \
    agent-run -q -m script:script.jsonl --ckpt turn --name a x
ckpt=root/agents/$(agent-ps --json a | jq -r .id)/ckpt
same() { diff -rq --no-dereference "$ckpt" "$1"; }
