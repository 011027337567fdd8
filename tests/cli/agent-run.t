#!/bin/bash
# shellcheck disable=SC2016  # names of tests with variables in them
# agent-run: what a user may rely on.  Crashes are crash.t's, providers
# agent-model.t's, the sandbox agent-exec.t's.
. "$SRC/tests/cli/tap.sh"

# turns FILE LINE…: a script: model.
turns() {
	local file=$1
	shift
	printf '%s\n' "$@" >"$file"
}
dir() { echo "$AGENT_ROOT/agents/$(agent-ps --json "$1" 2>/dev/null | jq -r .id)"; }
size() { stat -c %s "$(dir "$1")/journal.jsonl"; }
agents() { agent-ps --json | jq -r .id | wc -l; }
# results AGENT: "status: text" of each tool.result.
results() {
	agent-audit log --json -t tool.result "$1" |
	    jq -r '.body | .status + ": " + .text'
}
call() { printf '{"content":"%s","tool_calls":[%s]}' "$1" "$2"; }
list='{"name":"list_files","arguments":{}}'
turns hi '{"content":"Hello.","usage":{"input_tokens":7,"output_tokens":2}}'
turns three "$(call one "$list")" "$(call two "$list")" '{"content":"three"}'
run() { agent-run -q "$@"; }

# ---- output ---------------------------------------------------------------------

status 0 'an agent that is done ends with 0' agent-run -m script:hi --name talk hi
is "$out" Hello. 'what the model says is on the standard output'
like "$err" '^agent [0-9A-Z]{26}$' 'the id is on standard error'
status 0 'with -q' agent-run -q -m script:hi hi
is "$out$err" Hello. 'there is the final answer and nothing else'
status 0 'what it does' agent-run -m script:three hi
like "$err" '> list_files' 'is told on standard error'
like "$err" '  ok ' 'with what came of it'

status 0 'with --json' agent-run --json -m script:three --name events hi
is "$err" '' 'nothing is on standard error'
is "$(jq -s 'length > 5 and all(.event and .agent)' <<<"$out")" true \
    'every line is an event of an agent'
is "$(jq -rs '[.[] | select(.event=="tool.result").body.status] | join(" ")' <<<"$out")" \
    'ok ok' 'records are events with their bodies'
is "$(jq -rs '[.[] | select(.event=="text").text] | join(" ")' <<<"$out")" \
    'one two three' 'text is an event as it comes'
is "$(jq -rs '.[-1] | "\(.event) \(.state) \(.status) \(.turns) \(.tool_calls) \(.text) \(.error)"' <<<"$out")" \
    'end done 0 3 2 three null' 'the last event tells how it ended'
is "$(jq -cs '[.[].seq // empty] | . == sort' <<<"$out")" true 'in the order of seq'
turns fails '{"error":{"status":69,"message":"no luck"}}'
status 69 'an error ends with its status' agent-run --json -m script:fails hi
is "$(tail -n 1 <<<"$out" | jq -r '"\(.event) \(.state) \(.status) \(.error)"')" \
    'end ready 69 no luck' 'which is in the last event, with what went wrong'

status 0 '--events FD gives events beside the text' \
    bash -c 'agent-run -q -m script:three --events 7 hi 7>events'
is "$out" three 'the text is as without'
is "$(jq -rs '.[-1].event' events)" end 'the events are complete'
n=$(agents)
status 64 'a descriptor that is not open is a usage error' \
    agent-run -q -m script:hi --events 11 hi
is "$(agents)" "$n" 'and no agent is made'
for fd in 5 8 11; do
	agent-run -q -m script:hi --events $fd --name "fd$fd" hi >/dev/null 2>&1
	agent-ps --json | jq -e 'select(.state=="damaged")' >damaged
	is "$(cat damaged)" '' "events never go to a file of the agent's own ($fd)"
done
status 0 'a reader of events that goes away does not end the run' \
    bash -c 'agent-run -q -m script:three --events 7 hi 7> >(true)'
is "$out" three 'which says its last all the same'

for form in '' -q --json; do
	status 74 "an output that cannot be written is 74 (${form:-text})" \
	    bash -c "agent-run $form -m script:hi hi >/dev/full"
	status 0 'where one that can is 0' bash -c "agent-run $form -m script:hi hi >there"
done

# ---- goals ---------------------------------------------------------------------

goal() { agent-audit log --json -t goal "$1" | jq -r "$2"; }
status 0 'a goal of - comes from the standard input' \
    bash -c 'printf "line 1\nline 2\n" | agent-run -q -m script:hi --name stdin -'
is "$(goal stdin .body.text)" $'line 1\nline 2' 'whole, without the newline at its end'
status 64 'an empty one is a usage error' bash -c 'agent-run -m script:hi - </dev/null'
status 64 'on the command line as well' agent-run -m script:hi ''
status 65 'one with a NUL byte is bad data' \
    bash -c 'printf "a\0b" | agent-run -m script:hi -'
status 64 'no goal is a usage error' agent-run -m script:hi
status 64 'two goals are one too many' agent-run -m script:hi go there
like "$err" 'quote' 'and the message says what to do'
status 0 'the standard input is not read unless asked for' \
    bash -c 'echo left >in; { agent-run -q -m script:hi hi; cat; } <in'
is "$out" $'Hello.\nleft' 'and is left to others'
head -c 10485760 /dev/zero | tr '\0' p >huge
status 0 'a goal of 10 MB' bash -c 'agent-run -q -m script:hi --name huge - <huge'
is "$(agent-audit log --json -t goal huge | jq -r .body.blob)" \
    "$(sha256sum <huge | cut -c 1-64)" 'is kept in a blob, named by its digest'
ok "$([ "$(size huge)" -lt 65536 ]; echo $?)" 'and not in the journal'
seq=$(agent-audit log --json -t model.call huge | jq .seq)
is "$(agent-audit show --request "$seq" huge | jq -j '.messages[-1].content' | cmp - huge; echo $?)" \
    0 'the model gets all of it'
status 0 'bytes that are not UTF-8' run -m script:hi --name latin1 $'caf\xe9'
is "$(goal latin1 .body.text)" 'caf�' 'are replaced'
status 0 'and the journal is sound' agent-audit verify latin1

# ---- names -----------------------------------------------------------------------

status 0 'an agent may be named' run -m script:hi --name one.two_3-x hi
status 73 'a name that is taken is refused' run -m script:hi --name one.two_3-x hi
like "$err" "taken by agent $(agent-ps --json one.two_3-x | jq -r .id)" \
    'and the message names who has it'
for name in 'a b' -x ../x '' "$(printf 'n%.0s' {1..65})" "$(printf '0%.0s' {1..26})"; do
	status 64 "'${name:0:10}' is no name" run -m script:hi --name "$name" hi
done
status 66 'an unknown agent is no such input' run -r nobody
status 64 'a prefix of several is a usage error' run -r 0
like "$err" 'more than one agent: 01.*, 01' 'and some of them are named'
id=$(agent-ps --json talk | jq -r .id)
status 0 'an id will do' run -r "$id"
status 0 'in lower case too' run -r "${id,,}"
is "$out" Hello. 'the answer is the one of before'

# ---- going on ---------------------------------------------------------------------

before=$(size talk)
status 0 'an agent that is done is done again' run -r talk
is "$(size talk)" "$before" 'and nothing is written'
turns hi2 '{"content":"Hello."}' '{"content":"And again."}'
agent-run -q -m script:hi2 --name again hi >/dev/null
status 0 'a new goal goes on' run -r again 'once more'
is "$out" 'And again.' 'with the next turn'
is "$(goal again .body.text)" $'hi\nonce more' 'and both goals are in the journal'
status 0 'from the standard input too' \
    bash -c 'echo more | agent-run -q -m script:hi2 -r again -; [ $? = 66 ]'
status 66 'a script at its end is no such input' run -r again
like "$err" 'no more turns' 'and the message says so'
turns more x x '{"content":"unused"}' '{"content":"unused"}' '{"content":"Other."}'
status 0 'another model takes over with -m' run -r again -m script:more
is "$(agent-ps --json again | jq -r '.model | split("/") | .[-1]')" more \
    'from there on'
for option in '-w .' '-g hi' '-i hi' '--name x' '--tools .' '--copy' \
    "--allow x" "--deny x"; do
	# shellcheck disable=SC2086
	status 64 "${option%% *} is for a new agent only" run -r talk $option
done

# ---- limits ------------------------------------------------------------------------

status 79 'a limit of turns ends a run with 79' \
    run -m script:three --name turns --max-turns 1 hi
like "$err" 'limit of turns' 'and says which'
is "$(agent-ps --json turns | jq -r '"\(.state) \(.turns) \(.limits.turns)"')" \
    'paused 1 1' 'the agent is paused'
before=$(size turns)
status 79 'the same limit is met again' run -r turns
is "$(size turns)" "$before" 'and nothing is written'
status 79 'a higher one goes further' run -r turns --max-turns 2
status 0 'and a still higher one to the end' run -r turns --max-turns 9
is "$out" three 'with nothing lost'
is "$(agent-audit log --json -t budget turns | jq -c .body.limits)" \
    $'{"turns":2}\n{"turns":9}' 'each new limit is recorded'
turns dear "$(call one "$list" | sed 's/}$/,"usage":{"input_tokens":1000,"output_tokens":1000}}/')" \
    '{"content":"two"}'
echo '{"*":{"input":"1","output":"2"}}' >prices
status 79 'a limit of tokens' run -m script:dear --max-tokens 2000 hi
status 0 'that is not met does nothing' run -m script:dear --max-tokens 2001 hi
status 79 'a limit of cost' run -m script:dear --prices prices --max-cost 0.003 --name cost hi
is "$(agent-ps --json cost | jq .cost)" 3000 'which is counted in millionths'
status 0 'likewise' run -m script:dear --prices prices --max-cost 0.003001 hi
status 0 'without prices nothing costs' run -m script:dear --max-cost 0.003 hi
status 79 'a limit of tool calls' run -m script:three --max-tool-calls 1 hi
status 0 'likewise' run -m script:three --max-tool-calls 3 hi
turns sleepy "$(call one '{"name":"run_command","arguments":{"command":"sleep 30"}}')" \
    '{"content":"late"}'
SECONDS=0
status 79 'a limit of time ends a call that is under way' \
    run -m script:sleepy --name time --max-time 1s hi
ok "$([ $SECONDS -lt 20 ]; echo $?)" 'at once'
turns slow '{"content":"late","delay":"30s"}'
status 79 'and a model that is slow' run -m script:slow --max-time 1s hi
for bad in '--max-turns 0' '--max-turns x' '--max-turns -1' '--max-tokens 1.5' \
    '--max-cost 0' '--max-cost 1.2345678' '--max-time 5x' '--max-time 0' \
    '--max-reply 0' '--max-tool-calls 99999999999999999999'; do
	# shellcheck disable=SC2086
	status 64 "$bad is a usage error" run -m script:hi $bad hi
done

# ---- waiting ------------------------------------------------------------------------

turns ask "$(call ask '{"name":"ask_human","arguments":{"question":"red or blue?"}}')" \
    '{"content":"I wait."}' '{"content":"Thanks."}'
status 75 'a question to a person ends a run with 75' \
    run -m script:ask --name asks --allow 'send human:*' hi
like "$err" 'request [^ ]+: red or blue\?' 'and is shown'
is "$(agent-ps --json asks | jq -r '"\(.state) \(.waits)"')" 'waiting human' \
    'the agent waits for a human'
before=$(size asks)
status 75 'it waits until there is an answer' run -r asks
is "$(size asks)" "$before" 'and nothing is written'
agent-grant answer "$(agent-grant pending --json asks | jq -r .request)" blue
status 0 'then it goes on' run -r asks
is "$out" Thanks. 'to the end'
status 0 'without a grant nobody is asked' run -m script:ask --name mute hi
is "$(results mute)" 'denied: no grant to send human:*' 'the model is told'

turns nap '{"content":"Slept.","delay":"3s"}'
agent-run -q -m script:nap --name napper hi >napped &
napper=$!
for _ in $(seq 100); do
	agent-audit log -t model.call napper >/dev/null 2>&1 && break
	sleep 0.05
done
status 75 'two runs of one agent: the second ends with 75' run -r napper
like "$err" "process $napper" 'and names the first'
kill -INT $napper
wait $napper
is $? 130 'SIGINT ends a run with 128+2'
is "$(agent-ps --json napper | jq -r .state)" ready 'and it can go on'
status 0 'which it does' run -r napper
is "$out" Slept. 'to the same end'
is "$(agent-audit log --json -t exit napper | jq -c '[.body.state,.body.status]')" \
    $'["ready",130]\n["done",0]' 'both ends are recorded'
for signal in TERM=143 HUP=129; do
	agent-run --json -m script:nap --name "n${signal%=*}" hi >napped &
	napper=$!
	for _ in $(seq 100); do
		grep -q model.call napped && break
		sleep 0.05
	done
	kill "-${signal%=*}" $napper
	wait $napper
	is $? "${signal#*=}" "SIG${signal%=*} ends a run with ${signal#*=}"
	is "$(tail -n 1 napped | jq -r '"\(.event) \(.status)"')" \
	    "end ${signal#*=}" 'and the last event says so'
done

# ---- models -------------------------------------------------------------------------

n=$(agents)
status 64 'no model is a usage error' run hi
status 64 'a form of model that is not known too' run -m foo:bar hi
status 66 'a script that is not there is no such input' run -m script:absent hi
status 78 'a provider without a key is bad configuration' run -m openai:x hi
status 66 'a price file that is not there is no such input' \
    run -m script:hi --prices absent hi
is "$(agents)" "$n" 'none of these leaves an agent behind'
status 64 'a temperature is a number' run -m script:hi --temperature warm hi
status 0 'such as 0.5' run -m script:hi --temperature 0.5 hi
status 0 '$AGENT_MODEL is the model' env AGENT_MODEL=script:hi agent-run -q hi
status 0 '-m wins over it' env AGENT_MODEL=script:absent agent-run -q -m script:hi hi
turns down '{"error":{"status":69,"message":"busy tonight"}}'
status 69 'a provider that is not available is 69' run -m script:down --name down hi
like "$err" 'busy tonight' 'with its message'
is "$(agent-ps --json down | jq -r .state)" ready 'the agent can go on'
turns down '{"content":"Back."}'
status 0 'when the provider is back' run -r down
is "$out" Back. 'with the same call'
is "$(agent-audit log --json -t model.call down | jq -c '[.body.call,.body.attempt]' | uniq | wc -l)" \
    2 'sent again'
is "$(agent-audit log --json -t model.call down | jq -r .body.call | uniq | wc -l)" \
    1 'under the same id'
turns no '{"content":"I will not.","stop_reason":"refusal"}'
status 1 'a model that refuses is 1' run -m script:no --name no hi
is "$(agent-ps --json no | jq -r .state)" failed 'and the agent failed'

# ---- mistakes of the model -------------------------------------------------------------

turns bads '{"bad":"the stream was cut"}' \
    "$(call a '{"name":"fly","arguments":{}}')" \
    "$(call b '{"name":"read_file","arguments":"{not json"}')" \
    "$(call c '{"name":"read_file","arguments":{"path":7}}')" \
    "$(call d '{"name":"read_file","arguments":{"pat":"x"}}')" \
    "$(call e '{"name":"read_file","arguments":{"path":"/etc/shadow"}}')" \
    "$(call f '{"name":"write_file","arguments":{"path":"x","content":"y"}}')" \
    '{"bad":"not JSON"}' '{"content":"Sorry."}'
sed -i '3d' bads # four in a row are one too few for the limit
status 0 'mistakes do not end a run' run -m script:bads --name bads hi
is "$out" Sorry. 'which goes to its end'
like "$(results bads)" "failed: there is no tool 'fly'" 'an unknown tool is told to the model'
like "$(results bads)" 'failed: bad arguments: /path: expected string, got number' \
    'so are arguments of the wrong type'
like "$(results bads)" 'failed: bad arguments: /pat' 'and members that the tool has not'
like "$(results bads)" 'denied: no grant to read file:/etc/shadow' \
    'a denied call is told to the model'
like "$(results bads)" 'ok: wrote x' 'where a granted one succeeds'
seq=$(agent-audit log --json -t model.call bads | jq .seq | tail -n 1)
agent-audit show --request "$seq" bads >request
is "$(jq -r '[.messages[] | select(.role=="user").content | select(test("could not be used"))] | length' request)" \
    2 'and so is a reply that could not be used'
like "$(cat request)" 'the stream was cut' 'with what was wrong'
turns json "$(call b '{"name":"read_file","arguments":"{not json"}')" '{"content":"Sorry."}'
status 0 'arguments that are not JSON do not end a run' run -m script:json --name json hi
like "$(results json)" 'failed: bad arguments: bad JSON' 'and are told to the model'
turns five '{"bad":"1"}' '{"bad":"2"}' '{"bad":"3"}' '{"bad":"4"}' '{"bad":"5"}' \
    '{"content":"too late"}'
status 1 'five replies in a row of no use end a run with 1' \
    run -m script:five --name five hi
like "$err" 'of no use' 'and the message says so'
is "$(agent-ps --json five | jq -r '"\(.state) \(.turns)"')" 'failed 5' \
    'the agent failed'
status 1 'that is so when it is run again' run -r five
status 0 'until there is a new goal' run -r five 'try again'
turns nofly "$(call a '{"name":"fly","arguments":{}}')"{,,,,} '{"content":"too late"}'
status 1 'so do five turns in a row with nothing but unknown tools' run -m script:nofly hi
turns denied "$(call e '{"name":"read_file","arguments":{"path":"/etc/shadow"}}')"{,,,,,} \
    '{"content":"I see."}'
status 0 'calls that are denied do not' run -m script:denied hi
turns cut "$(call a "$list" | sed 's/}$/,"stop_reason":"length"}/')" '{"content":"ok"}'
status 0 'calls of a reply that was cut at its length' run -m script:cut --name cut hi
like "$(results cut)" '^failed: your reply was cut' 'are not made'

# ---- policies ---------------------------------------------------------------------------

turns write "$(call w '{"name":"write_file","arguments":{"path":"f","content":"new\n"}}')" \
    '{"content":"ok"}'
printf '# a policy\nallow read file:**\n\nallow raed file:x\n' >bad.policy
n=$(agents)
status 78 'a policy that does not parse is bad configuration' \
    run -m script:hi -g bad.policy hi
like "$err" "bad.policy:4: expected .*got 'raed'" \
    'with file, line and what was expected'
status 66 'one that is not there is no such input' run -m script:hi -g absent hi
status 78 'a bad --allow' run -m script:hi --allow 'read everything' hi
like "$err" '--allow: expected' 'says what was expected'
status 78 'a bad --deny too' run -m script:hi --deny '*' hi
status 78 'a grant with a secret that is not given is refused' \
    run -m script:hi --allow "connect net:a.example:443 with KEY" hi
like "$err" "no secret 'KEY'" 'which is said'
is "$(agents)" "$n" 'none of these leaves an agent behind'
mkdir w
echo 'allow read file:**' >ro.policy
status 0 'what the policy does not name' run -m script:write -w w -g ro.policy --name ro hi
is "$(results ro | head -c 6) $(ls w)" 'denied ' 'is denied, and not done'
echo 'allow read,write file:**' >rw.policy
status 0 'what it names' run -m script:write -w w -g rw.policy --name rw hi
is "$(results rw | head -c 2) $(cat w/f)" 'ok new' 'is allowed, and done'
rm w/f
status 0 'a --deny' run -m script:write -w w --deny 'write file:f' --name den hi
is "$(results den)" "denied: denied by 'deny write file:f' (--deny)" \
    'wins over what is allowed'
echo old >w/f
status 0 'an --allow' run -m script:write -w w -g ro.policy --allow 'write file:f' hi
is "$(cat w/f)" new 'adds to the policy'
is "$(agent-audit log --json -t tool.call den | jq -r .body.decision.verdict)" \
    deny 'the decision is recorded with the call'

# ---- workspaces --------------------------------------------------------------------------

echo orig >w/f
status 0 '-w DIR' run -m script:write -w w --name there hi
is "$(cat w/f)" new 'works in that folder'
is "$(agent-ps --json there | jq -r .workspace)" "$PWD/w" 'which agent-ps names'
echo orig >w/f
ln -s f w/link
status 0 '-w DIR --copy' run -m script:write -w w --copy --name copy hi
is "$(cat w/f) $(cat "$(dir copy)/work/f") $(readlink "$(dir copy)/work/link")" \
    'orig new f' 'works in a copy, with its links'
truncate -s 2G w/image
printf end | dd of=w/image bs=1 seek=1G conv=notrunc 2>/dev/null
status 0 'a file with holes is copied' run -m script:hi -w w --copy --name holes hi
is "$(stat -c %s "$(dir holes)/work/image") $(tail -c +1073741825 "$(dir holes)/work/image" | head -c 3)" \
    '2147483648 end' 'as it is'
[ "$(stat -c %b "$(dir holes)/work/image")" -lt 2000 ]
ok $? 'with its holes'
rm w/image
status 0 'without -w' run -m script:write --name own hi
is "$(cat "$(dir own)/work/f") $(agent-ps --json own | jq -r .workspace)" \
    "new $(dir own)/work" "it is the agent's own"
status 64 '--copy without -w is a usage error' run -m script:hi --copy hi
status 66 'a workspace that is not there is no such input' run -m script:hi -w absent hi
status 66 'nor is a file one' run -m script:hi -w hi hi
status 77 'a workspace in the root is denied' run -m script:hi -w "$AGENT_ROOT/agents" hi
status 77 'the root itself too' run -m script:hi -w "$AGENT_ROOT" hi
ln -s "$AGENT_ROOT" detour
status 77 'by whatever path' run -m script:hi -w detour hi
mkdir around
status 0 'but the root may lie in a workspace' \
    agent-run -q -m script:hi --root around/agents -w around --name in hi
turns peek "$(call p '{"name":"run_command","arguments":{"command":"ls agents; cat agents/key.sec; echo end"}}')" \
    '{"content":"ok"}'
status 0 'where no tool sees it' agent-run -q -m script:peek --root around/agents -w around --name peek hi
unlike "$(agent-audit --root around/agents log --json -t tool.result peek)" \
    'key.pub|untrusted comment' 'nor its keys'
mkdir gone
run -m script:hi2 -w gone --name gone hi >/dev/null
rmdir gone
status 66 'a workspace that is gone is no such input' run -r gone more
mkdir gone
status 0 'and when it is back the agent goes on' run -r gone more

# ---- tools ---------------------------------------------------------------------------------

mkdir tools
cat >tools/greet <<'EOF'
#!/bin/sh
[ "$1" != --describe ] || exec echo '{"name":"greet","description":"Greets.","parameters":{"type":"object","properties":{"who":{"type":"string"}},"required":["who"],"additionalProperties":false},"effect":"none"}'
echo "got $(cat)"
EOF
chmod +x tools/greet
echo 'not a program' >tools/README
turns greet "$(call g '{"name":"greet","arguments":{"who":"you"}}')" \
    "$(call g '{"name":"greet","arguments":{"whom":"you"}}')" '{"content":"ok"}'
status 0 'a program in a --tools folder is a tool' \
    run -m script:greet --tools tools --allow 'call tool:greet' --name greet hi
is "$(results greet | sed -n 1p)" 'ok: got {"who":"you"}' \
    'that gets its arguments on the standard input'
like "$(results greet | sed -n '2,$p')" '^failed: bad arguments' 'when they fit its schema'
status 0 'without a grant' run -m script:greet --tools tools --name greet2 hi
is "$(results greet2 | sed -n 1p)" 'denied: no grant to call tool:greet' 'it is denied'
mkdir bad
printf '#!/bin/sh\necho nonsense\n' >bad/tool
chmod +x bad/tool
n=$(agents)
status 78 'a program that does not describe itself is bad configuration' \
    run -m script:hi --tools bad hi
like "$err" "bad/tool" 'and the message names it'
is "$(agents)" "$n" 'and no agent is made'
status 66 'a folder that is not there is no such input' run -m script:hi --tools absent hi

# ---- images ---------------------------------------------------------------------------------

image() { printf '%s' "$1" >image; }
image '{"system":"Be brief.","model":"script:three","limits":{"turns":2,"cost":5}}'
status 79 'an image gives the model and limits' run -i image --name img hi
is "$(agent-ps --json img | jq -c .limits)" '{"turns":2,"cost":5}' 'which are kept'
is "$(agent-audit log --json -t born img | jq -r '.body | .system + .image')" \
    "Be brief.$(sha256sum <image | cut -c 1-64)" \
    'and the system prompt; its digest is in the journal'
status 0 'options win over it' run -i image --max-turns 5 hi
for bad in '{"systm":"x"}' '[]' 'x' '{"model":7}' '{"system":["x"]}' \
    '{"limits":{"turns":"many"}}' '{"limits":{"trns":1}}' '{"limits":[]}' \
    '{"grants":"all"}'; do
	image "$bad"
	status 65 "a bad image is bad data: $bad" run -m script:hi -i image hi
	like "$err" "'image'" 'and the message names it'
done
status 66 'one that is not there is no such input' run -m script:hi -i absent hi
image '{"grants":["allow send human:*"]}'
status 0 'the grants of an image' run -m script:ask -i image --name begs hi
is "$(results begs)" 'denied: no grant to send human:*' 'give nothing'

# ---- damage --------------------------------------------------------------------------------

# damage AGENT SED: one edit in its journal, the derived state removed.
damage() {
	LC_ALL=C sed -i "$2" "$(dir "$1")/journal.jsonl"
	rm -f "$(dir "$1")/state"
}
run -m script:hi2 --name hurt hi >/dev/null
cp -r "$(dir hurt)" intact
damage hurt 's/"text":"hi"/"text":"ho"/'
status 65 'a changed byte in a body is damage' run -r hurt more
like "$err" 'record 4.*its body is not the one' 'and the record is named'
hurt=$AGENT_ROOT/agents/$(jq -r .id intact/agent.json)
cp intact/* "$hurt" 2>/dev/null
LC_ALL=C sed -i '6s/T0/T1/;6s/T2/T1/;6t;6s/T1/T0/' "$hurt/journal.jsonl"
rm "$hurt/state"
status 65 'so is one in a header' run -r hurt more
cp intact/* "$hurt" 2>/dev/null
echo '{"id":"x"}' >"$hurt/agent.json"
status 65 'so is an agent.json that is not ours' run -r "${hurt##*/}" more
cp intact/agent.json "$hurt"
sed -i 's/"format":1/"format":9/' "$hurt/agent.json"
status 65 'or is of a later format' run -r "${hurt##*/}" more
like "$err" 'format' 'which the message says'
cp intact/agent.json "$hurt"
truncate -s -500 "$hurt/journal.jsonl"
status 65 'so is a journal that was cut behind what the state knows' run -r hurt more
cp intact/* "$hurt" 2>/dev/null
status 0 'and what is restored goes on' run -r hurt more
blob=$(find "$AGENT_ROOT/blobs" -name "$(sha256sum <huge | cut -c 1-64)")
rm -f "$(dir huge)/state"
mv "$blob" kept
huge=$(agent-ps --json | jq -r 'select(.error // "" | test("blob")).id')
status 66 'a blob that is missing is no such input' run -r "$huge" more
like "$err" "blob.*${blob##*/}" 'and is named'
printf x >"$blob"
status 65 'one that is not what its name says is bad data' run -r "$huge" more
like "$err" "blob.*${blob##*/}" 'and is named'
mv kept "$blob"
status 0 'when it is back all is well' run -r huge

# ---- hostile text -----------------------------------------------------------------------------

turns hostile '{"content":"\u001b[31mred\u0007\u202e\u009b31m","tool_calls":[{"name":"run_command","arguments":{"command":"printf \"\\033]0;t\\007\\302\\23331m\\377\""}},{"name":"\u001b[2J","arguments":{}}]}' \
    '{"content":"\u001b]0;x\u0007end"}'
raw=$'\e|\a|\u202e|\u009b|\xff'
quiet() { # the output as a terminal would get it
	script -qec "$1" /dev/null </dev/null | tr -d '\r'
}
agent-run -m script:hostile --name hostile $'\e[1mgoal\u202e' >text 2>&1
LC_ALL=C.UTF-8
unlike "$(cat text)" "$raw" 'no escape sequence of a model or tool reaches the output'
like "$(cat text)" 'x1b\[31mred' 'it is shown as text'
like "$(cat text)" 'x1b\]0;t' 'that of a tool too'
for form in -q --json; do
	unlike "$(quiet "agent-run $form -m script:hostile hi")" "$raw" \
	    "nor a terminal with $form"
done
turns rude '{"error":{"status":69,"message":"\u001b[31mno"}}'
status 69 "a provider's message" run -m script:rude hi
unlike "$err" "$raw" 'is shown as text as well'

# ---- the rest -----------------------------------------------------------------------------------

status 64 'an unknown option is a usage error' agent-run --bogus hi
like "$err" "agent-run: unknown option '--bogus' \(see agent-run -h\)" 'in one line'
status 64 'so is an option without its value' agent-run hi -m
status 64 'so is an unknown --sandbox' run -m script:hi --sandbox none hi
status 64 'and an unknown --ckpt' run -m script:hi --ckpt never hi
status 0 'where --ckpt tool is known' run -m script:three --ckpt tool hi
status 78 'without a place for the root it is bad configuration' \
    env -u HOME -u AGENT_ROOT -u XDG_STATE_HOME agent-run -q -m script:hi hi
status 0 '$XDG_STATE_HOME is such a place' \
    env -u AGENT_ROOT XDG_STATE_HOME="$PWD/xdg" agent-run -q -m script:hi hi
ok "$([ -d xdg/agentutils/agents ]; echo $?)" 'and has the agents'
status 73 'a root that cannot be made is 73' run --root /proc/nowhere -m script:hi hi
is "$(stat -c %a "$AGENT_ROOT" "$AGENT_ROOT/key.sec" "$(dir talk)/journal.jsonl" | xargs)" \
    '700 600 600' 'what is kept is readable by its owner only'
done_testing
