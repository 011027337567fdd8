#!/bin/bash
# agent-grant: what people see and say, with nothing running.
. "$SRC/tests/cli/tap.sh"

cat >ask.jsonl <<'EOF'
{"tool_calls":[{"name":"ask_human","arguments":{"question":"red or blue?"}}]}
{"content":"I wait."}
{"content":"Thank you."}
EOF
mkdir r0 && status 66 "a root without agents is no such input" \
    agent-grant --root r0 pending

status 75 "an agent that asked a question waits" \
    agent-run -q -m script:ask.jsonl --allow 'send human:*' --name asker go
status 0 "pending lists it" agent-grant pending --json
request=$(jq -r .request <<<"$out")
is "$(jq -r .text <<<"$out")" "red or blue?" "pending shows the question"
is "$(jq -r '[.tool,.default]|join(" ")' <<<"$out")" "ask_human deny" \
    "pending shows the tool and what happens by default"
status 64 "a question cannot be approved" agent-grant approve "$request"
status 66 "an unknown request is no such input" agent-grant deny "nope-1"
status 75 "without an answer the agent still waits" agent-run -q -r asker
before=$(wc -c <"$AGENT_ROOT"/agents/*/journal.jsonl)
status 75 "and again" agent-run -q -r asker
is "$(wc -c <"$AGENT_ROOT"/agents/*/journal.jsonl)" "$before" \
    "waiting in vain writes nothing"
status 0 "a person answers" agent-grant answer "$request" "blue, please"
status 1 "a request is answered once" agent-grant answer "$request" red
status 1 "then nothing is pending" agent-grant pending
status 0 "the agent goes on" agent-run -q -r asker
is "$out" "Thank you." "and ends"
like "$(agent-audit log --json -t answer asker)" 'blue, please' \
    "the answer is in the journal"
id=$(agent-audit log --json -t model.call asker | tail -n 1 | jq .seq)
like "$(agent-audit show --request "$id" asker)" 'blue, please' \
    "the model was told the answer"

# A grant that asks: the call is held back, approved, and made once.
cat >held.jsonl <<'EOF'
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo made >>f"}}]}
{"content":"I wait."}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo other >>f"}}]}
{"content":"Changed arguments ask again."}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo made >>f"}}]}
{"tool_calls":[{"name":"run_command","arguments":{"command":"echo made >>f"}}]}
{"content":"Waiting again."}
{"content":"The end."}
EOF
printf '%s\n' 'allow read,write file:**' 'ask exec exec:/bin/sh' >ask.policy
mkdir w
status 75 "a call that needs a person's word is held back" \
    agent-run -q -m script:held.jsonl -w w -g ask.policy --name held go
ok "$([ ! -e w/f ]; echo $?)" "and has no effect"
request=$(agent-grant pending --json held | jq -r .request)
status 0 "a person approves it" agent-grant approve "$request"
status 75 "another call asks again" agent-run -q -r held
ok "$([ ! -e w/f ]; echo $?)" "an approval is not for other arguments"
other=$(agent-grant pending --json held | jq -r .request)
status 0 "that one is denied" agent-grant deny --because "not that" "$other"
status 75 "the approved call is made, and asks when repeated" \
    agent-run -q -r held
is "$(cat w/f)" made "an approval is spent once"
like "$(agent-audit log --json -t answer held)" 'not that' "the reason is kept"
last=$(agent-grant pending --json held | jq -r .request)
agent-grant deny "$last"
status 0 "denied, the run ends" agent-run -q -r held
is "$(cat w/f)" made "a denied call was not made"

# A grant that is asked for.
cat >wish.jsonl <<'EOF'
{"tool_calls":[{"name":"request_grant","arguments":{"grant":"allow read file:/srv/**","why":"to look"}}]}
{"content":"I wait."}
{"content":"The end."}
EOF
status 75 "an agent that asked for a grant waits" \
    agent-run -q -m script:wish.jsonl --name wisher go
wish=$(agent-grant pending --json wisher | jq -r .request)
status 78 "what is given instead has to be a grant" \
    agent-grant approve --as 'allow everything' "$wish"
status 0 "what is asked for can be given" \
    agent-grant approve --for 1h --uses 2 "$wish"
like "$(agent-grant list wisher)" \
    ' allow read file:/srv/\*\* uses 2 for 1h  # uses left: 2$' \
    "as it was asked for, narrowed"

agent-grant pending --watch >watched &
sleep 0.3
kill -TERM $!
wait $!
is $? 143 "SIGTERM ends --watch with 128+15"

status 0 "check explains what is allowed" agent-grant check held read file:a
like "$out" "^allow: .*allow read,write file" "by the grant that decides"
status 1 "check says no to what is not granted" \
    agent-grant check held connect net:example.org:443
like "$out" '^deny: no grant' "and why"
status 64 "check refuses an unknown kind" agent-grant check held read foo:bar
status 64 "check refuses an unknown right" agent-grant check held look file:a
like "$(agent-grant list held)" '^g2 +ask exec exec:/bin/sh$' "list prints grants"
is "$(agent-grant list --json held | jq -r 'select(.grant=="g2").line')" \
    "ask exec exec:/bin/sh" "list prints grants as JSON"
status 66 "an unknown agent is no such input" agent-grant list nobody
status 78 "a line that is wrong is a bad configuration" \
    agent-grant give held 'allow read fil:a'
status 77 "what is not delegable is not given on" \
    agent-grant delegate held asker 'allow read file:a'
status 0 "keygen makes a pair" agent-grant keygen me
is "$(stat -c %a me.sec)" 600 "the secret half is its owner's alone"
status 73 "and replaces none" agent-grant keygen me
echo damaged >"$AGENT_ROOT/revoked"
status 65 "a damaged file of revocations is bad data" \
    agent-grant revoke held g1
done_testing
