#!/bin/bash
# push and pull where connections break and registries fail.
# shellcheck disable=SC2016 # filters of jq
. "$SRC/tests/cli/tap.sh"
. "$SRC/tests/cli/registry.sh"

status 0 'a registry takes a push' agent-ckpt push a "$image:v1"
first=$(jq -r '.layers[0].digest' "$layers/v1")
last=$(jq -r '.layers[-1].digest' "$layers/v1")
config=$(jq -r '.config.digest' "$layers/v1")
faults "{\"match\":\"GET .*blobs/$first\",\"cut\":1000,\"times\":2},
    {\"match\":\"manifests\",\"drop\":true},{\"match\":\"$last\",\"status\":503},
    {\"match\":\"$config\",\"cut\":5}"
rm reg/log
status 0 'a pull goes on where it broke off' agent-ckpt pull -o got "$image:v1"
is "$(same got)" '' 'with the same result'
is "$(log 6 | grep -c bytes=1000-)" 1 'with the rest of a layer'
second=$(jq -r '.layers[1].digest' "$layers/v1")
slow="{\"match\":\"GET .*blobs/$second\",\"cut\":1000,\"times\":3}"
rm -rf got
faults "$slow"
is "$(script -qec "agent-ckpt pull -o got $image:v1" /dev/null | tr '\r' '\n' |
    grep -c '^fetching 0 MiB of 0')" 1 'on a terminal one sees how far it is'
rm -rf got
faults "$slow,{}"
status 0 'elsewhere' agent-ckpt pull -o got "$image:v1"
is "$err" '' 'nothing is said of it'
faults "{\"match\":\"GET .*blobs/$last\",\"drop\":true,\"times\":99}"
rm -rf got
status 69 'a registry that goes away stops it' agent-ckpt pull -o got "$image:v1"
is "$(ls -A got)" '10.tar.zst
15.tar.zst
5.tar.zst' 'what came is kept'
plan ''
rm reg/log
status 0 'for the next time' agent-ckpt pull -o got "$image:v1"
is "$(log 1,2 | grep -c 'GET.*blobs')" 2 'which fetches the rest'
is "$(same got)" '' 'with the same result'

old=$(sha256sum "$layers/v1")
head -c 40000000 /dev/urandom >big.bin
cat >large.jsonl <<'END'
{"content":"1","tool_calls":[{"name":"run_command","arguments":{"command":"cp ../big.bin . 2>/dev/null; true"}}]}
{"content":"end"}
END
mkdir w && mv big.bin w
status 0 'an agent has a large file' agent-run -q -m script:large.jsonl \
    -w w --ckpt exit --name large x
faults '{"match":"PATCH","keep":1000000},{"match":"PUT .*uploads","drop":true}'
rm reg/log
status 0 'a large layer goes in parts' agent-ckpt push large "$image:v1"
like "$(log 6 | grep -E '^[0-9]+-[0-9]+$' | head -n 1 | tr '\n' ' ')" \
    '^0-16777215 ' 'of 16 MiB'
like "$(log 1,3)" 'PATCH broken' 'that break'
like "$(log 1,3)" 'GET 204' 'and the registry is asked'
like "$(log 1,6)" 'PATCH 1000000-' 'where to go on'
status 0 'it comes back' agent-ckpt pull -o large "$image:v1"
is "$(diff -rq "root/agents/$(agent-ps --json large | jq -r .id)/ckpt" large)" \
    '' 'as it was'
is "$([ "$old" != "$(sha256sum "$layers/v1")" ]; echo $?)" 0 'the tag moved'
rm -r reg/blobs; mkdir reg/blobs
faults '{"match":"GET .*uploads","forget":true},{"match":"PATCH","keep":5}'
rm reg/log
status 0 'an upload that is forgotten begins again' \
    agent-ckpt push large "$image:v2"
ok "$([ "$(log 1 | grep -c POST)" -gt 3 ]; echo $?)" 'from the start'

# ---- the tag
status 0 'a tag names an image' agent-ckpt push a "$image:tag"
old=$(sha256sum "$layers/tag")
agent-ckpt save --full a >/dev/null
for fault in '{"match":"PUT .*uploads","drop":true,"times":99}' \
    '{"match":"PUT .*uploads","status":400,"times":99}' \
    '{"match":"PUT .*manifests","keep":100,"times":99}' \
    '{"match":"PUT .*manifests","status":413,"body":"{}"}'; do
	faults "$fault"
	status 69 "$fault stops a push" agent-ckpt push a "$image:tag"
	is "$(sha256sum "$layers/tag")" "$old" 'and leaves the tag where it was'
done
plan '{"basic":{"user":"u","password":"z"}}'
status 77 'so does a password that is no longer good' \
    agent-ckpt push a "$image:tag"
plan ''
status 0 'the next push' agent-ckpt push --json a "$image:tag"
is "$(jq -c '[.layers,.sent]' <<<"$out")" '[7,0]' 'sends nothing again'
done_testing
