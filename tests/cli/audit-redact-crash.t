#!/bin/bash
# agent-audit redact killed, or refused a call, at each call of each kind by
# which it changes anything: the words are there whole, or the next opening
# takes them out; nothing else is lost, and it is recorded once.
. "$SRC/tests/cli/tap.sh"

command -v strace >/dev/null || skip_all 'no strace'
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace'
export ASAN_OPTIONS=detect_leaks=0 # which cannot be told while it is traced

long=$(head -c 70000 /dev/zero | tr '\0' x)
cat >m <<EOM
{"content":"look at plan-nine","tool_calls":[{"name":"run_command","arguments":{"command":"echo plan-nine"}}]}
{"content":"$long"}
{"content":"three"}
{"content":"four"}
EOM
agent-run -q -m script:m --name a 'the goal' >/dev/null
agent-ckpt save a >/dev/null
agent-fork --name kid a >/dev/null
number() { agent-audit query --json "$1" a | jq -r .seq | sed -n "${2-1}p"; }
seqs=("$(number type=model.reply)" "$(number type=tool.call)"
	"$(number type=tool.result)" "$(number type=model.reply 2)" "$(number type=exit)")
head=$(agent-audit head a)
cp -a root was

again() {
	rm -rf root
	cp -a was root
}
# tell WORDS: one more problem of this point.
tell() { problems+="  $point: $*"$'\n'; }

# What is there is proved; the next opening finishes what was written down, and
# asking again does what was not.
recovers() {
	local who
	agent-audit verify --head "$head" a >out 2>err || tell "verify: $(cat err)"
	for who in a kid; do
		agent-grant give $who 'allow exec exec:ls' >out 2>err || tell "open $who: $(cat err)"
	done
	agent-audit redact --why again "${seqs[@]}" a >out 2>err
	[ $? -le 1 ] || tell "again: $(cat err)"
	grep -rlE 'plan-nine|xxxxxxxxxx' root >out && tell "left: $(paste -sd ' ' out)"
	for who in a kid; do
		agent-audit verify $who >out 2>err || tell "then $who: $(cat err)"
		[ "$(agent-audit query --count 'type=note body.note=redacted' $who)" = 1 ] ||
			tell "$who: recorded more than once, or never"
		agent-run -q -r $who on >out 2>err || tell "run $who: $(cat err)"
	done
	[ -z "$(find root -name '.redact*' -o -name redact)" ] || tell 'leftovers'
}

# points CALL: how often it is made, undisturbed.
points() {
	again
	strace -f -qq -o trace -e "trace=$1" \
	    agent-audit redact --why x "${seqs[@]}" a >out 2>err || return 1
	grep -cE "^[0-9]+ +$1\(" trace
}

# each CALL WHAT: WHAT happens at each of these calls in turn.
each() {
	local n i problems='' point
	n=$(points "$1")
	[ "${n:-0}" -gt 0 ]
	ok $? "redact makes the call $1"
	for ((i = 1; i <= n; i++)); do
		point="$1 $i"
		again
		strace -f -qq -o trace -e "trace=$1" -e "inject=$1:$2:when=$i" \
		    agent-audit redact --why x "${seqs[@]}" a >out 2>err || :
		recovers
	done
	[ -z "$problems" ]
	ok $? "$2 at each of them is recovered from" "$problems"
}

each renameat signal=KILL
each unlinkat signal=KILL
each write signal=KILL
each fsync error=EIO
each write error=ENOSPC

# Killing reveals no missing sync: the order is what counts.
again
strace -f -qq -o trace -y -e trace=write,fsync,renameat,unlinkat,fdatasync \
    agent-audit redact --why x "${seqs[@]}" a >out 2>err
is "$(sed -nE 's/^[0-9]+ +//
	s/^(write|fsync)\([0-9]+<[^>]*\/(\.redact|from)>.*/\1 \2/p
	s/^renameat\([^"]*"(\.redact)"[^"]*"([^"]*)".*/renameat \1 \2/p' trace |
    head -n 4 | paste -sd ,)" \
    'write .redact,fsync .redact,renameat .redact 1.jsonl,fsync from' \
    'a journal is on the disk before it takes its place, and then the place'
done_testing
