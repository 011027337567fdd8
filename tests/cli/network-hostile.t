#!/bin/bash
# The proxy against clients and hosts that mean harm.
# shellcheck source=tests/cli/tap.sh disable=SC2317
. "$SRC/tests/cli/tap.sh"

for p in curl python3; do
	command -v $p >/dev/null || skip_all "no $p"
done
mkdir site ws
echo hello >site/hello.txt
mkfifo hold
"$SRC/tests/net-server" site <hold >ports &
exec 7>hold
for _ in $(seq 100); do [ -s ports ] && break; sleep 0.1; done
read -r http <ports

# Sends its arguments, C escapes, as one connection each; prints what comes.
cat >ws/raw.py <<'END'
import socket, sys
for text in sys.argv[1:]:
    s = socket.create_connection(("127.0.0.1", 3128))
    s.settimeout(10)
    s.sendall(text.encode().decode("unicode_escape").encode("latin-1"))
    s.shutdown(socket.SHUT_WR)
    got = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                break
            got += more
    except OSError as e:
        got += str(e).encode()
    print(repr(got.decode("latin-1"))[:400])
END
raw() {
	agent-exec -w ws --allow "connect net:localhost:$http" -- \
	    /usr/bin/python3 raw.py "$@"
}
host=localhost:$http

# refused NAME TEXT [STATUS]
refused() {
	status 0 "$1 is told" raw "$2"
	like "$out" "^['\"]HTTP/1.1 ${3:-400} " "$1 is refused"
}
: >seen
status 0 "a plain request is taken" raw \
    "GET http://$host/hello.txt HTTP/1.1\r\nHost: elsewhere\r\n\r\n"
like "$out" 'HTTP/1.1 200 .*hello' "and answered"
like "$(cat seen)" "^http $host GET /hello.txt" "its Host is that of the URL"
: >seen
refused "length beside chunks" "POST http://$host/post HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
refused "two lengths" "POST http://$host/post HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
refused "a length that is none" "POST http://$host/post HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello"
refused "another coding" "POST http://$host/post HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
refused "a folded line" "GET http://$host/ HTTP/1.1\r\nX: a\r\n b\r\n\r\n"
refused "a space before the colon" "GET http://$host/ HTTP/1.1\r\nHost : a\r\n\r\n"
refused "a bare line feed" "GET http://$host/ HTTP/1.1\nHost: a\n\n"
refused "a byte 0" "GET http://$host/ HTTP/1.1\r\nX: a\\0b\r\n\r\n"
refused "a user's name" "GET http://user:pass@$host/ HTTP/1.1\r\n\r\n"
refused "a path alone" "GET /hello.txt HTTP/1.1\r\nHost: $host\r\n\r\n"
refused "an https URL" "GET https://$host/ HTTP/1.1\r\n\r\n"
refused "a zone" "CONNECT [fe80::1%25lo]:80 HTTP/1.1\r\n\r\n"
refused "CONNECT without a port" "CONNECT localhost HTTP/1.1\r\n\r\n"
refused "a port beyond" "CONNECT localhost:65536 HTTP/1.1\r\n\r\n"
refused "an address in another spelling" "CONNECT 127.1:$http HTTP/1.1\r\n\r\n"
refused "a mapped address" "CONNECT [::ffff:127.0.0.1]:$http HTTP/1.1\r\n\r\n" 403
refused "an odd port" "CONNECT localhost:22 HTTP/1.1\r\n\r\n" 403
refused "a name that begins like one granted" \
    "CONNECT localhost.evil.test:$http HTTP/1.1\r\n\r\n" 403
is "$(cat seen)" "" "nothing of that reached the host"
status 0 "a dot at the end and capitals are the same name" raw \
    "GET http://LocalHost.:$http/hello.txt HTTP/1.1\r\n\r\n"
like "$out" 'HTTP/1.1 200 .*hello' "which is granted"
: >seen
status 0 "what follows a request is not one" raw \
    "GET http://$host/hello.txt HTTP/1.1\r\n\r\nGET http://$host/secret HTTP/1.1\r\n\r\n"
is "$(wc -l <seen)" 1 "one request came"
: >seen
status 0 "bad chunks end it" raw "POST http://$host/post HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"
like "$out" "^'HTTP/1.1 400" "with an error"
status 0 "a huge head is refused" agent-exec -w ws \
    --allow "connect net:$host" -- /usr/bin/python3 -c '
import socket
s = socket.create_connection(("127.0.0.1", 3128))
s.settimeout(20)
try:
    s.sendall(b"GET http://h/ HTTP/1.1\r\n" + b"X: y\r\n" * 100000)
except OSError:
    pass
try:
    print(s.recv(100).split(b"\r\n")[0])
except OSError as e:
    print(e)'
like "$out" '431|reset' "early"

# SOCKS
port=$(printf '\\x%02x\\x%02x' $((http / 256)) $((http % 256)))
status 0 "SOCKS takes a name" raw "\x05\x01\x00\x05\x01\x00\x03\x09localhost${port}GET /hello.txt HTTP/1.0\r\n\r\n"
like "$out" 'x05.x00.x05.x00.*hello' "and connects"
status 0 "SOCKS takes an address" raw "\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01${port}"
like "$out" 'x05.x00.x05.x02' "which is not granted by the name"
status 0 "a name with a byte 0" raw "\x05\x01\x00\x05\x01\x00\x03\x0alocalhost\x00${port}"
like "$out" 'x05.x00.x05.x08' "is none"
status 0 "SOCKS binds nothing" raw "\x05\x01\x00\x05\x02\x00\x03\x09localhost${port}"
like "$out" 'x05.x00.x05.x07' "and says so"
status 0 "SOCKS 4 is not spoken" raw "\x04\x01${port}\x7f\x00\x00\x01\x00"
unlike "$out" 'hello|x00Z' "at all"
status 0 "who wants to give a password is refused" raw "\x05\x01\x02"
like "$out" 'x05ÿ' "by the method"

# Many and much
status 0 "ten thousand connections are survived" agent-exec -w ws \
    --allow "connect net:$host" -- /usr/bin/python3 -c '
import resource, socket, urllib.request
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
keep = []
for i in range(10000):
    s = socket.socket()
    s.setblocking(False)
    try:
        s.connect(("127.0.0.1", 3128))
    except BlockingIOError:
        pass
    except OSError:
        break
    keep.append(s)
    if len(keep) > 900:
        for k in keep:
            k.close()
        keep = []
for k in keep:
    k.close()
print(urllib.request.urlopen("http://'"$host"'/hello.txt").read().decode())'
is "$(grep -c hello <<<"$out")" 1 "and the next is served"
status 124 "a host that floods is read as fast as its reader" \
    agent-exec -w ws -t 2 --allow "connect net:$host" -- \
    sh -c "curl -sS http://$host/endless | sleep 30"

# Nothing is left of it
proxies() {
	local p
	for p in /proc/[0-9]*; do
		[ "$(cat "$p/comm" 2>/dev/null)" = agent-proxy ] &&
		    [ "$(readlink "$p/cwd" 2>/dev/null)" = "$PWD" ] && echo "$p"
	done
}
agent-exec -w ws --allow "connect net:$host" -- \
    sh -c "curl -sS http://$host/hello.txt; exec sleep 60" >first.out &
call=$!
for _ in $(seq 100); do [ -s first.out ] && break; sleep 0.1; done
ok "$([ "$(proxies | wc -l)" -ge 1 ]; echo $?)" "while a call runs there is a proxy"
kill -KILL "$call"
wait "$call" 2>/dev/null
for _ in $(seq 50); do [ -z "$(proxies)" ] && break; sleep 0.1; done
is "$(proxies)" "" "which dies with a runner that is killed"

exec 7>&-
wait
done_testing
