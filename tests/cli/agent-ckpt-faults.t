#!/bin/bash
# push and pull against a registry that goes wrong as it is told.
# shellcheck disable=SC2016 # filters of jq
. "$SRC/tests/cli/tap.sh"
. "$SRC/tests/cli/registry.sh"

# ---- as it should be
status 0 'a registry takes a push' agent-ckpt push --json a "$image:v1"
is "$(jq -c '[.layers, .sent, .tag]' <<<"$out")" '[5,5,"v1"]' \
    'and all layers were sent: four bundles, and what the third hides'
status 0 'and gives it back' agent-ckpt pull -o got "$image:v1"
is "$out" "got/20.tar.zst" 'naming the newest'
is "$(same got)" '' 'byte for byte'
digest=$(agent-ckpt push a "$image:v1")
is "$digest" "oci://127.0.0.1:$port/team/agent@sha256:$(
    sha256sum "$layers/v1" | cut -d ' ' -f 1)" \
    'the image has the name of its digest, whenever it is pushed'
status 0 'by which it can be pulled' agent-ckpt pull --json -o got2 "$digest"
is "$(jq -s -c 'map(.fetched) | unique' <<<"$out")" '[true]' 'into a new folder'
rm reg/log
status 0 'a second pull' agent-ckpt pull --json -o got2 "$digest"
is "$(log 1,2 | grep -c blobs)" 1 'fetches no layer, only the configuration'
is "$(jq -s -c 'map(.fetched) | unique' <<<"$out")" '[false]' 'and says so'

# ---- names and places
for bad in oci://h/n http://h/n:t oci:///n:t oci://h/N:t oci://h/n:t:u \
    oci://h/n@sha256:12 oci://h:0/n:t 'oci://u:p@h/n:t' oci://h/../n:t \
    'oci://h/n:t?x' oci://h/n/:t oci://h/n:.t 'oci://[::1/n:t'; do
	status 64 "'$bad' is no name of an image" agent-ckpt pull -o no "$bad"
done
status 64 'a push needs a tag' agent-ckpt push a "$digest"
status 66 'what is not there is not pulled' agent-ckpt pull -o no "$image:v2"
status 69 'nor from where nobody is' agent-ckpt pull -o no oci://127.0.0.1:1/a:t
status 0 'nothing came of these' rmdir no

# ---- who we are
plan '{"basic":{"user":"u","password":"p"}}'
status 77 'who is not told is not let in' agent-ckpt pull -o no "$image:v1"
status 77 'nor who has another password' env AGENT_REGISTRY_USER=u \
    AGENT_REGISTRY_PASSWORD=q agent-ckpt pull -o no "$image:v1"
status 0 'the environment may tell' env AGENT_REGISTRY_USER=u \
    AGENT_REGISTRY_PASSWORD=p agent-ckpt pull -o in "$image:v1"
mkdir -p .docker
entry() { printf '{"auths":{"%s":{"auth":"%s"}}}' "$1" "$(printf u:p | base64)"; }
entry "127.0.0.1:$port" >.docker/config.json
status 0 'or the file of an engine' agent-ckpt push a "$image:v1"
entry "127.0.0.1:$port/team" >auth.json
rm .docker/config.json
status 0 'or one that is named, for a folder of the registry' env \
    REGISTRY_AUTH_FILE=auth.json agent-ckpt pull -o in "$image:v1"
entry "127.0.0.1:$port/other" >auth.json
status 77 'but not one for another' env \
    REGISTRY_AUTH_FILE=auth.json agent-ckpt pull -o in "$image:v1"
printf '{"auths":[' >auth.json
status 78 'a file that is no JSON is none' env \
    REGISTRY_AUTH_FILE=auth.json agent-ckpt pull -o in "$image:v1"
status 78 'one that is named must be there' env \
    REGISTRY_AUTH_FILE=nowhere agent-ckpt pull -o in "$image:v1"
export AGENT_REGISTRY_USER=u AGENT_REGISTRY_PASSWORD=p

plan '{"bearer":{"user":"u","password":"p"}}'
rm reg/log
status 0 'a token is fetched where the registry says' \
    agent-ckpt push a "$image:v1"
is "$(log 2,5 | grep -c '^/token.* Basic_')" 2 \
    'with the password, for looking and then for writing'
is "$(log 2,5 | grep -v '^/token' | grep -c Basic)" 0 \
    'which nobody else is told'
status 0 'and for reading' agent-ckpt pull -o in "$image:v1"
plan '{"bearer":{"user":"u","password":"q"}}'
status 77 'no token, no pull' agent-ckpt pull -o in2 "$image:v1"
plan '{"bearer":{"anonymous":true}}'
status 0 'some want a token of anybody' env -u AGENT_REGISTRY_USER \
    agent-ckpt pull -o in "$image:v1"
plan '{"bearer":{"anonymous":true,"token":"a\r\nX-Evil: 1"}}'
status 65 'a token that is more than one line is none' \
    agent-ckpt pull -o in2 "$image:v1"
plan '{"bearer":{"realm":"http://registry.example/token"}}'
status 69 'a realm in the clear must be on this machine' \
    agent-ckpt pull -o in2 "$image:v1"
plan ''

# ---- a host that is not this machine: the registry is its own proxy
proxy=(env "http_proxy=http://127.0.0.1:$port"
    "https_proxy=http://127.0.0.1:$port")
far=oci://registry.example/team/agent:v1
rm reg/log
status 69 'other hosts are asked by TLS' "${proxy[@]}" agent-ckpt pull -o no "$far"
is "$(log 1,2 | sort -u)" 'CONNECT registry.example:443' 'and in no other way'
rm reg/log
status 0 'unless it is said otherwise' \
    "${proxy[@]}" agent-ckpt pull --plain-http -o far "$far"
is "$(same far)" '' 'with the same result'
plan '{"bearer":{"realm":"http://elsewhere.example/token"}}'
rm reg/log
status 65 'a realm elsewhere, in the clear, is not told the password' \
    "${proxy[@]}" agent-ckpt pull --plain-http -o far "$far"
is "$(grep -c elsewhere reg/log)" 0 'or anything'
plan ''

# ---- redirects
last=$(jq -r '.layers[-1].digest' "$layers/v1")
redirect() {
	faults "{\"match\":\"$1\",\"status\":307,\"times\":99,\"headers\":{\"Location\":\"$2\"}}"
}
plan '{"basic":{"user":"u","password":"p"},"faults":[{"match":"GET .*/agent/blobs/'"$last"'",
    "status":307,"headers":{"Location":"http://localhost:'"$port"'/v2/x/blobs/'"$last"'"}}]}'
rm reg/log
status 77 'a layer may lie elsewhere' agent-ckpt pull -o moved "$image:v1"
is "$(grep -c "localhost:$port - " reg/log)" 1 \
    'but there nobody is told who we are'
is "$(grep -c "localhost:$port Basic" reg/log)" 0 'even when asked'
redirect "/agent/blobs/$last" "http://localhost:$port/v2/x/blobs/$last"
status 0 'where it is given to all it is fetched' \
    agent-ckpt pull -o moved "$image:v1"
is "$(same moved)" '' 'whole'
redirect "/blobs/$last" "/v2/x/blobs/$last"
status 65 'not from place to place for ever' agent-ckpt pull -o no "$image:v1"
redirect manifests "http://localhost:$port/v2/x/manifests/v1"
status 65 'a manifest is where it is asked for' agent-ckpt pull -o no "$image:v1"
rm -r reg/blobs; mkdir reg/blobs
faults "{\"match\":\"POST\",\"status\":202,\"headers\":{\"Location\":\"http://localhost:$port/x\"}}"
status 65 'an upload is not sent elsewhere' agent-ckpt push a "$image:v1"
plan ''
rm "$layers/v1"
status 0 'a push fills what was lost' agent-ckpt push a "$image:v1"

# ---- hostile: 65, and nothing is left
first=$(jq -r '.layers[0].digest' "$layers/v1")
config=$(jq -r '.config.digest' "$layers/v1")
refused() { # NAME FAULT
	faults "$2"
	rm -rf bad
	status "${3:-65}" "refused: $1" agent-ckpt pull -o bad "$image:v1"
	is "$(ls -A bad)" '' 'with nothing left behind'
	unlike "$err" $'\x1b' 'and nothing said to the terminal'
}
refused 'a layer with a byte turned over' \
    "{\"match\":\"blobs/$last\",\"flip\":77,\"times\":9}"
refused 'a layer that is too long' \
    "{\"match\":\"blobs/$last\",\"more\":1,\"times\":9}"
refused 'a layer without an end' \
    "{\"match\":\"blobs/$first\",\"endless\":true,\"times\":9}"
refused 'a layer that is another' \
    "{\"match\":\"blobs/$last\",\"body\":\"x\",\"times\":9}"
refused 'a configuration that is another' \
    "{\"match\":\"blobs/$config\",\"body\":\"{}\",\"times\":9}"
refused 'a manifest without an end' \
    '{"match":"manifests","endless":true,"times":9}'
refused 'a manifest with a byte turned over' \
    '{"match":"manifests","flip":9,"times":9}'
refused 'a manifest of another digest' '{"match":"manifests","body":"{}",
    "headers":{"Docker-Content-Digest":"sha256:00"}}'
refused 'a layer that is gone' \
    "{\"match\":\"blobs/$last\",\"status\":404,\"times\":9}"

plan ''
cp "$layers/v1" good
lie() { # NAME JQ-FILTER: a manifest that is changed so
	jq -cj "$2" good >"$layers/v1"
	rm -rf bad
	status "${3:-65}" "refused: $1" agent-ckpt pull -o bad "$image:v1"
	is "$(ls -A bad)" '' 'with nothing left behind'
}
lie 'nonsense' '"x"'
lie 'an unknown type of layer' '.layers[1].mediaType = "application/x"'
lie 'another type of document' '.mediaType = "application/x"'
lie 'a layer that is no bundle' 'del(.layers[1].annotations)'
lie 'a path for a number' '.layers[1].annotations["org.agentutils.seq"] = "../1"'
lie 'a number that is another' \
    '.layers[3].annotations["org.agentutils.seq"] = "21"'
lie 'the id of another bundle' \
    '.layers[1].annotations["org.agentutils.bundle"] =
        .layers[2].annotations["org.agentutils.bundle"]'
lie 'layers out of order' '.layers |= reverse'
lie 'a chain without its start' '.layers |= .[1:]'
lie 'a size below zero' '.layers[1].size = -1'
lie 'a size that is not the layer'"'"'s' '.layers[1].size += 1'
lie 'no layers' '.layers = []'
lie 'a thousand layers' '.layers = [range(1000) as $i | .layers[0]]'
lie 'a digest of another kind' '.layers[1].digest = "sha512:00"'
lie 'a digest that leads elsewhere' '.layers[1].digest = "sha256:../../x"'

# An image as its maker says, of layers that are not what they should be.
forge() { # FILE FILTER IDS: $d, $s of the file; $p of its tar
	local sum size plain conf
	sum=$(sha256sum <"$1" | cut -d ' ' -f 1) size=$(stat -c %s "$1")
	plain=$(zstd -dcq "$1" 2>/dev/null | sha256sum | cut -d ' ' -f 1)
	cp "$1" "reg/blobs/$sum"
	jq -cj --arg p "sha256:$plain" ".rootfs.diff_ids |= ($3)" \
	    "reg/blobs/${config#sha256:}" >conf
	conf=$(sha256sum <conf | cut -d ' ' -f 1)
	cp conf "reg/blobs/$conf"
	jq -cj --arg d "sha256:$sum" --argjson s "$size" --arg c "sha256:$conf" \
	    --argjson n "$(stat -c %s conf)" \
	    "($2) | .config.digest = \$c | .config.size = \$n" good >"$layers/v1"
	rm -rf bad
}
forge "$ckpt/5.tar.zst" 'del(.layers[2,3])' 'del(.[2,3])'
status 65 'refused: a true bundle that does not follow the one before it' \
    agent-ckpt pull -o bad "$image:v1"
is "$(ls -A bad)" '' 'with nothing left behind'
forge "$ckpt/5.tar.zst" '.' '.[1] = .[0]'
status 65 'refused: a configuration with another digest of a tar' \
    agent-ckpt pull -o bad "$image:v1"
is "$(ls -A bad)" '' 'with nothing left behind'
python3 - bomb <<'END'
import struct, sys
n = 5000
table = b"".join(struct.pack("<II", 0, 1 << 24) for _ in range(n))
body = table + struct.pack("<IBI", n, 0, 0x8F92EAB1)
sum = struct.pack("<II", 0x184D2A5D, 16) + bytes(16)
open(sys.argv[1], "wb").write(sum + struct.pack("<II", 0x184D2A5E, len(body)) + body)
END
forge bomb '.layers[1].digest = $d | .layers[1].size = $s' '.[1] = $p'
status 79 'refused: a bundle that says to be of 80 GiB' \
    agent-ckpt pull -o bad "$image:v1"
is "$(ls -A bad)" '' 'with nothing left behind'
cp good "$layers/v1"
status 0 'as it was it is taken' agent-ckpt pull -o bad "$image:v1"
status 0 'signed by the key of the root' \
    agent-ckpt pull --key root/key.pub -o bad "$image:v1"
AGENT_ROOT=other agent-run -q -m script:script.jsonl y >/dev/null
status 65 'and not by another' \
    agent-ckpt pull --key other/key.pub -o bad2 "$image:v1"
is "$(ls -A bad2)" '' 'with nothing left behind'

# ---- files that are there
mkdir mine
echo mine >mine/10.tar.zst
rm reg/log
status 73 'another file of the name is kept' agent-ckpt pull -o mine "$image:v1"
is "$(cat mine/*)" mine 'as it is, alone'
ln -sf "$PWD/$ckpt/10.tar.zst" mine/10.tar.zst
status 73 'a link is another' agent-ckpt pull -o mine "$image:v1"
echo x >bad/.bundle-old
status 0 'leftovers are swept' agent-ckpt pull -o bad "$image:v1"
is "$(find bad -name '.b*')" '' 'by the next pull'
flock bad sleep 5 &
holder=$!
until ! flock -n bad true; do sleep 0.05; done
status 75 'of two pulls into a folder one waits' \
    agent-ckpt pull -o bad "$image:v1"
kill "$holder"; wait "$holder" 2>/dev/null

is "$(grep -rIlE 'u:p|dTpw' --exclude-dir=reg . | grep -v -e auth.json)" '' \
    'no password is written anywhere'
done_testing
