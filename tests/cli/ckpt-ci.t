#!/bin/bash
# The jobs for GitHub and GitLab in agent-ckpt(1), taken out of the page and run
# as the runners do: a gate that lets through what it should, and stops the
# rest.
# shellcheck disable=SC2317
. "$SRC/tests/cli/tap.sh"

python3 -c 'import yaml' 2>/dev/null || skip_all "python3-yaml is not installed"

# ---- what the repository holds -------------------------------------------------------

cat >script.jsonl <<'END'
{"content":"I write.","tool_calls":[{"name":"write_file","arguments":{"path":"src/a","content":"1\n"}}]}
{"content":"I test.","tool_calls":[{"name":"run_command","arguments":{"command":"grep -q 1 src/a"}}]}
{"content":"Done."}
END
agent-run -q -m "script:$PWD/script.jsonl" --ckpt exit --name good 'Write.' >/dev/null
mkdir repo repo/agentutils
cp -r "$BUILD/bin" repo/agentutils/bin
tar -C repo -cf - agentutils | zstd -q -1 -o repo/agentutils.tar.zst
rm -r repo/agentutils
cp "$AGENT_ROOT/key.pub" repo/agents.pub
first=$(agent-ckpt list --json good | jq -r .seq | head -n 1)
agent-ckpt export -o repo/agent.tar.zst good
cat >repo/agent.rules <<'END'
# what every agent here must keep
state=done
cost<2.00
pending=0
changed-only src/**
no-grant net:*
tests-passed run_command:'grep -q 1 src/a'
END

# ---- the runners ---------------------------------------------------------------------

# jobs: the literal blocks of the page that name a file of a job; as
# shell scripts, one a step, in the folder of that job.
cat >jobs.py <<'END'
import os, re, sys, yaml
page = open(sys.argv[1]).read()
for block in re.findall(r'^\.Bd -literal.*?\n(.*?)^\.Ed', page, re.M | re.S):
    name = re.match(r'# (\.git\S+)\n', block)
    if not name:
        continue
    block = block.replace('\\e', '\\').replace('\\&', '').replace('\\-', '-')
    kind = 'github' if 'github' in name[1] else 'gitlab'
    os.makedirs(kind)
    job = yaml.safe_load(block)
    if kind == 'github':
        steps = [s['run'] for s in job['jobs']['gate']['steps'] if 'run' in s]
        reports = [s['with']['path'] for s in job['jobs']['gate']['steps']
            if s.get('if') == 'always()']
    else:
        job = job['gate']
        steps = ['\n'.join(job['before_script'] + job['script'])]
        assert job['artifacts']['when'] == 'always'
        reports = [job['artifacts']['reports']['junit']]
    for n, step in enumerate(steps):
        open(f'{kind}/{n}.sh', 'w').write(step + '\n')
    open(f'{kind}/report', 'w').write(reports[0])
END
status 0 'the page holds jobs in YAML' python3 jobs.py "$SRC/man/agent-ckpt.1"
is "$(echo git*)" 'github gitlab' 'one for each of the two'

# run KIND: in a fresh checkout; what the job ends with.  Variables that one
# step sets are gone in the next; lines of $GITHUB_PATH go before its PATH.
run() {
	local path=/usr/local/bin:/usr/bin:/bin step line
	rm -rf checkout github.path
	cp -r repo checkout
	: >github.path
	for step in "$1"/*.sh; do
		(cd checkout && env -i PATH="$path" HOME="$PWD" CI=true \
		    ASAN_OPTIONS="${ASAN_OPTIONS-}" \
		    GITHUB_PATH="$PWD/../github.path" \
		    bash --noprofile --norc -eo pipefail "../$step") || return
		while read -r line; do path=$line:$path; done <github.path
	done
}
# report KIND: its report, read by another's XML parser: tests and failures as
# it says, and as there are.
report() {
	python3 - "checkout/$(cat "$1/report")" <<'END'
import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()
cases = suite.findall('testcase')
broken = [c.get('name') for c in cases if c.find('failure') is not None]
assert suite.tag == 'testsuite'
assert all(c.get('classname') and c.get('name') for c in cases)
assert all(c.find('failure').get('message') for c in cases
    if c.find('failure') is not None)
print(suite.get('tests'), suite.get('failures'), len(cases), len(broken))
print(*broken, sep='\n')
END
}

for kind in github gitlab; do
	status 0 "$kind: a good bundle passes" run $kind
	status 0 "$kind: its report is whole" report $kind
	is "$(xargs <<<"$out")" '6 0 6 0' "$kind: and says so of each rule"
done

# ---- what must not pass -------------------------------------------------------------------

cp -r repo kept
printf '%s\n' 'changed-only tests/**' "tests-passed run_command:'make <all> & \"more\"'" \
    >>repo/agent.rules
for kind in github gitlab; do
	status 1 "$kind: a broken rule stops the job" run $kind
	status 0 "$kind: the report is there all the same" report $kind
	is "$(head -n 1 <<<"$out")" '8 2 8 2' "$kind: with what is broken"
	is "$(tail -n 1 <<<"$out")" "tests-passed run_command:'make <all> & \"more\"'" \
	    "$kind: by name"
done
like "$(run gitlab 2>&1)" '^changed-only tests/\*\*: changed: src/a$' 'the log has a line for each'

rm -r repo && cp -r kept repo
agent-ckpt export -o early "good@$first"
mv early repo/agent.tar.zst
for kind in github gitlab; do
	status 1 "$kind: an agent that is not done stops it" run $kind
	status 0 "$kind: with a report" report $kind
	like "$out" '^state=done$' "$kind: that names the rule"
done

cp kept/agent.tar.zst repo/
printf '\1' | dd of=repo/agent.tar.zst bs=1 seek=300 conv=notrunc status=none
for kind in github gitlab; do
	status 65 "$kind: a changed byte stops it before the gate" run $kind
	status 1 "$kind: and there is no report" test -e "checkout/$(cat $kind/report)"
done

cp kept/agent.tar.zst repo/
AGENT_ROOT=$PWD/other agent-run -q -m "script:$PWD/script.jsonl" --ckpt exit --name evil x >/dev/null
AGENT_ROOT=$PWD/other agent-ckpt export -o evil.tar.zst evil
cp evil.tar.zst repo/agent.tar.zst
for kind in github gitlab; do
	status 65 "$kind: a bundle of somebody else stops it" run $kind
done
cp other/key.pub repo/agents.pub
for kind in github gitlab; do
	status 0 "$kind: unless it is let in" run $kind
done

cp kept/agents.pub kept/agent.tar.zst repo/
echo 'nonsense' >>repo/agent.rules
for kind in github gitlab; do
	status 78 "$kind: a rule that is none stops it" run $kind
	like "$err" 'agent.rules:[0-9]+: ' "$kind: and its line is named"
done
rm repo/agent.tar.zst
for kind in github gitlab; do
	status 66 "$kind: so does a bundle that is not there" run $kind
done
done_testing
