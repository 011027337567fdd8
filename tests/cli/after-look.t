#!/bin/bash
# shellcheck disable=SC2016,SC2317  # texts for inner shells; called by `status`
# What mounts cannot keep: denied names that appear during a call, and those
# whose file is replaced from outside meanwhile.
. "$SRC/tests/cli/tap.sh"

here=$PWD
export AGENT_ROOT=$here/root
quarantine=$AGENT_ROOT/quarantine
deny=(--deny 'read,write file:.env' --deny 'read,write file:priv/**')
run() { agent-exec -w ws "${deny[@]}" -- "$@"; }
free() { agent-exec -w ws -- "$@"; }
again() { rm -rf ws "$AGENT_ROOT" && mkdir -p ws/sub; }

# ---- a denied name that was free ----------------------------------------------

# appears NAME FILE TEXT WHAT SCRIPT: NAME is moved away, with FILE in it
appears() {
	again
	status 77 "$4 is a denial" run sh -c "$5"
	like "$err" "'$here/ws/$1' was made.*$quarantine" \
		'which says where it went'
	[ ! -e "ws/$1" ]
	ok $? 'it is there no more'
	is "$(cat "$quarantine"/*/"$2" 2>&1)" "$3" 'nor lost'
	again
	status 0 'granted, it is none' free sh -c "$5"
	is "$(cat "ws/$(dirname "$1")/$2")" "$3" 'and it stays'
}
appears .env .env new 'a denied name that is made' 'echo new >.env'
appears .env .env moved 'one that is renamed into place' \
	'echo moved >x; mv x .env'
appears .env .env second 'one that is linked into place' \
	'echo second >x; ln x .env'
appears priv priv/a/key deep 'a folder that is denied with all in it' \
	'mkdir -p priv/a; echo deep >priv/a/key'
deny=(--deny 'write file:sub/made')
appears sub/made made x 'a name that may be read and not be written' \
	'echo x >sub/made'
deny=(--deny 'read,write file:.env' --deny 'read,write file:priv/**')

again
status 77 'so is one that python makes' \
	run python3 -c 'open(".env", "w").write("x")'
again
status 77 'and one that a process makes which outlives the command' \
	run sh -c '(setsid sh -c "echo x >.env; sleep 60" &)
	while [ ! -e .env ]; do :; done'
again
status 77 'and one whose call ran out of time' \
	agent-exec -w ws -t 0.5 "${deny[@]}" -- sh -c 'echo x >.env; sleep 60'
again
status 0 'one that is gone at the end has been nowhere' \
	run sh -c 'echo x >.env; rm .env'
again
status 77 'a link from a denied name is moved' run ln -s sub .env
[ ! -L ws/.env ]
ok $? 'and is there no more'
[ -d ws/sub ]
ok $? 'what it leads to is not'
again
ln -s sub ws/way
deny+=(--deny 'read,write file:way/key')
status 77 'a denied name that is reached through a link is a denial' \
	run sh -c 'echo x >sub/key'
like "$err" 'still there' 'but is not moved: who knows what the link is'
is "$(cat ws/sub/key)" x 'it stays'
status 1 'and the next call does not see it' run cat sub/key
deny=(--deny 'read,write file:.env' --deny 'read,write file:priv/**')

again
shm=$(mktemp -d /dev/shm/after-look.XXXXXX 2>/dev/null)
if [ -n "$shm" ] && [ "$(stat -c %d "$shm")" != "$(stat -c %d .)" ]; then
	AGENT_ROOT=$shm/root status 77 \
		'one whose quarantine is on another file system is a denial' \
		run sh -c 'mkdir -p priv/a; echo far >priv/key; ln -s key priv/a/l'
	is "$(cat "$shm"/root/quarantine/*/priv/a/../key)" far 'copied there'
	[ ! -e ws/priv ]
	ok $? 'and removed here'
else
	ok 0 'across file systems # SKIP there is one only'
fi
rm -rf "$shm"

# ---- a denied file that is replaced from outside --------------------------------

reader='echo >started; while [ ! -e done ]; do :; done; cat .env'
# again_outside SCRIPT STATUS NAME COMMAND…: the script once the command runs
again_outside() {
	local script=$1
	shift
	echo old >ws/.env
	(
		while [ ! -e ws/started ]; do sleep 0.02; done
		cd ws && sh -c "$script"
		echo >"done"
	) &
	status "$@"
	wait $!
}
outside() { again && again_outside "$@" sh -c "$reader"; }
outside 'echo new >x; mv x .env' 77 'a denied file that is replaced is a denial' run
like "$err" "'$here/ws/.env' was replaced" 'which names it'
is "$(cat ws/.env)" new 'it is not moved: who replaced it was outside'
outside 'echo new >x; mv x .env' 0 'granted, it is none' free
is "$out" new 'and is read'
outside 'ln .env x' 77 'one that got a second name is a denial' run
outside 'echo more >>.env' 1 'one that was written to is none' run
outside ':' 1 'one that was left alone neither' run
deny=(--deny 'read,write file:.env/**')
outside 'rm .env; mkdir .env; echo new >.env/key' 77 \
	'a denied folder in place of a file is a denial' run

# ---- the same of agents' tools ---------------------------------------------------

again
printf '%s\n' '{"content":"Hi."}' >hi
agent-run -q -m script:hi -w ws --name a --deny 'read,write file:.env' hi \
	>/dev/null
call() { agent-tool call --json a run_command "$(jq -cn --arg c "$1" '{command: $c}')"; }
status 77 'a call that makes a denied name is denied' call 'echo x >.env; echo told'
is "$(jq -r .status <<<"$out")" denied 'by its status'
like "$out" "'$here/ws/.env' was made" 'with the reason'
unlike "$out" 'told' 'and without its output'
is "$(cat "$AGENT_ROOT"/agents/*/quarantine/*/.env)" x \
	"it is in the agent's quarantine"
status 0 'another name is fine' call 'echo x >env; echo told'
like "$out" told 'and its output comes'
agent-audit log --json a |
	jq -r 'select(.type=="tool.result").body.status' >statuses
is "$(xargs <statuses)" 'denied ok' 'the record says the same'
like "$(agent-audit verify a 2>&1; echo "status $?")" 'status 0' 'and stands'
again_outside 'echo new >x; mv x .env' 77 \
	'a call during which a denied file is replaced is denied' \
	call "$reader"
like "$out" "'$here/ws/.env' was replaced" 'with the reason'
unlike "$out" 'new' 'and without its output'

done_testing
