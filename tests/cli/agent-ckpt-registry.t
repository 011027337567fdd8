#!/bin/bash
# push and pull with a registry that others made, read back by programs that
# others made; and killed, or refused a call, at each by which they change
# anything.
. "$SRC/tests/cli/tap.sh"
for program in docker-registry skopeo curl python3 strace; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

# serve [HTPASSWD]: on a port that is free now; where it was taken meanwhile,
# on another.
serve() {
	local i auth=''
	[ -z "${1-}" ] || auth="auth: {htpasswd: {realm: test, path: $1}}"
	for _ in {1..5}; do
		port=$(python3 -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
		cat >config.yml <<-END
			version: 0.1
			log: {level: info, accesslog: {disabled: false}}
			storage: {filesystem: {rootdirectory: $PWD/store}}
			http: {addr: 127.0.0.1:$port}
			$auth
		END
		docker-registry serve config.yml >log 2>&1 &
		registry=$!
		for i in {1..100}; do
			curl -s -o curl.out "http://127.0.0.1:$port/v2/" && break 2
			kill -0 "$registry" 2>/dev/null || continue 2
			sleep 0.1
		done
	done
	image=oci://127.0.0.1:$port/team/agent
	there=127.0.0.1:$port/team/agent
}
stop() { kill "$registry" && wait "$registry" 2>/dev/null; }
trap 'kill "$registry" 2>/dev/null' EXIT
requests() { awk -F '"' '$2 ~ /HTTP/ { print $2 }' log; }

cat >script.jsonl <<'END'
{"content":"1","tool_calls":[{"name":"run_command","arguments":{"command":"seq 300 >big; mkdir old d s; echo x >old/f; ln -s big s/l; echo f >s/f; echo g >d/.keep"}}]}
{"content":"2","tool_calls":[{"name":"run_command","arguments":{"command":"echo two >a; ln a d/hard; rm -r old; mkdir -p new/er; echo n >new/er/n"}}]}
{"content":"3","tool_calls":[{"name":"run_command","arguments":{"command":"rm -r s/l d/.keep; mkdir s/l; echo in >s/l/in; seq 299 >big"}}]}
{"content":"4","tool_calls":[{"name":"run_command","arguments":{"command":"rm s/f; mkfifo s/f; rm -r new; echo new >new; chmod 600 new"}}]}
{"content":"end"}
END
serve
status 0 'an agent has bundles' \
    agent-run -q -m script:script.jsonl --ckpt turn --name a x
ckpt=root/agents/$(agent-ps --json a | jq -r .id)/ckpt
status 0 'a registry takes them' agent-ckpt push a "$image:v1"
pushed=$out
status 0 'skopeo finds the image' \
    skopeo inspect --tls-verify=false "docker://$there:v1"
is "oci://$there@$(jq -r .Digest <<<"$out")" "$pushed" 'by the same digest'
is "$(jq -r '.Os, .RepoTags[]' <<<"$out" | xargs)" 'linux v1' 'and tag'
status 0 'and copies it' skopeo copy -q --src-tls-verify=false \
    "docker://$there:v1" dir:image
status 0 'also as a layout that it proves' skopeo copy -q \
    --src-tls-verify=false "docker://$there:v1" oci:layout:v1
is "$(jq -r '.config.mediaType, (.layers | map(.mediaType) | unique[])' \
    image/manifest.json)" 'application/vnd.oci.image.config.v1+json
application/vnd.oci.image.layer.v1.tar+zstd' 'its parts are of the right types'
is "$(jq -r '.rootfs.diff_ids[]' \
    "image/$(jq -r .config.digest image/manifest.json | cut -d : -f 2)")" \
    "$(jq -r .layers[].digest image/manifest.json | cut -d : -f 2 |
	while read -r l; do
		echo "sha256:$(zstd -dcq <"image/$l" | sha256sum | cut -d ' ' -f 1)"
	done)" 'the digests of the tars are those that the configuration names'

# ---- what an engine sees
# apply IMAGE DIR: the layers in order (OCI image specification, layer.md).
cat >apply.py <<'END'
import io, json, os, shutil, subprocess, sys, tarfile
image, to = sys.argv[1:3]
def remove(p):
    if os.path.isdir(p) and not os.path.islink(p):
        shutil.rmtree(p)
    elif os.path.lexists(p):
        os.unlink(p)
os.makedirs(to)
for layer in json.load(open(image + "/manifest.json"))["layers"]:
    raw = subprocess.run(["zstd", "-dcq", image + "/" + layer["digest"][7:]],
        check=True, stdout=subprocess.PIPE).stdout
    for e in tarfile.open(fileobj=io.BytesIO(raw)):
        p, base = os.path.join(to, e.name), os.path.basename(e.name)
        if base.startswith(".wh."):
            remove(os.path.join(os.path.dirname(p), base[4:]))
            continue
        if not (e.isdir() and os.path.isdir(p) and not os.path.islink(p)):
            remove(p)
        tarfile.open(fileobj=io.BytesIO(raw)).extract(e, to)
END
tree() {
	(cd "$1" && find . -printf '%y %m %l %n %P\n' | grep -v '^d' |
	    LC_ALL=C sort && find . -type d -printf '%m %P\n' | LC_ALL=C sort &&
	    find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum)
}
python3 apply.py image rootfs
agent-ckpt restore --to want a 2>restored
is "$(tree rootfs/work)" "$(tree want)" \
    'the layers, unpacked in order, leave the newest workspace'
like "$(jq -r '.layers[].annotations["org.agentutils.cover"] // empty' \
    image/manifest.json | xargs)" '^[0-9]+ [0-9]+' \
    'with covers for a full bundle and for a fifo'
(cd rootfs && sha256sum --quiet -c agent/SHA256SUMS) >sums 2>&1
is "$(grep -v -e ' work/' -e WARNING sums)" '' \
    'and the members of the newest bundle'

# ---- and back
status 0 'the bundles come back' agent-ckpt pull -o got "$image:v1"
is "$(diff -r "$ckpt" got)" '' 'as they were'
status 0 'and prove themselves' agent-ckpt verify "$out"
: >log
status 0 'a second push' agent-ckpt push --json a "$image:v1"
is "$(jq .sent <<<"$out")" 0 'sends no layer'
is "$(requests | grep -cE '^(POST|PATCH|PUT .*/blobs/)')" 0 \
    'as the registry tells, too'
agent-ckpt save --full a >/dev/null
: >log
status 0 'after one more bundle' agent-ckpt push --json a "$image:v2"
is "$(jq .sent <<<"$out") $(requests | grep -cE '^PUT .*/blobs/')" '1 2' \
    'it alone is sent, and a configuration: all covers are alike'

# ---- what cannot be pushed, and what is folded
mkdir w && echo x >w/.wh.evil
cat >end.jsonl <<'END'
{"content":"end"}
END
agent-run -q -m script:end.jsonl -w w --ckpt exit --name wh x >/dev/null
status 65 'a file that is named as a removal is refused' \
    agent-ckpt push wh "$image:wh"
like "$err" "'work/\.wh\.evil' .*rename it" 'with what to do'
status 66 'and no tag was made' agent-ckpt pull -o no "$image:wh"
rm w/.wh.evil
agent-ckpt save wh >/dev/null
status 65 'also when it is gone since' agent-ckpt push wh "$image:wh"
status 0 'but not in what is left, from a pipe' \
    bash -c "agent-ckpt export wh | agent-ckpt push - $image:wh"
status 0 'an agent without it' agent-run -q -m script:end.jsonl -w w \
    --ckpt exit --name fine x
for i in {1..70}; do
	echo "$i" >w/n
	agent-ckpt save fine || break
done >saved
fine=root/agents/$(agent-ps --json fine | jq -r .id)/ckpt
many=$(find "$fine" -name '*.zst' | wc -l)
ok "$([ "$many" -gt 68 ]; echo $?)" "a chain of $many bundles"
status 0 'is pushed' agent-ckpt push --json fine "$image:many"
layers=$(jq .layers <<<"$out")
ok "$([ "$layers" -le 64 ] && [ "$layers" -gt 30 ]; echo $?)" \
    "as $layers layers"
status 0 'comes back' agent-ckpt pull -o many "$image:many"
newest=$out
status 0 'whole' agent-ckpt verify "$newest"
status 0 'with the same files' agent-ckpt diff --files fine "$newest"
is "$(for f in many/*; do cmp -s "$f" "$fine/${f##*/}" || echo "$f"; done |
    wc -l)" 1 'and but for the folded one, as it was'
status 0 'pushed again' agent-ckpt push --json fine "$image:many"
is "$(jq .sent <<<"$out")" 0 'the fold is the same, and not sent'

# ---- killed, or refused a call
tag() { cat store/docker/registry/v2/repositories/team/agent/_manifests/tags/t/current/link; }
# A chain of two, then one more: what is pushed is small.
agent-run -q -m script:end.jsonl -w w --ckpt exit --name few x >/dev/null
agent-ckpt push few "$image:t" >/dev/null
echo more >w/more
agent-ckpt save few >/dev/null
few=root/agents/$(agent-ps --json few | jq -r .id)/ckpt
cp -a store store-was
old=$(tag)
again() { rm -rf store got; cp -a store-was store; }
tell() { problems+="  $point: $*"$'\n'; }
strace -qq -e trace=sendto -e signal=none -o trace \
    agent-ckpt push few "$image:t" >/dev/null 2>&1
points=$(grep -c 'sendto(' trace)
new=$(tag)
problems='' moved=0
for ((i = 1; i <= points; i++)); do
	point="push, sendto $i"
	again
	{ strace -qq -e trace=sendto -o trace -e "inject=sendto:signal=KILL:when=$i" \
	    agent-ckpt push few "$image:t" >out 2>err; } 2>killed
	now=$(tag)
	[ "$now" = "$old" ] || [ "$now" = "$new" ] || tell "the tag is $now"
	[ "$now" = "$old" ] || moved=$((moved + 1))
	agent-ckpt pull -o got "$image:t" >out 2>err || tell "pull: $(cat err)"
	agent-ckpt push few "$image:t" >out 2>err || tell "push: $(cat err)"
	[ "$(tag)" = "$new" ] || tell 'the next push did not move the tag'
done
ok "${#problems}" "killed at each of $points sendings of a push: the tag is \
what it was, whole" "$problems"
ok "$([ "$points" -ge 6 ] && [ "$moved" -le 1 ]; echo $?)" \
    "and moved with the last only ($moved of $points)"

strace -qq -e trace=openat,write,fsync,renameat -o trace \
    agent-ckpt pull -o order "$image:t" >/dev/null
is "$(awk '/openat\(.*"\.bundle-.*O_CREAT/ { print "make" }
    /renameat\(.*"\.bundle-/ { print "rename" }
    /^fsync\(/ { print "fsync" }' trace | xargs)" \
    "$(for _ in "$few"/*; do echo make fsync rename fsync; done | xargs)" \
    'a pulled file is synced, named, and its folder synced'
pull() { # CALL HOW STATUS
	local n i got problems=''
	n=$(strace -qq -e "trace=$1" -e signal=none -o trace agent-ckpt pull \
	    -o counted "$image:t" >/dev/null 2>&1; grep -c "$1(" trace)
	rm -rf counted
	for ((i = 1; i <= n; i++)); do
		point="$1 $i of $n" got=0
		rm -rf got
		mkdir got
		{ strace -qq -e "trace=$1" -o trace -e "inject=$1:$2:when=$i" \
		    agent-ckpt pull -o got "$image:t" >out 2>err || got=$?
		} 2>killed
		# How much comes at a time is the network's: writes vary.
		[ "$got$i" = 01 ] || [ "$got" != 0 ] ||
			grep -qE 'INJECTED|killed' trace || break
		[ "$got" = "$3" ] || tell "ended with $got: $(cat err)"
		for f in got/*; do
			[ ! -e "$f" ] || cmp -s "$f" "$few/${f##*/}" ||
				tell "$f is damaged"
		done
		agent-ckpt pull -o got "$image:t" >out 2>err || tell "then: $(cat err)"
		[ -z "$(diff -r "$few" got 2>&1)" ] || tell 'then: another result'
	done
	ok "${#problems}" "$2 at each of $n calls of $1: what has a name is whole, \
the next pull makes the rest" "$problems"
}
for call in write fsync renameat; do
	pull "$call" signal=KILL 137
done
pull fsync error=EIO 74
pull renameat error=EIO 74
pull write error=ENOSPC 74

# ---- who we are
stop
perl -e 'print "robot:", crypt("hush-4711", q($2y$05$abcdefghijklmnopqrstuu)), "\n"' \
    >htpasswd
serve "$PWD/htpasswd"
status 77 'a registry that asks for a password lets nobody in' \
    agent-ckpt pull -o in "$image:t"
export AGENT_REGISTRY_USER=robot AGENT_REGISTRY_PASSWORD=wrong
status 77 'nor with a wrong one' agent-ckpt push few "$image:t"
export AGENT_REGISTRY_PASSWORD=hush-4711
status 0 'with the right one it takes a push' agent-ckpt push few "$image:t"
status 0 'and a pull' agent-ckpt pull -o in "$image:t"
is "$(diff -r "$few" in)" '' 'of the same'
is "$(grep -c -e hush-4711 -e "$(printf robot:hush-4711 | base64)" log)" 0 \
    'the password stands in no log'
head -c 20000000 /dev/urandom >w/big
status 0 'a large layer' agent-ckpt save few
status 0 'goes, too' agent-ckpt push few "$image:t"
is "$(requests | grep -c '^PATCH')" 2 'in two parts'
status 0 'and comes back' agent-ckpt pull -o in "$image:t"
is "$(diff -r "$few" in)" '' 'as it was'
stop
done_testing
