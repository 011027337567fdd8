#!/bin/bash
# Going back, bringing in and exporting are killed, or refused a call, at each
# call of each kind by which they change anything: what was there or what is to
# be there is whole, never half of it, and the next one works.
# shellcheck disable=SC2086,SC2317
. "$SRC/tests/cli/tap.sh"
command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

cat >script.jsonl <<'EOF'
{"content":"1","tool_calls":[{"name":"run_command","arguments":{"command":"echo one >a; mkdir d; echo x >d/x; ln d/x d/hard; ln -s a link"}}]}
{"content":"2","tool_calls":[{"name":"run_command","arguments":{"command":"echo two >a; rm -r d; echo file >d; mkdir n; echo y >n/y; rm link"}}]}
{"content":"end"}
EOF
status 0 'an agent has bundles' \
    agent-run -q -m "script:$PWD/script.jsonl" --ckpt turn --name a x
mapfile -t s < <(agent-ckpt list --json a | jq -r .seq)
id=$(agent-ps --json a | jq -r .id)
agent-ckpt export -o one.tar.zst a
cp -a root was
tree() {
	(cd "$1" && find . -mindepth 1 -printf '%P %y %m %n %l\n' | sort
		find . -type f -exec cat {} +)
}
old=$(tree "root/agents/$id/work")
agent-ckpt restore --to want "a@${s[1]}"
want=$(tree want)

# tell WORDS: one more problem of this point.
tell() { problems+="  $point: $*"$'\n'; }

again() {
	rm -rf root far new.tar.zst
	cp -a was root
}

# traced CALL [INJECT]: runs $what.
traced() {
	strace -f -qq -e "trace=$1" -e signal=none -o trace ${2:+-e "inject=$1:$2"} \
	    $what >out 2>err </dev/null
}

# inject CALL HOW STATUS CHECK: $what, at each such call.
inject() {
	local call=$1 how=$2 statuses=$3 check=$4 n i got
	problems='' point=start
	again
	traced "$call"
	n=$(grep -c "$call(" trace)
	for ((i = 1; i <= n; i++)); do
		point="$call $i of $n"
		again
		got=0
		{ traced "$call" "$how:when=$i" || got=$?; } 2>killed
		if [ "$how" = signal=KILL ]; then
			[ $got = 137 ] || tell "not killed: $got"
		else
			grep -q INJECTED trace || tell 'not injected'
			[[ $got =~ ^($statuses)$ ]] || tell "status $got: $(cat err)"
		fi
		$check $got
	done
	is "$problems" '' "${what%% -o*}, $how at each of $n $call"
	[ "$n" -gt 0 ] || ok 1 "$what makes no $call"
}

# ---- going back --------------------------------------------------------------------

work=root/agents/$id/work
went_back() {
	grep -q '"type":"restore".*"saved":' "root/agents/$id/journal.jsonl"
}

# Whoever opens the agent next finishes it, or takes away what was prepared.
check_back() {
	local is
	if [ "$1" = 0 ]; then went_back || tell 'it says that it went back'; fi
	agent-audit verify a >out 2>err || tell "audit: $(cat err)"
	agent-audit replay a >out 2>err || tell "replay: $(cat err)"
	agent-ckpt save a >out 2>err || tell "save: $(cat err)"
	is=$(tree "$work")
	if went_back; then
		[ "$is" = "$want" ] || tell "half: $(diff <(echo "$is") <(echo "$want"))"
	else
		[ "$is" = "$old" ] || tell "changed: $(diff <(echo "$is") <(echo "$old"))"
	fi
	[ -z "$(find root -name '.agent-restore*' -o -name restoring)" ] || tell 'leftovers'
	agent-ckpt restore "a@${s[1]}" >out 2>err || tell "then: $(cat out err)"
	[ "$(tree "$work")" = "$want" ] || tell 'then: other files'
	agent-ckpt verify a >out 2>err || tell "verify, then: $(cat err)"
}

what="agent-ckpt restore a@${s[1]}"
for call in fsync fdatasync syncfs renameat renameat2 mkdirat unlinkat linkat; do
	inject $call signal=KILL 137 check_back
done
for call in fsync fdatasync syncfs; do
	# What only saves time may be lost.
	inject $call error=EIO '0|74' check_back
done
for call in renameat renameat2 linkat; do
	inject $call error=ENOSPC '0|73|74' check_back
done
inject write error=ENOSPC '0|74' check_back

# A kill does not show that a sync is missing: their order does.
again
traced 'fsync,fdatasync,syncfs,renameat,renameat2,mkdirat,unlinkat'
order=$(awk '/mkdirat.*agent-restore/ { print "stage" } /syncfs\(/ { print "syncfs" }
    /fdatasync\(/ { print "record" } /renameat.*"tree\// { print "rename" }
    /unlinkat.*"restoring"/ { print "unmark" }' trace | uniq | xargs)
like "$order" 'stage syncfs record rename syncfs record unmark record$' \
    'files are staged and synced, recorded, put in their places, synced, recorded'
is "$(grep -c 'renameat.*"work"' trace)" 0 'no folder is ever renamed'

# ---- bringing in -------------------------------------------------------------------

check_import() {
	local there=0 got=0
	[ ! -e "far/agents/$id" ] || there=1
	[ "$1" != 0 ] || [ $there = 1 ] || tell 'it says that it is there'
	if [ $there = 1 ]; then
		agent-audit --root far verify "$id" >out 2>err || tell "audit: $(cat err)"
		agent-ckpt --root far verify "$id" >out 2>err || tell "verify: $(cat err)"
		[ "$(tree "far/agents/$id/work")" = "$old" ] || tell 'other files'
	fi
	$what >out 2>err || got=$?
	[ $got = $((there * 73)) ] || tell "then $got: $(cat err)"
	[ $there = 1 ] || [ -z "$(find far/agents/.new -mindepth 1)" ] || tell 'leftovers'
	agent-ckpt --root far save "$id" >out 2>err || tell "save: $(cat err)"
}

what='agent-ckpt import --root far one.tar.zst'
for call in fsync renameat mkdirat; do
	inject $call signal=KILL 137 check_import
	inject $call error=EIO '0|73|74' check_import
done
inject fdatasync signal=KILL 137 check_import
inject syncfs error=EIO 74 check_import
inject write error=ENOSPC '0|73|74' check_import

again
traced 'fsync,fdatasync,syncfs,renameat,renameat2'
order=$(awk '/fdatasync\(/ { print "record" } /syncfs\(/ { print "syncfs" }
    /fsync\(/ && !/fdatasync/ { print "fsync" }
    /renameat\(.*"\.new\// { print "rename" }' trace | xargs)
like "$order" 'syncfs .*record .*fsync rename fsync$' \
    'an agent is synced, renamed, and its folder synced'

# What another left is swept once it is old.
again
what="agent-ckpt restore --new-agent a@${s[1]}"
traced renameat signal=KILL:when=3 2>killed
is "$(find root/agents/.new -mindepth 1 -maxdepth 1 | wc -l)" 1 'one that died leaves a folder'
touch -d '2 minutes ago' root/agents/.new/*
status 0 'the next one works' agent-ckpt restore --new-agent "a@${s[1]}"
is "$(find root/agents/.new -mindepth 1)" '' 'and sweeps it'

# ---- exporting ---------------------------------------------------------------------

check_export() {
	[ "$1" != 0 ] || [ -e new.tar.zst ] || tell 'it says that it is there'
	[ ! -e new.tar.zst ] ||
		agent-ckpt verify new.tar.zst >out 2>err || tell "half: $(cat err)"
	[ "$1" = 137 ] || [ -z "$(find . -maxdepth 1 -name '.bundle*')" ] || tell 'leftovers'
	rm -rf .bundle*
	$what 2>err || tell "then: $(cat err)"
	agent-ckpt verify new.tar.zst >out 2>err || tell "then: $(cat err)"
}

what='agent-ckpt export -o new.tar.zst a'
for call in fsync renameat; do
	inject $call signal=KILL 137 check_export
	inject $call error=EIO 74 check_export
done
inject write error=ENOSPC 74 check_export
done_testing
