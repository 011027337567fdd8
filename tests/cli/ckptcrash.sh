# shellcheck shell=bash disable=SC2086,SC2317 # WHAT and NEXT are words
# ckptcrash.sh: an agent with bundles, and agent-ckpt killed, or refused a
# call, at this or that call: what was there is whole, and the next one works.
command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

cat >script.jsonl <<'EOF'
{"content":"1","tool_calls":[{"name":"run_command","arguments":{"command":"seq 3000 >big; echo one >a"}}]}
{"content":"2","tool_calls":[{"name":"run_command","arguments":{"command":"echo two >a; mkdir d; ln a d/hard"}}]}
{"content":"3","tool_calls":[{"name":"run_command","arguments":{"command":"echo three >d/new; rm -r big; seq 2999 >big"}}]}
{"content":"4","tool_calls":[{"name":"run_command","arguments":{"command":"echo four >a"}}]}
{"content":"end"}
EOF
status 0 'an agent has bundles' \
    agent-run -q -m script:script.jsonl --ckpt turn --name a x
cp -a root was
id=$(agent-ps --json a | jq -r .id)
ckpt=root/agents/$id/ckpt
newest() { agent-ckpt list --json a | tail -n 1 | jq -r .seq; }
last=$(newest)
agent-ckpt restore --to want a

again() {
	rm -rf root got
	cp -a was root
}

# tell WORDS: one more problem of this point.
tell() { problems+="  $point: $*"$'\n'; }

# Every bundle that is there is sound, and the last one from before is what it
# was.
whole() {
	local seq
	for seq in $(agent-ckpt list --json a | jq -r .seq); do
		agent-ckpt verify "a@$seq" >out 2>err || tell "a@$seq: $(cat err)"
	done
	rm -rf got
	agent-ckpt restore --to got "a@$last" 2>err || tell "restore: $(cat err)"
	diff -r want got >out 2>&1 || tell "restored: $(head -n 3 out)"
	agent-audit verify a >out 2>err || tell "audit: $(cat err)"
	agent-audit replay a >out 2>err || tell "replay: $(cat err)"
}

# Leftovers are swept by the next one, which works; a bundle without a record
# gets one.
next() {
	agent-ckpt "$@" a >out 2>err || tell "then: $(cat err)"
	[ -z "$(find "$ckpt" -name '.bundle*')" ] || tell 'leftovers'
	agent-audit log --json --type ckpt a |
	    jq -r .body.covers >recorded
	agent-ckpt list --json a | jq -r .seq | grep -vxFf recorded >out &&
		tell "never recorded: $(cat out)"
	agent-ckpt save a >out 2>err || tell "save: $(cat err)"
	whole
}

# points WHAT CALL: how often WHAT makes this call, undisturbed.
points() {
	again
	strace -f -qq -e "trace=$2" -e signal=none -o trace agent-ckpt $1 a \
	    >/dev/null 2>&1
	# of the first thread: injections are counted for each
	awk -v call="$2(" 'NR == 1 { pid = $1 } $1 == pid && index($0, call) {
	    n++ } END { print n + 0 }' trace
}

done_save() { [ "$(newest)" -gt "$last" ]; }
done_prune() { [ "$(agent-ckpt list --json a | wc -l)" = 2 ]; }

# inject [-s] WHAT CALL HOW STATUS NEXT…: at each call, or with -s at four of
# them, the last ones more often.
inject() {
	local some='' what call how want n i got all
	[ "$1" != -s ] || { some=1 && shift; }
	what=$1 call=$2 how=$3 want=$4
	shift 4
	n=$(points "$what" "$call")
	problems=''
	mapfile -t all < <(seq "$n")
	[ -z "$some" ] || mapfile -t all < <(for i in 0 2 6 18; do
		[ $i -ge "$n" ] || echo $((n - i)); done)
	for i in "${all[@]}"; do
		point="$call $i of $n"
		again
		got=0
		{
			strace -f -qq -e "trace=$call" -o trace \
			    -e "inject=$call:$how:when=$i" agent-ckpt $what a \
			    >out 2>err || got=$?
		} 2>killed
		grep -q INJECTED trace ||
			grep -q 'killed by SIGKILL' trace || tell 'not injected'
		[[ $got =~ ^($want)$ ]] || tell "status $got: $(cat err)"
		[ $got != 0 ] || "done_${what%% *}" || tell 'it did nothing'
		whole
		next "$@"
	done
	is "$problems" '' "$what, $how at ${#all[@]} of $n $call"
	[ "$n" -gt 0 ] || ok 1 "$what makes no $call"
}

