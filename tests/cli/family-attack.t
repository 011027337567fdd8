#!/bin/bash
# shellcheck disable=SC2016 # models' and letters' text
# Families under attack: children, letters, labels and what is shown of them.
. "$SRC/tests/cli/tap.sh"
export AGENT_ROOT=$PWD/root

call() { jq -cn --arg n "$1" --argjson a "$2" '{tool_calls:[{name:$n,arguments:$a}]}'; }
sh() { call run_command "$(jq -cn --arg c "$1" '{command:$c}')"; }
# script FILE LINE…: a model's turns, then ends
script() {
	local file=$1
	shift
	{ printf '%s\n' "$@"; yes '{"content":"done"}' | head -n 30; } >"$file"
}
id_of() { agent-ps --json "$1" | jq -r .id; }
dir_of() { echo "root/agents/$(id_of "$1")"; }
results() { agent-audit log --json -t tool.result "$1"; }
statuses() { results "$1" | jq -r .body.status | xargs; }
kids() { agent-ps --json | jq -r --arg p "$(id_of "$1")" 'select(.parent == $p).id'; }

# ---- more authority than the parent's -----------------------------------------------------

# refused LINE NAME: no child gets it from one that may read a, and less
refused() {
	script f.jsonl "$(call fork_agent "$(jq -cn --arg g "$1" '{goal:"g",grants:[$g]}')")"
	printf 'allow read file:a\ndeny read file:a/secret\nallow connect net:h.example:443 uses 1\n' >narrow
	agent-run -q -m script:f.jsonl -g narrow --name "p$((++p))" go >/dev/null
	like "$(statuses "p$p") $(kids "p$p" | wc -l)" "^(denied|failed) 0$" "no child gets $2"
}
p=0
refused 'allow read file:/' 'a wider path'
refused 'allow read file:a/../b' 'a way out of what its parent has'
refused 'allow read,write file:a' 'another right'
refused $'deny read file:x\nallow read file:/**' 'a grant behind a line break'
refused 'allow connect net:h.example:443' 'what runs out'
refused 'allow connect net:h.example:443 uses 1' 'not even as often'
refused 'base' 'what is no line'
refused $'allow read file:a\x7f' 'a control character'
script f.jsonl "$(call fork_agent '{"goal":"g","grants":["allow read file:a"]}')"
agent-run -q -m script:f.jsonl -g narrow --name fine go >/dev/null
is "$(statuses fine) $(kids fine | wc -l)" 'ok 1' 'but what its parent has'
kid=$(kids fine)
status 0 'it may that' agent-grant check "$kid" read file:a
status 1 'but not what is denied to its parent' agent-grant check "$kid" read file:a/secret
for n in -1 0 101 2147483648 1e30; do
	script f.jsonl "$(printf '{"tool_calls":[{"name":"fork_agent","arguments":{"goal":"g","n":%s}}]}' "$n")"
	agent-run -q -m script:f.jsonl --name "n$n" go >/dev/null
	is "$(statuses "n$n") $(kids "n$n" | wc -l)" 'failed 0' "$n are no number of children"
done

# ---- labels ----------------------------------------------------------------------------------

tail_of() { local i && i=$(id_of "$1") && echo "${i: -6}"; }
labels() { results "$1" | tail -n 1 | jq -r '.body.labels | join("+")'; }
# see AGENT COMMAND: the labels of what it reads, in an agent that has none
see() {
	local n
	n=$(agent-audit log --json -t model.reply "$1" | wc -l)
	{ yes '{"content":"before"}' | head -n "$n"; sh "$2"; echo '{"content":"done"}'; } >see.jsonl
	agent-run -q -m script:see.jsonl -r "$1" look >/dev/null
	labels "$1"
}

script l.jsonl "$(sh 'echo p >both; echo s >plain')"
agent-run -q --ckpt turn -m script:l.jsonl --name lp go >/dev/null
for k in l1 l2; do
	agent-fork --name $k lp >/dev/null
	agent-grant give $k 'mark secret file:vault/**' >/dev/null
	agent-grant give $k 'mark secret file:both/**' >/dev/null
done
w=$(dir_of l1)/work
mkdir "$w/vault" && echo hush >"$w/vault/f" && echo open >"$w/plain"
w=$(dir_of l2)/work
rm "$w/both" && mkdir "$w/both" && echo hush >"$w/both/f"
echo q >"$(dir_of lp)/work/both"
status 0 'files that are secret to a child alone are joined' agent-fork --join l1
is "$(see lp 'cat plain')" '' 'who reads others gets no label'
status 1 'and put beside what is there' agent-fork --join l2
beside=$(basename "$(dir_of lp)"/work/both.*.theirs)
is "$(see lp 'cat */f')" '' 'they are hidden from who does not name them'
unlike "$(results lp | tail -n 1 | jq -r .body.text)" hush 'and cannot be read'
is "$(see lp 'cat vault/f')" secret 'who names them has the label'
like "$(results lp | tail -n 1 | jq -r .body.text)" hush 'and what they say'
agent-run -q --ckpt turn -m script:l.jsonl --name lq go >/dev/null
agent-fork --name l3 lq >/dev/null
agent-grant give l3 'mark secret file:both/**' >/dev/null
w=$(dir_of l3)/work
rm "$w/both" && mkdir "$w/both" && echo hush >"$w/both/f"
echo q >"$(dir_of lq)/work/both"
agent-fork --join l3 >/dev/null
beside=$(basename "$(dir_of lq)"/work/both.*.theirs)
is "$(see lq "cat $beside/f")" secret 'also beside'
like "$(results lq | tail -n 1 | jq -r .body.text)" hush 'where they can be read'

script l.jsonl "$(sh 'echo p >key')"
agent-run -q --ckpt turn -m script:l.jsonl --name lr go >/dev/null
agent-grant give lr 'mark secret file:key' >/dev/null
agent-fork --name l4 lr >/dev/null
echo hush >"$(dir_of l4)/work/key"
echo q >"$(dir_of lr)/work/key"
agent-fork --join l4 >/dev/null
beside=$(basename "$(dir_of lr)"/work/key.*.theirs)
is "$(see lr "cat $beside")" secret "another name beside what the parent's policy marks is marked as well"
like "$(results lr | tail -n 1 | jq -r .body.text)" hush 'and can be read'
done_testing
