#!/bin/bash
# Grants after birth: give, revoke, delegate, list, check, limits, signatures.
. "$SRC/tests/cli/tap.sh"

run() { agent-run -q "$@" </dev/null; }
sh() { jq -cn --arg c "$1" '{tool_calls:[{name:"run_command",arguments:{command:$c}}]}'; }
say() { jq -cn --arg t "$1" '{content:$t}'; }
results() { agent-audit log --json -t tool.result "$1" | jq -r .body.status | xargs; }
line_of() { agent-grant list --json "$1" | jq -r --arg g "$2" 'select(.grant==$g)'; }
dir_of() { echo "$AGENT_ROOT"/agents/"$(agent-ps --json | jq -r --arg n "$1" 'select(.name==$n).id')"; }
say bye >bye.jsonl

# ---- give, list, check, revoke ---------------------------------------------------------

run -m script:bye.jsonl --name a go >/dev/null
status 1 'without a grant a host is denied' \
    agent-grant check a connect net:x.example:443
status 0 'give commits a grant' \
    agent-grant give a 'allow connect net:*.example:443 uses 2 for 1h'
g=$out
status 0 'with it the host is allowed' \
    agent-grant check a connect net:x.example:443
like "$out" "won $g" 'check tells which grant won'
status 0 'check --json explains every layer' \
    agent-grant check --json a connect net:x.example:443
is "$(jq -c '[.verdict,.layers[0].winner,.layers[0].matched]' <<<"$out")" \
    "[\"allow\",\"$g\",[\"$g\"]]" 'with what matched and what won'
is "$(line_of a "$g" | jq -c '[.line,.uses,.from,.revoked,.ends!=null]')" \
    '["allow connect net:*.example:443 uses 2 for 1h",2,"user",false,true]' \
    'list tells what is left, who gave it and that it ends'
agent-grant give a 'deny connect net:x.example:443' >/dev/null
status 1 'a denial can be given, too' \
    agent-grant check a connect net:x.example:443
status 0 'and leaves the rest' agent-grant check a connect net:y.example:443
status 0 'revoke takes it back' agent-grant revoke --because 'too wide' a "$g"
status 1 'then it is denied' agent-grant check a connect net:y.example:443
like "$(agent-grant list a)" "^$g .*# revoked: too wide" 'list tells why'
status 0 'to revoke it again changes nothing' agent-grant revoke a "$g"
is "$(wc -l <"$AGENT_ROOT/revoked")" 1 'and is not written'
status 66 'a grant that is not there cannot be revoked' agent-grant revoke a g999
status 0 'the journal has it, signed and whole' agent-audit verify a
is "$(agent-audit log --json -t revoke a | jq -r '.body.grant+" "+.body.because')" \
    "$g too wide" 'as a record'
status 0 'where is decided by arguments' \
    agent-grant give a 'allow call tool:pay where amount <= 100'
status 1 'which check is told' agent-grant check --args '{"amount":101}' a call tool:pay
status 0 'as JSON' agent-grant check --args '{"amount":100}' a call tool:pay
agent-grant give a 'allow connect net:bank.example:443 via tool:pay' >/dev/null
status 1 'via holds in that sandbox' agent-grant check a connect net:bank.example:443
status 0 'which check can be in' \
    agent-grant check --tool pay a connect net:bank.example:443
status 64 'arguments that are no JSON are a usage error' \
    agent-grant check --args '{' a call tool:pay

# ---- a clock that goes back ------------------------------------------------------------

agent-grant give a 'allow connect net:late.example:443 until 2031-01-01T00:00:00Z' >/dev/null
d=$(dir_of a)
status 0 'before its end a grant holds' agent-grant check a connect net:late.example:443
cp "$d/journal.jsonl" before.jsonl
if command -v faketime >/dev/null; then
	faketime '2032-01-01' agent-grant give a 'allow send human:*' >/dev/null
	status 1 'the last record tells the time when the clock went back' \
	    agent-grant check a connect net:late.example:443
else
	echo "# no faketime: tests/unit/decide has the clock"
fi

# ---- uses ------------------------------------------------------------------------------

{ for i in 1 2 3; do sh "echo $i >>made"; done; say end; } >uses.jsonl
run -m script:uses.jsonl --allow 'call tool:run_command uses 2' --name u go >/dev/null
is "$(results u)" 'ok ok denied' 'a grant of two uses lets two calls through'
is "$(xargs <"$(dir_of u)/work/made")" '1 2' 'and no third takes effect'
like "$(agent-grant list u)" '# uses left: 0' 'list counts them'
status 77 'a person has no more of it than the agent' \
    agent-tool call u run_command '{"command":"echo 4 >>made"}'

run -m script:bye.jsonl --allow 'call tool:run_command uses 5' --name v go >/dev/null
for i in 1 2 3 4 5 6 7 8; do
	while :; do # 75: another one has the lock
		agent-tool call v run_command '{"command":"echo x >>made"}' >/dev/null 2>&1
		[ $? = 75 ] || break
	done &
done
wait
is "$(wc -l <"$(dir_of v)/work/made")" 5 \
    'of eight processes at the same moment five spend five uses'
like "$(agent-grant list v)" '# uses left: 0' 'and none is left'

{ sh 'kill -9 $$'; sh 'echo again >>made'; say end; } >dies.jsonl
run -m script:dies.jsonl --allow 'call tool:run_command uses 1' --name w go >/dev/null
is "$(results w)" 'failed denied' 'a call that fails has spent its use'

# ---- bytes and files ------------------------------------------------------------------

mkdir wf && echo secret >wf/once
{ sh 'cat once'; sh 'cat once'; say end; } >files.jsonl
printf '%s\n' 'allow read,write file:out' 'allow exec exec:/bin/sh' \
	'allow read file:once uses 1' >files.policy
run -m script:files.jsonl -w wf -g files.policy --name f go >/dev/null
is "$(results f)" 'ok failed' \
    'a command takes a use of each finite file grant that it could use'
for kind in 'read file:a' 'call tool:t'; do
	status 78 "bytes is refused where nobody counts: $kind" \
	    agent-grant give a "allow $kind bytes 10"
	like "$err" "on net: only" 'which is said'
done

# ---- a revocation reaches what runs -----------------------------------------------------

{ sh 'touch begun; sleep 60; touch ended'; say over; } >slow.jsonl
run -m script:slow.jsonl --allow 'call tool:run_command' --name s go >s.out 2>&1 &
pid=$!
until [ -e "$(dir_of s 2>/dev/null)/work/begun" ]; do sleep 0.05; done
g=$(agent-grant list --json s | jq -r 'select(.line=="allow call tool:run_command").grant')
status 0 'give reaches an agent in the middle of a call' \
    agent-grant give --wait 20s s 'allow send human:*'
given=$out
like "$(line_of s "$given")" 'send human' 'its grants have it at once'
status 0 'so does revoke' agent-grant revoke --because stop s "$g"
SECONDS=0
wait $pid
ok $((SECONDS > 20)) 'the call is ended, not waited for'
is "$(results s)" denied 'its result is a denial'
like "$(agent-audit log --json -t tool.result s)" 'revoked: stop' 'with the reason'
[ ! -e "$(dir_of s)/work/ended" ]
ok $? 'and it did not go on'
status 0 'the chain holds' agent-audit verify s

{ sh 'touch begun; sleep 3; touch ended'; say over; } >other.jsonl
run -m script:other.jsonl --allow 'call tool:run_command' \
    --allow 'connect net:x.example:443' --name o go >o.out 2>&1 &
pid=$!
until [ -e "$(dir_of o 2>/dev/null)/work/begun" ]; do sleep 0.05; done
agent-grant give o 'allow send human:*' >/dev/null
agent-grant revoke o "$(agent-grant list --json o | jq -r 'select(.line=="allow send human:*").grant')"
wait $pid
is "$(results o)" ok 'a call that does not rest on what is revoked goes on'

# ---- delegation -----------------------------------------------------------------------

mkdir wp
run -m script:bye.jsonl -w wp --name p --allow 'call tool:t uses 5 delegable 2' \
    --allow 'read file:src/** for 1h delegable' --allow 'connect net:*.a.example:443' \
    --allow 'call tool:pay where to = "me" delegable' --deny 'read file:src/key' go >/dev/null
run -m script:bye.jsonl --name c go >/dev/null
run -m script:bye.jsonl --name e go >/dev/null
status 0 'what is delegable is given on' agent-grant delegate p c 'allow call tool:t uses 3 delegable 1'
c1=$out
status 0 'the other has it' agent-grant check c call tool:t
like "$(agent-grant list p)" 'uses 5 delegable 2  # uses left: 2' 'its uses are gone from the one'
status 77 'no more uses than are left' agent-grant delegate p c 'allow call tool:t uses 3'
status 77 'nor without an end' agent-grant delegate p c 'allow call tool:t'
status 77 'nor with as much depth' agent-grant delegate p c 'allow call tool:t uses 1 delegable 2'
status 77 'nor what is not delegable' agent-grant delegate p c 'allow connect net:x.a.example:443'
status 77 'nor without its condition' agent-grant delegate p c 'allow call tool:pay'
status 77 'nor with a wider one' agent-grant delegate p c 'allow call tool:pay where to prefix "m"'
status 0 'but with more conditions' \
    agent-grant delegate p c 'allow call tool:pay where to = "me" where amount <= 5'
status 77 'nor what a denial lies in' agent-grant delegate p c 'allow read file:src/**'
like "$err" "keeps back" 'which is said'
status 0 'but what it does not reach' agent-grant delegate p c 'allow read file:src/lib/**'
c2=$out
is "$(line_of c "$c2" | jq -r .line | cut -d' ' -f1-3)" \
    "allow read file:$PWD/wp/src/lib/**" "it is of the first one's workspace"
like "$(line_of c "$c2" | jq -r .line)" ' until ' 'and ends when that does'
status 77 'a denial is not given on' agent-grant delegate p c 'deny read file:src/a'
status 64 'nor is anything to oneself' agent-grant delegate p p 'allow call tool:t uses 1'
status 0 'a grandchild can have it' agent-grant delegate c e 'allow call tool:t uses 1'
status 77 'but not give it on' agent-grant delegate e p 'allow call tool:t uses 1'
agent-grant revoke --because gone p "$(agent-grant list --json p | jq -r 'select(.line|startswith("allow call tool:t ")).grant')"
status 1 'revoking it reaches the child' agent-grant check c call tool:t
status 1 'and the grandchild' agent-grant check e call tool:t
like "$(agent-grant list e)" 'revoked: gone' 'which says so'
status 0 'nothing else is lost' \
    agent-grant check --args '{"to":"me","amount":1}' c call tool:pay
run -r c >/dev/null
is "$(agent-audit log --json -t revoke c | jq -r .body.grant)" "$c1" \
    "the child's journal has it once it runs"

# ---- who runs with more ---------------------------------------------------------------

# A tool has grants of its own (via), and a model runs outside the sandbox:
# neither is the agent's to rewrite, though they lie in its workspace.
mkdir -p wt/tools
cat >wt/tools/t <<'EOT'
#!/bin/sh
[ "$1" = --describe ] && exec echo '{"name":"t","description":"t","parameters":{"type":"object"}}'
echo mine
EOT
cat >wt/model <<'EOT'
#!/bin/sh
cat >/dev/null
n=$(cat count 2>/dev/null || echo 1)
echo $((n + 1)) >count
sed -n "${n}p" turns
EOT
chmod +x wt/tools/t wt/model
turn() { # NAME ARGUMENTS
	jq -cn --arg n "$1" --arg a "$2" '{message:{role:"assistant",tool_calls:[
	    {id:"c",type:"function",function:{name:$n,arguments:$a}}]}}'
}
{
	turn write_file '{"path":"tools/t","content":"#!/bin/sh\necho theirs\n"}'
	turn run_command '{"command":"echo x >tools/t; echo x >tools/u; mv tools x; rm tools/t"}'
	turn run_command '{"command":"echo x >model; mv model x; rm model"}'
	turn run_command '{"command":"echo x >turns.copy"}'
	turn t '{}'
	echo '{"message":{"role":"assistant","content":"end"}}'
} >wt/turns
run -m script:bye.jsonl --name p2 go >/dev/null
(cd wt && cp -a . ../wt.before && run -m exec:./model -w . --tools tools --name self \
    --allow 'call tool:t' --allow 'read file:/**' go) >/dev/null
is "$(results self)" 'denied failed failed ok ok' 'neither tools nor the model are rewritten'
is "$(agent-audit log --json -t tool.result self | tail -n 1 | jq -r .body.text)" mine \
    'the tool is what it was'
ok "$(diff -r wt/tools wt.before/tools >&2 && cmp wt/model wt.before/model >&2; echo $?)" \
    'and so is the model'
ok "$([ -e wt/turns.copy ]; echo $?)" 'the rest of the workspace is written'

status 1 'check knows that no agent reaches the root' \
    agent-grant check self read "file:$AGENT_ROOT/key.sec"
like "$out" "^deny: it lies in the agents' root" 'and says so'
status 0 'but its own folder in it' agent-grant check p2 read file:x
status 64 'what is no verb' agent-grant frob
like "$err" "no verb 'frob'" 'is said to be none'

# ---- signatures -----------------------------------------------------------------------

agent-grant keygen me
agent-grant keygen other
status 77 'a key that nobody trusts signs nothing' \
    agent-grant give --key other.sec a 'allow send human:*'
mkdir "$AGENT_ROOT/trusted" && cp me.pub "$AGENT_ROOT/trusted"
status 77 "with trusted keys the root's own does not give" \
    agent-grant give a 'allow send human:*'
status 77 'nor does another' agent-grant give --key other.sec a 'allow send human:*'
status 0 'one of them does' agent-grant give --key me.sec a 'allow send human:*'
like "$(line_of a "$out" | jq -r .from)" '^key [0-9a-f]{16}$' 'and list names it'
status 77 'nor is anything delegated without' \
    agent-grant delegate p c 'allow call tool:pay where to = "me"'
status 0 'but with' agent-grant delegate --key me.sec p c 'allow call tool:pay where to = "me"'
status 0 'to revoke takes no key' agent-grant revoke p g3

# A denial and an ask keep authority back: to take one back is to give.
agent-grant give --key me.sec a 'allow connect net:k.example:443' >/dev/null
for effect in deny ask; do
	g=$(agent-grant give --key me.sec a "$effect connect net:k.example:443")
	status 77 "but of a line with $effect it does" agent-grant revoke a "$g"
	status 1 'which holds' agent-grant check a connect net:k.example:443
	line='{"agent":"'$(basename "$(dir_of a)")'","grant":"'$g'","time":"2026-01-01T00:00:00Z","by":"user"'
	sum=$(printf %s "$(tail -n 1 "$AGENT_ROOT/revoked" | jq -r .sum)$line" |
		sha256sum | cut -d' ' -f1)
	echo "$line,\"sum\":\"$sum\"}" >>"$AGENT_ROOT/revoked"
	status 1 'also against a line in ROOT/revoked, which nobody signs' \
	    agent-grant check a connect net:k.example:443
	status 0 'one of them does' agent-grant revoke --key me.sec --because over a "$g"
	status 0 'and then it is gone' agent-grant check a connect net:k.example:443
done
is "$(agent-audit log --json -t revoke a | tail -n 1 | jq -r '.body.because')" \
    over 'with the reason'
echo garbage >"$AGENT_ROOT/trusted/bad.pub"
status 65 'a key that cannot be read: nobody is trusted' \
    agent-grant give --key me.sec a 'allow send human:*'
rm "$AGENT_ROOT/trusted/bad.pub"
status 66 'a key that is not there is no such input' \
    agent-grant give --key none.sec a 'allow send human:*'
agent-audit log --json -t command a |
    jq -c 'select(.body.verb == "give")' | tail -n 1 >last
jq -j .body.signed last >m
{ echo 'untrusted comment: x'; jq -r .body.signature last; } >m.sig
if command -v signify-openbsd >/dev/null; then
	status 0 'the record holds what signify checks' \
	    signify-openbsd -V -p me.pub -m m -x m.sig
fi
like "$(cat m)" '^\{"agent":"[0-9A-Z]{26}","verb":"give","nonce":"[0-9a-f]{32}","expires":' \
    'over agent, verb, nonce and the time until which it holds'

# The history proves it, and an edited one does not, though it is chained anew.
status 0 'verify checks who signed the commands' agent-audit verify a
mv "$AGENT_ROOT/trusted/me.pub" .
status 65 'one whose key is not here does not prove anything' agent-audit verify a
like "$err" 'a key that is not here' 'which is said'
cp other.pub "$AGENT_ROOT/trusted/me.pub"
status 65 'nor does another key' agent-audit verify a
cp me.pub "$AGENT_ROOT/trusted/me.pub"

# ---- the file of revocations -----------------------------------------------------------

n=$(wc -l <"$AGENT_ROOT/revoked")
printf '{"agent":"0' >>"$AGENT_ROOT/revoked"
status 0 'a last line that was cut is passed over' agent-grant list a
status 0 'and cut off by the next revocation' agent-grant revoke c g1
is "$(wc -l <"$AGENT_ROOT/revoked")" $((n + 1)) 'which is whole'
cp "$AGENT_ROOT/revoked" whole
sed '1d' whole >"$AGENT_ROOT/revoked"
status 65 'a line that is gone is noticed' agent-grant list a
status 65 'and everything is denied' agent-tool call a read_file '{"path":"x"}'
sed '1s/by/bY/' whole >"$AGENT_ROOT/revoked"
status 65 'so is one that was changed' agent-grant check a call tool:pay
{ say on; say on; say on; } >goal.jsonl
status 65 'no run does anything then' run -m script:goal.jsonl -r a 'go on'
cp whole "$AGENT_ROOT/revoked"
status 0 'with the file mended it goes on' run -m script:goal.jsonl -r a 'go on'
rm "$AGENT_ROOT/revoked"
status 1 'what the journal knows as revoked stays so without the file' \
    agent-grant check a connect net:y.example:443
done_testing
