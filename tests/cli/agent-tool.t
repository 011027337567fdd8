#!/bin/bash
# agent-tool: tools without a model, under an agent's authority.
. "$SRC/tests/cli/tap.sh"

printf '%s\n' '{"content":"Hi."}' '{"content":"Again."}' >hi
mkdir w
agent-run -q -m script:hi -w w --name a --deny 'read,write file:secret' hi >/dev/null
echo 'not for you' >w/secret
echo text >w/file
call() { agent-tool call "$@"; }

status 0 'list prints the tools' agent-tool list a
listed=$(wc -l <<<"$out")
is "$(awk '{ print $1 }' <<<"$out" | grep -cxE 'read_file|write_file|edit_file|list_files|search_files|run_command|http_get|ask_human|request_grant|sleep|wait_agent|wait_mail|send_message|join_agent|fork_agent|report')" \
    16 'all that are built in'
is "$(awk '$1 ~ /^(read_file|run_command|http_get)$/ { print $2 }' <<<"$out" | xargs)" \
    'none workspace external' 'each with its effect'
status 0 '--json' agent-tool list --json a
is "$(jq -r 'select(.description and .effect).name' <<<"$out" | wc -l)" "$listed" 'is an object a tool'
status 0 'describe prints one' agent-tool describe a edit_file
is "$(jq -c '.parameters | [.type, .required]' <<<"$out")" '["object",["path","old","new"]]' \
    'with its schema'
status 66 'a tool that is not there is no such input' agent-tool describe a fly
like "$err" "'fly'" 'and is named'

# ---- calls --------------------------------------------------------------------

status 0 'a call that succeeds is 0' call a write_file '{"path":"new","content":"one\n"}'
is "$(cat w/new)" one 'and has its effect'
status 0 'the answer is on the standard output' call a read_file '{"path":"file"}'
is "$out$err" text 'alone'
status 0 'arguments may come from the standard input' \
    bash -c 'echo "{\"path\":\"file\"}" | agent-tool call a read_file -'
is "$out" text 'with -'
status 0 'without any they are empty' call a list_files
is "$(xargs <<<"$out")" 'file new secret' 'which will do for some tools'
status 65 'but not for others' call a read_file
like "$err" 'path' 'and the message says what is missing'
status 65 'arguments that are not JSON are bad data' call a read_file '{"path"'
status 65 'so are those of the wrong type' call a read_file '{"path":[]}'
status 65 'and unknown ones' call a read_file '{"path":"file","x":1}'
status 1 'a call that fails is 1' call a read_file '{"path":"absent"}'
like "$out" 'absent' 'and says why'
status 1 'so is a command that fails' call a run_command '{"command":"echo out; exit 9"}'
like "$out" '^out' 'with its output'
status 1 'and with --json' call --json a run_command '{"command":"echo out; exit 9"}'
is "$(jq -c '[.status,.exit]' <<<"$out")" '["failed",9]' 'the status and the exit are told'
status 124 'a call that takes too long is 124' \
    call a run_command '{"command":"sleep 30","timeout_s":1}'

# ---- authority ------------------------------------------------------------------

status 77 'a call that a grant denies is 77' call a read_file '{"path":"secret"}'
like "$out" "denied by 'deny read,write file:secret' \(--deny\)" 'and says which grant'
status 77 'what no grant names too' call a read_file '{"path":"/etc/shadow"}'
status 77 'nor is a host' call a http_get '{"url":"http://127.0.0.1:9/"}'
status 77 'nor a person' call a ask_human '{"question":"?"}'
status 1 'a command is held to the same' call a run_command '{"command":"cat secret"}'
unlike "$out" 'not for you' 'and does not see it'
status 0 'where it sees what is granted' call a run_command '{"command":"cat file"}'
is "$out" text 'as it is'
printf 'allow read,write file:**\nask exec exec:/bin/sh\n' >ask.policy
agent-run -q -m script:hi -w w -g ask.policy --name careful hi >/dev/null
status 75 "a call that needs a person's word is 75" \
    call careful run_command '{"command":"touch made"}'
ok "$([ ! -e w/made ]; echo $?)" 'and is not made'
status 1 'and leaves no request' agent-grant pending careful
status 0 'where another is made' call careful read_file '{"path":"file"}'

# ---- what is kept ---------------------------------------------------------------

is "$(agent-audit log --json -t tool.call a | jq -r .body.by | uniq)" user \
    'each call is recorded, as made by a person'
is "$(agent-audit log --json -t tool.call a | wc -l)" \
    "$(agent-audit log --json -t tool.result a | wc -l)" 'with its result'
status 0 'the history is sound' agent-audit verify a
before=$(agent-audit log a | wc -l)
call a read_file '{"path":7}' >/dev/null 2>&1
is "$(agent-audit log a | wc -l)" "$before" 'arguments that are refused are not recorded'
status 0 'the model is not told' agent-run -q -r a more
seq=$(agent-audit log --json -t model.call a | tail -n 1 | jq .seq)
is "$(agent-audit show --request "$seq" a | jq -c '[.messages[].role]')" \
    '["system","user","assistant","user"]' 'of what a person did'

echo '{"content":"late","delay":"20s"}' >slow
agent-run -q -m script:slow --name busy hi >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do
	agent-audit log -t model.call busy >/dev/null 2>&1 && break
	sleep 0.05
done
status 75 'an agent that runs takes no call' call busy list_files
like "$err" "process $pid" 'and who holds it is named'
status 0 'but its tools are listed' agent-tool list busy
kill -KILL $pid
wait $pid 2>/dev/null
status 0 'when it runs no more it takes calls' call busy list_files

# ---- tools of one's own ------------------------------------------------------------

mkdir tools
cat >tools/sum <<'EOF'
#!/bin/sh
[ "$1" != --describe ] || exec echo '{"name":"sum","description":"Adds.","parameters":{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"]},"effect":"none"}'
tr -dc '0-9,' | { IFS=, read -r a b; echo $((a + b)); }
EOF
chmod +x tools/sum
agent-run -q -m script:hi --tools tools --allow 'call tool:sum' --name adder hi >/dev/null
status 0 'a program of a --tools folder is listed' agent-tool list adder
like "$out" 'sum +none +Adds\.' 'with its own words'
status 0 'and called' call adder sum '{"a":2,"b":40}'
is "$out" 42 'with its arguments'
status 65 'which must fit its schema' call adder sum '{"a":2}'
agent-run -q -m script:hi --tools tools --name nograb hi >/dev/null
status 77 'it needs a grant' call nograb sum '{"a":2,"b":40}'
printf '#!/bin/sh\nexit 1\n' >tools/sum
status 78 'when it no longer describes itself it is bad configuration' agent-tool list adder
like "$err" 'tools/sum' 'and is named'

# ---- damage and the rest --------------------------------------------------------------

status 0 'a tool that prints escape sequences' \
    call a run_command '{"command":"printf \"\\033[2J\\302\\23331m\""}'
like "$out" $'\e' 'prints them to a pipe as they are'
for form in '' --json; do
	unlike "$(script -qec "agent-tool call $form a run_command '{\"command\":\"printf \\\"\\\\033[2J\\\\302\\\\23331m\\\"\"}'" /dev/null </dev/null)" \
	    $'\e|\u009b' "but not to a terminal ${form:-as text}"
done
mv w gone
status 66 'a workspace that is gone is no such input' call a list_files
mv gone w
status 0 'and when it is back it works' call a list_files
dir=$AGENT_ROOT/agents/$(agent-ps --json a | jq -r .id)
cp "$dir/journal.jsonl" kept
LC_ALL=C sed -i '/"type":"goal"/s/"hi"/"ho"/' "$dir/journal.jsonl"
rm "$dir/state"
status 65 'a damaged journal is bad data' call a list_files
cp kept "$dir/journal.jsonl"
status 0 'and what is put back is not' call a list_files
status 64 'an unknown verb is a usage error' agent-tool grab a read_file
status 64 'so is no agent' agent-tool list
status 64 'one operand too many' call a list_files '{}' more
status 64 'a prefix of several' agent-tool list 0
status 64 'and an unknown --sandbox' agent-tool --sandbox none list a
status 66 'an unknown agent is no such input' agent-tool list nobody
status 78 'without a place for the root it is bad configuration' \
    env -u HOME -u AGENT_ROOT -u XDG_STATE_HOME agent-tool list a
for what in 'list a' 'list --json a' 'describe a read_file' 'call a list_files'; do
	status 74 "an output that cannot be written is 74: $what" \
	    bash -c "agent-tool $what >/dev/full"
done
done_testing
