#!/bin/bash
# agent-ckpt diff: what differs, so that people see it and patch(1) takes it.
. "$SRC/tests/cli/tap.sh"

printf '{"content":"Hello."}\n{"content":"Again."}\n' >hi.jsonl
export GIT_CEILING_DIRECTORIES=$PWD
mkdir ws
agent-run -q -m script:hi.jsonl -w ws --name ed 'Begin.' >/dev/null
# save: a bundle of the workspace as it is; prints its name.
save() { agent-ckpt save ed; }
# files DIR: what patch(1) knows of a tree: files, links, whether they run.
files() {
	(cd "$1" && find . ! -type d -printf '%P %y %l\n' | sort
		find . -type f -perm /100 | sort
		find . -type f -exec sha256sum {} + | sort -k 2)
}

# ---- patch -p1, git apply ------------------------------------------------------------

# Texts of every sort, then edited at random: words of few kinds, lines that
# repeat, no newline at the end, empty, made, removed.
cat >edit.py <<'END'
import os, random, sys
random.seed(int(sys.argv[1]))
for i in range(60):
    kinds = random.choice([2, 5, 40, 4000])
    name = f'ws/t/{i % 7}/f{i}'
    lines = []
    if os.path.exists(name):
        lines = open(name, newline='').read().splitlines(True)
        if random.random() < .1:
            os.remove(name)
            continue
    elif random.random() < .2:
        continue
    else:
        lines = [f'{random.randrange(kinds)}\n'
                 for _ in range(random.choice([0, 1, 9, 300]))]
    for _ in range(random.choice([0, 1, 5, 60])):
        at = random.randrange(len(lines) + 1)
        del lines[at:at + random.choice([0, 1, 3])]
        for _ in range(random.choice([0, 0, 1, 4])):
            lines.insert(at, f'{random.randrange(kinds)}\n')
    os.makedirs(os.path.dirname(name), exist_ok=True)
    text = ''.join(lines)
    if random.random() < .3:
        text = text.removesuffix('\n')
    open(name, 'w', newline='').write(text.replace('7\n', '7\r\n'))
END
python3 edit.py 1
printf 'one\ntwo\n' >ws/plain
printf 'x' >'ws/a name'
printf 'odd\n' >"$(printf 'ws/new\nline "q\\" \303\251 \342\200\256')"
ln -s plain ws/link
chmod 600 ws/plain
one=$(save)
python3 edit.py 2
chmod 755 ws/plain
printf 'x\ny' >'ws/a name'
printf 'even\n' >"$(printf 'ws/new\nline "q\\" \303\251 \342\200\256')"
ln -sf nowhere ws/link
mkdir ws/empty
: >ws/nothing
two=$(save)

status 1 'two bundles that differ are 1' agent-ckpt diff --files "$one" "$two"
cp tap.out forth
# takes FROM TO COMMAND…: run in the one it makes the other.
takes() {
	local from=$1 to=$2
	shift 2
	case " $* " in
	*' -R '*) agent-ckpt diff --files "$to" "$from" >the.patch ;;
	*) agent-ckpt diff --files "$from" "$to" >the.patch ;;
	esac
	rm -rf tree was
	agent-ckpt restore --to tree "$from"
	agent-ckpt restore --to was "$to"
	status 0 "$* takes the output" bash -c 'cd tree && "$@" <../the.patch' - "$@"
	files tree >tree.is
	files was >tree.want
	is "$(diff tree.want tree.is)" '' 'and makes the one of the other'
}
takes "$one" "$two" patch -s -f -p1
takes "$two" "$one" patch -s -f -R -p1
takes "$one" "$two" git apply
takes "$two" "$one" git apply -R

# As few lines as diff(1) finds when it takes its time.
rm -rf tree was
agent-ckpt restore --to was "$one"
agent-ckpt restore --to tree "$two"
lines() { awk '/^@@/ { in_hunk = 1; next } /^[^-+ \\]/ { in_hunk = 0 }
    in_hunk && /^[-+]/ { n++ } END { print n }'; }
awk '/^diff --git a\/t\// { p = 1 } /^diff --git a\/[^t]/ { p = 0 } p' forth >texts
is "$(lines <texts)" "$(diff -rudN was/t tree/t | lines)" \
    'no line is told that need not be'

# ---- what it looks like -----------------------------------------------------------------

part() { # FILE: its part of the output
	awk -v f="$1" '/^diff --git|^new folder|^hard link/ { p = index($0, f) } p' forth
}
is "$(part 'a/a name')" 'diff --git a/a name b/a name
index 2d711642b726..9ab9de25768a 100644
--- a/a name'$'\t''
+++ b/a name'$'\t''
@@ -1 +1,2 @@
-x
\ No newline at end of file
+x
+y
\ No newline at end of file' 'a text is told by line, with the end of the last one'
is "$(part 'a/plain')" 'diff --git a/plain b/plain
old mode 100600
new mode 100755' 'a mode alone is told'
like "$(part '"a/new')" '^--- "a/new\\nline \\"q\\\\\\" \\303\\251 \\342\\200\\256"'$'\t''$' \
    'a name that is odd is quoted as git does it'
like "$(cat forth)" '^new folder empty$' 'a folder is a line'

rm ws/link
printf 'now\0a file' >ws/link
rm -r ws/empty ws/plain ws/t
ln 'ws/a name' ws/again
chmod 640 'ws/a name'
rm ws/nothing
three=$(save)
status 1 'of links, pipes and bytes' agent-ckpt diff --files "$two" "$three"
cp tap.out forth
for want in 'diff --git a/link b/link' 'deleted file mode 120000' \
    'Binary files /dev/null and b/link differ' \
    'deleted folder empty' 'hard link again to a name' 'old mode 100644' \
    'new mode 100640' 'deleted folder t' 'deleted file mode 100755'; do
	like "$(tr -d '\0' <forth)" "^$want\$" "it says: $want"
done
echo text >ws/text
four=$(save)
takes "$three" "$four" patch -s -f -p1
rm ws/text
ln -s long ws/text
link=$(save)
takes "$four" "$link" patch -s -f -p1
mkfifo ws/fifo
save >/dev/null
status 1 'a pipe is a line' agent-ckpt diff "$link" ed
is "$out" 'new fifo fifo' ''
rm ws/fifo ws/text
echo linked >ws/text
ln ws/text ws/twin
twins=$(save)
takes "$link" "$twins" patch -s -f -p1
takes "$link" "$twins" git apply
like "$(cat the.patch)" '^hard link t(ext|win) to t(ext|win)$' 'hard links are told'
rm ws/twin ws/text
echo text >ws/text
four=$(save)
seq 100000 >ws/long
five=$(save)
status 1 'as of a larger file' agent-ckpt diff --max-text 64K "$four" "$five"
like "$out" '^Binary files /dev/null and b/long differ$' 'which is then as if binary'
status 1 'else a megabyte is compared' agent-ckpt diff "$four" "$five"
is "$(grep -c '^+' tap.out)" 100001 'line by line'
for bad in 0 2G x; do
	status 64 "--max-text $bad is a usage error" agent-ckpt diff --max-text $bad ed ed
done

# ---- parts of it ---------------------------------------------------------------------------

status 1 '--stat' agent-ckpt diff --stat "$two" "$three"
like "$out" '^changed +- +-  link$' 'has a line a path'
like "$(agent-ckpt diff --stat "$three" "$four")" '^added +\+1 +-0  text$' \
    'with the lines that are more and less'
is "$(tail -n 1 tap.out | grep -Eo '^[0-9]+ paths')" \
    "$(($(wc -l <tap.out) - 1)) paths" 'and a sum'
status 1 '--name-only' agent-ckpt diff --name-only "$one" "$two"
is "$(grep -cv '^t' tap.out)" 6 'is a path a line'
like "$out" '^"new\\nline' 'quoted where it is odd'
status 1 '--json' agent-ckpt diff --json "$one" "$two"
is "$(jq -r 'select(.path == "plain") | [.change, .before.mode, .after.mode, .added] | join(" ")' tap.out)" \
    'changed 0600 0755 0' 'tells both sides'
jq -rj 'select(.path == "a name").diff' tap.out >a.diff
rm -rf tree
agent-ckpt restore --to tree "$one"
status 0 'and has the patch of each' patch -s -p1 -d tree -i "$PWD/a.diff"
is "$(cat 'tree/a name')" $'x\ny' 'which works alone'
printf 'x' >ws/$'bad\377'
six=$(save)
status 1 'a name that is no text' agent-ckpt diff --files --json "$five" "$six"
is "$(jq -r .path64 <<<"$out" | base64 -d | od -An -tx1 | tr -d ' ')" 626164ff \
    'is there in base64'

# ---- the state -----------------------------------------------------------------------------

cat >ask.jsonl <<'END'
{"content":"May I?","tool_calls":[{"name":"run_command","arguments":{"command":"true"}}],"usage":{"input_tokens":70,"output_tokens":2}}
{"content":"I could."}
END
printf 'allow read,write file:**\nask exec exec:/bin/sh\nallow read file:/srv/x uses 5\ndeny write file:f\n' >policy
agent-run -q -m "script:$PWD/ask.jsonl" --ckpt turn -g policy --name st 'Ask.' >/dev/null
first=$(agent-ckpt list --json st | jq -r .seq | head -n 1)
agent-ckpt save st >/dev/null
status 1 'the state differs' agent-ckpt diff --state "st@$first" st
for want in 'state +running -> ' 'text +\+ ' 'turns +0 -> [12]$' \
    'input tokens +0 -> 70$' 'pending +\+ ' \
    'messages +2 -> .*assistant added'; do
	like "$out" "^$want" "it says: $want"
done
unlike "$out" 'diff --git' 'and of the files nothing'
status 1 'the other way round' agent-ckpt diff --state st "st@$first"
like "$out" '^pending +- .*$' 'what is more is less'
like "$out" '^messages +[0-9]+ -> 2, .*assistant removed' ''
status 1 '--json has an object of it' agent-ckpt diff --state --json "st@$first" st
is "$(jq -r '[.change, .before.usage.input, .after.usage.input, .messages.added.assistant > 0] | join(" ")' <<<"$out")" \
    'state 0 70 true' 'with both, and the messages by role'
printf 'allow read,write file:**\nallow read file:/srv/x uses 3\nallow read file:/opt/y\n' >policy
agent-run -q -m script:hi.jsonl --ckpt exit -g policy --name other 'Ask.' >/dev/null
status 1 'grants differ' agent-ckpt diff --state st other
like "$out" '^grant +\+ allow read file:/opt/y$' 'one that is more is told'
like "$out" '^grant +- ask exec exec:/bin/sh$' 'and one that is less'
like "$out" '^agent +[0-9A-Z]{26} -> [0-9A-Z]{26}$' 'and that they are two agents'
status 0 '--files looks at files only' agent-ckpt diff --files st other

mkdir uses uses/tree
for n in 5 3; do
	"$BUILD/tests/helpers/bundle" save -f -S $'{"conversation":"c"}\n' \
	    -G '{"base":'"$([ $n = 5 ] && echo true || echo false)"',"grants":[{"line":"allow read file:x","uses":'$n'}]}'$'\n' \
	    uses/tree uses $n >/dev/null
done
status 1 'uses that were spent differ' agent-ckpt diff uses/5 uses/3
like "$out" '^grant +5 -> 3 uses left: allow read file:x$' 'and how many are left is told'
like "$out" '^grant +- base$' 'as is the profile'

# A file without its parents: files cannot be known, nor messages.
newest=$(agent-ckpt list --json st | jq -r .seq | tail -n 1)
mkdir alone
cp "$AGENT_ROOT/agents/$(agent-ps --json st | jq -r .id)/ckpt/$newest.tar.zst" alone/b.tar.zst
status 66 'a bundle without its parents is 66' agent-ckpt diff "st@$first" alone/b.tar.zst
status 1 'but its state can be compared' agent-ckpt diff --state "st@$first" alone/b.tar.zst
like "$out" '^messages +2 -> [0-9]+, unknown which: a bundle before is missing$' \
    'and what is unknown is said'

# ---- the living agent ------------------------------------------------------------------------

status 0 'AGENT@live is the agent as it is' agent-ckpt diff "$six" ed@live
is "$out" '' 'which is as it was saved'
echo more >>ws/text
echo new >ws/born
status 1 'until something changes' agent-ckpt diff ed ed@live
like "$out" '^\+more$' 'such as a file'
like "$out" '^\+\+\+ b/born$' ''
status 1 'in both directions' agent-ckpt diff ed@live ed
like "$out" '^-more$' ''
agent-ckpt diff --files ed ed@live >forth
agent-ckpt restore --to back ed
(cd back && patch -s -p1 <../forth)
is "$(cat back/text back/born)" "$(cat ws/text ws/born)" 'a restored one can catch up'
before=$(find "$AGENT_ROOT" -type f -exec sha256sum {} + | sort)
agent-ckpt diff ed ed@live >/dev/null
is "$(find "$AGENT_ROOT" -type f -exec sha256sum {} + | sort)" "$before" \
    'looking changes nothing'
agent-run -q -r ed 'Go on.' >/dev/null
status 1 'so is its state' agent-ckpt diff --state ed ed@live
like "$out" '^goal +\+ Go on\.$' ''
like "$out" '^turns +1 -> 2$' ''
like "$out" '^messages +3 -> 5, 1 user added, 1 assistant added$' ''
status 66 'an agent that is not there is 66' agent-ckpt diff ed nobody@live
status 0 'both sides may be alive' agent-ckpt diff ed@live ed@live

# ---- a pipe, a key, no root --------------------------------------------------------------------

agent-ckpt export -o one.tar.zst "$one"
agent-ckpt export -o two.tar.zst "$two"
agent-ckpt diff "$one" "$two" >want
cp "$AGENT_ROOT/key.pub" mine.pub
AGENT_ROOT=$PWD/other agent-run -q -m script:hi.jsonl x >/dev/null
(
	unset AGENT_ROOT
	HOME=$PWD/nowhere agent-ckpt diff - two.tar.zst <one.tar.zst >got
	echo $? >code
	HOME=$PWD/nowhere agent-ckpt diff one.tar.zst - <two.tar.zst >got2
)
is "$(cat code)" 1 'files and a pipe need no root'
is "$(diff want got)$(diff want got2)" '' 'and give the same'
status 64 'one pipe is one bundle' agent-ckpt diff - -
status 1 'with their key they are compared' agent-ckpt diff --key mine.pub one.tar.zst two.tar.zst
status 65 'with another they are not' \
    agent-ckpt diff --key other/key.pub one.tar.zst two.tar.zst
status 74 'a full disk is 74' bash -c 'agent-ckpt diff one.tar.zst two.tar.zst >/dev/full'

# ---- on a terminal -------------------------------------------------------------------------------

printf 'fine\n\033]0;title\007\342\200\256evil\r\n' >ws/hostile
printf 'x\n' >"$(printf 'ws/\033[2Jname')"
tty() { script -qec "$*" /dev/null </dev/null; }
NO_COLOR=1 tty agent-ckpt diff ed ed@live >shown
unlike "$(cat shown)" $'\033' 'nothing that a terminal obeys reaches it'
unlike "$(cat shown)" $'\342\200\256' 'nor what turns text around'
like "$(cat shown)" '\+\\x1b\]0;title\\x07<U\+202E>evil\\x0d' 'it is shown instead'
like "$(cat shown)" '\\033\[2Jname' 'also in names'
agent-ckpt diff --files ed ed@live >forth
like "$(cat forth)" $'^\\+\033\\]0;title' 'a pipe gets the bytes, for patch'
tty env -u NO_COLOR agent-ckpt diff ed ed@live >shown
like "$(cat shown)" $'\033\\[32m\\+more\033\\[m' 'a terminal gets colour'
for how in --stat --name-only --json; do
	NO_COLOR=1 tty agent-ckpt diff $how ed ed@live >shown
	unlike "$(cat shown)" $'\033|\342\200\256' "$how is as safe"
done
done_testing
