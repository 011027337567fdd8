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

yes '{"content":"done"}' | head -n 40 >m.jsonl

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

n=$(agent-audit log --json -t model.reply lr | wc -l)
{
	yes '{"content":"before"}' | head -n "$n"
	call send_message '{"to":"l4","text":"it says hush"}'
	echo '{"content":"done"}'
} >see.jsonl
agent-run -q -m script:see.jsonl -r lr tell >/dev/null
is "$(see l4 true)" secret 'a message has what its sender has seen'
echo x >'a[b]*.txt'
agent-run -q -m script:m.jsonl --name post go >/dev/null
agent-send --label secret --attach 'a[b]*.txt' post look
see post true >/dev/null
is "$(agent-audit log --json -t mail post | jq -c '.body | [.labels, .attachments[0].path]')" \
    '[["secret"],"inbox/a[b]*.txt"]' 'an attachment is what its letter is'

# ---- a join that leads elsewhere --------------------------------------------------------------

mkdir outside
script j.jsonl "$(sh 'mkdir d e; echo p >d/f; echo p >e/f')"
agent-run -q --ckpt turn -m script:j.jsonl --name jp go >/dev/null
agent-fork --name j1 jp >/dev/null
agent-fork --name j2 jp >/dev/null
w=$(dir_of j1)/work
rm -r "$w/e" && ln -s "$PWD/outside" "$w/e"
echo child >"$w/d/f" && echo child >"$w/d/new"
w=$(dir_of j2)/work
echo child >"$w/e/f" && echo child >"$w/e/new"
w=$(dir_of jp)/work
rm -r "$w/d" && ln -s "$PWD/outside" "$w/d"
status 1 'a folder that became a link in the parent is a conflict' agent-fork --join j1
is "$(readlink "$w/d" "$w/e") $(cat "$w"/d.*.theirs/new)" "$PWD/outside
$PWD/outside child" 'the link stays, the child is beside it, and its own link is one here'
status 1 'so is one that an earlier join brought' agent-fork --join j2
is "$(cat "$w"/e.*.theirs/new)" child 'which holds it beside it, too'
is "$(ls outside)" '' 'nothing was written through them'

# ---- ends that are none ------------------------------------------------------------------------

agent-run -q -m script:m.jsonl --max-turns 30 --max-tokens 1000000 --name bp go >/dev/null
agent-fork --name bk bp >/dev/null
agent-run -q -m script:m.jsonl --name stranger go >/dev/null
bp=$(id_of bp) bk=$(id_of bk) stranger=$(id_of stranger)
agent-send bp hello
new=root/agents/$bp/mail/new
# ends FROM N FROM-IN-LETTER USAGE
ends() {
	printf '{"kind":"exit","from":"%s","child":"%s","state":"done","status":0,"usage":%s,"text":"x"}' \
	    "$3" "$bk" "$4" >"$new/$1.$2.0"
}
left() { agent-ps --json bp | jq -r '.left.tokens'; }
is "$(left)" 500000 'what a child may use its parent may not'
ends "$stranger" 9 "$stranger" '{"turns":-5,"input":-1000}'
ends "$stranger" 10 "$bk" '{}'
ends "$bp" 900 "$bp" '{}'
printf '{"kind":"exit","from":"x","state":"done","text":"x","usage":{}}' >"$new/post.0000000000000000001.e954618c9b64990e"
status 0 'ends that others tell of' agent-run -q -r bp
is "$(left)" 500000 'return nothing of it'
is "$(find "$new/../bad" -type f | wc -l)" 2 'who passes for another is put aside'
ends "$bk" 9 "$bk" '{"turns":-5,"input":-1000,"output":9007199254740991,"cost":-1}'
agent-run -q -r bp >/dev/null
is "$(left)" 0 'its own end does, less what it says was used: nothing negative, and no overflow'
status 0 'the records are replayed' agent-audit replay bp

# ---- shown ---------------------------------------------------------------------------------------

is "$(agent-audit sql --csv bp "SELECT '=1+1' AS a, '@x' AS b, -5 AS c, 'fine' AS d")" \
    $'a,b,c,d\n"\'=1+1","\'@x",-5,fine' 'a text is no formula to a spreadsheet'
for s in "load_extension('/x.so')" "writefile('w','x')" "readfile('/etc/passwd')"; do
	status 64 "a statement has no $s" agent-audit sql bp "SELECT $s"
done
status 64 'nor makes it a file' agent-audit sql bp "VACUUM INTO 'v.db'"
ok "$([ ! -e v.db ] && echo 0)" 'none is there'

# ---- a lease that is none ---------------------------------------------------------------------------

mkdir shared
echo 60s >shared/shared
export AGENT_ROOT=$PWD/shared
agent-run -q -m script:m.jsonl --name a go >/dev/null
d=shared/agents/$(id_of a)
mkfifo "$d/lease.900"
status 65 'a pipe in the place of a lease blocks nobody' timeout 30 agent-run -q -r a again
rm -f "$d"/lease.*
printf '\033[31mred\033[0m 1 2 3\n' >"$d/lease.901"
status 75 'one that says nothing known is held' timeout 30 agent-run -q -r a again
unlike "$err" $'\033' 'and shows a terminal nothing'
rm -f "$d"/lease.*
status 0 'without it the agent goes on' timeout 30 agent-run -q -r a again
done_testing
