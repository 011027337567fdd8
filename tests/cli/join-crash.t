#!/bin/bash
# A join is killed, or refused a call, at each call of each kind by which it
# changes anything: the parent has all of it or nothing, once, whoever opens it
# next finishes it, and the child stays as it is.
# shellcheck disable=SC2086,SC2317
. "$SRC/tests/cli/tap.sh"
command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced
export AGENT_ROOT=$PWD/root

cat >m.jsonl <<'E'
{"content":"","tool_calls":[{"name":"run_command","arguments":{"command":"seq 9 >text; echo x >a; echo x >both; mkdir d; echo x >d/old; echo m >mode; ln -s a link"}}]}
{"content":"made"}
{"content":"","tool_calls":[{"name":"join_agent","arguments":{"agent":"kid"}}]}
{"content":"joined"}
E
agent-run -q --ckpt turn -m script:m.jsonl --name lead x >/dev/null
agent-fork --name kid lead >/dev/null
lead=$(agent-ps --json lead | jq -r .id)
kid=$(agent-ps --json kid | jq -r .id)
work=root/agents/$lead/work
(cd "root/agents/$kid/work" && sed -i s/8/child/ text && echo c >both &&
	echo c >a && rm -r d && echo c >d && mkdir n && echo c >n/y && chmod 755 mode && rm link)
(cd "$work" && sed -i s/2/parent/ text && echo p >both && echo p >mine)
# It has ended, and its parent is at rest.
agent-run -q -m script:m.jsonl -r kid 'go on' >/dev/null 2>&1
agent-run -q --max-turns 0 -r lead >/dev/null 2>&1
cp -a root was
tree() {
	(cd "$1" && find . -mindepth 1 -printf '%P %y %m %l\n' | sort
		find . -type f | sort | xargs cat)
}
old=$(tree "$work")
child=$(tree "root/agents/$kid/work")

# tell WORDS: one more problem of this point.
tell() { problems+="  $point: $*"$'\n'; }

again() {
	rm -rf root
	cp -a was root
}

# traced CALL [INJECT]: runs $what.
traced() {
	strace -f -qq -e "trace=$1" -e signal=none -o trace ${2:+-e "inject=$1:$2"} \
	    $what >out 2>err </dev/null
}

# inject CALL HOW STATUS [STEP]: $what, at each such call, or each STEPth.
inject() {
	local call=$1 how=$2 statuses=$3 n i got
	problems='' point=start
	again
	traced "$call"
	n=$(grep -c "$call(" trace)
	for ((i = 1; i <= n; i += ${4:-1})); do
		point="$call $i of $n"
		again
		got=0
		{ traced "$call" "$how:when=$i" || got=$?; } 2>killed
		if [ "$how" = signal=KILL ]; then
			[ $got = 137 ] || grep -q 'killed by SIGKILL' trace || tell "not killed: $got"
		else
			grep -q INJECTED trace || continue # another thread made it
			[[ $got =~ ^($statuses)$ ]] || tell "status $got: $(cat err)"
		fi
		check $got
	done
	is "$problems" '' "${what%% -o*}, $how at each of $n $call"
	[ "$n" -gt 0 ] || ok 1 "$what makes no $call"
}

plans() { grep -c '"type":"join".*"phase":"plan"' "root/agents/$lead/journal.jsonl"; }

check() {
	local is got=0 joined
	if [ "$1" = 1 ]; then [ "$(plans)" = 1 ] || tell 'it says that it is joined'; fi
	agent-audit verify lead >out 2>err || tell "audit: $(cat err)"
	agent-audit verify kid >out 2>err || tell "audit, child: $(cat err)"
	agent-ckpt save lead >out 2>err || tell "save: $(cat err)"
	joined=$(plans)
	is=$(tree "$work")
	if [ "$joined" = 1 ]; then
		[ "$is" = "$want" ] || tell "half: $(diff <(echo "$is") <(echo "$want"))"
	else
		[ "$is" = "$old" ] || tell "changed: $(diff <(echo "$is") <(echo "$old"))"
	fi
	[ "$(tree "root/agents/$kid/work")" = "$child" ] || tell 'the child is another'
	[ -z "$(find root -name '.agent-restore*' -o -name restoring)" ] || tell 'leftovers'
	$then >out 2>err || got=$?
	[[ "$joined $got" =~ ^(0 1|1 65)$ ]] || tell "then $joined $got: $(cat out err)"
	[ "$(plans)" = 1 ] || tell "joined $(plans) times"
	[ "$(tree "$work")" = "$want" ] || tell 'then: other files'
	agent-ckpt verify lead >out 2>err || tell "verify, then: $(cat err)"
}

what='agent-fork --join kid' then=$what
status 1 'the child is joined' $what
want=$(tree "$work")
is "$(cd "$work" && cat d n/y mine a both | xargs && sed -n '2p;8p' text | xargs)" 'c c p c p
parent child' 'as it should be'

for call in fsync fdatasync syncfs renameat renameat2 mkdirat unlinkat fchmod; do
	inject $call signal=KILL 137
done
for call in fsync fdatasync syncfs; do
	# What only saves time may be lost.
	inject $call error=EIO '0|1|65|74'
done
for call in renameat renameat2; do
	inject $call error=ENOSPC '0|1|65|73|74'
done
inject write error=ENOSPC '0|1|65|74' 3

# A kill does not show that a sync is missing: their order does.
again
traced 'fsync,fdatasync,syncfs,renameat,renameat2,mkdirat,unlinkat'
order=$(awk '/mkdirat.*agent-restore/ { print "stage" } /syncfs\(/ { print "syncfs" }
    /fdatasync\(/ { print "record" } /renameat.*"tree\// { print "rename" }
    /unlinkat.*"restoring"/ { print "unmark" }' trace | uniq | xargs)
like "$order" 'record stage syncfs record rename syncfs record unmark record$' \
    'both are saved, files are staged and synced, recorded, put in their places, synced, recorded'

# ---- by a call of the model's ---------------------------------------------------------
# Result and join are one commit; a run that goes on makes the call again when
# there is neither.
want_run=$want
check() {
	agent-audit verify lead >out 2>err || tell "audit: $(cat err)"
	agent-run -q -r lead >out 2>err || tell "then $?: $(cat err)"
	[ "$(plans)" = 1 ] || tell "joined $(plans) times"
	[ "$(tree "$work")" = "$want_run" ] || tell "other files: $(diff <(tree "$work") <(echo "$want_run"))"
	[ "$(agent-audit log --json -t tool.result lead | jq -r 'select(.body.text | test("has been joined")).body.status')" = ok ] ||
		tell 'the model was not told once'
	[ "$(tree "root/agents/$kid/work")" = "$child" ] || tell 'the child is another'
}
what='agent-run -q -r lead' problems='' point=once
again
agent-run -q -r lead 'join it' >out 2>err
is "$(cat out)" joined 'a model joins it'
is "$(tree "$work")" "$want" 'with the same files'
check
is "$problems" '' 'and was told so'
rm -rf root && cp -a was root
# The goal is said already when it is killed.
what='agent-run -q -r lead' then=$what
agent-send lead 'join it' >/dev/null
rm -rf was && cp -a root was
for call in fdatasync renameat syncfs; do
	inject $call signal=KILL 137
done
done_testing
