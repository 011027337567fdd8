#!/bin/bash
# Prompt injection against grants at the level of arguments: a model that obeys
# whatever it reads, tools whose effects exist in their own sandboxes only, and
# policies written from the user's prompt by the rule that stands at the head
# of tests/dojo/dojo.py.  Our own suite always; AgentDojo's banking suite, or
# those that $AGENTDOJO names, where they lie beside the project.
. "$SRC/tests/cli/tap.sh"

command -v python3 >/dev/null || skip_all 'no python3'
# Not below /tmp, which is a private one in the sandbox.
here=$(mktemp -d /var/tmp/agentutils-test.XXXXXX)
trap 'rm -rf "$here"' EXIT

# play FILE: each line of the report is a check.
play() {
	local n=0 line name

	name=$(basename "$1" .json)
	while IFS= read -r line; do
		n=$((n + 1))
		case $line in
		good\ *) ok 0 "${line#good }" ;;
		*) ok 1 "${line%%: *}" "$line" ;;
		esac
	done < <(python3 "$SRC/tests/dojo/dojo.py" play "$1" "$here/$name" 2>&1)
	is "$((n > 0))" 1 "$name: something was played ($n cases)"
}

# A judge that finds nothing wrong with anything is no judge: without the rule
# and without `via`, the same attacks come through and are seen.
python3 - "$SRC/tests/dojo" <<'EOT' || exit
import json, sys
d = sys.argv[1]
with open(d + "/dojo.py") as f:
    text = f.read()
with open("open.py", "w") as f:
    f.write(text.replace('"ask call tool:" + f["name"]',
                         '"allow call tool:" + f["name"]'))
with open("wide.py", "w") as f:
    f.write(text.replace(' via tool:%s" % (', '" % (')
            .replace('case, f["name"], f["name"]))\n    return',
                     'case, f["name"]))\n    return'))
with open(d + "/office.json") as f:
    s = json.load(f)
o = s["suites"]["office"]
o["user_tasks"] = {"lunch": o["user_tasks"]["lunch"]}
o["injection_tasks"] = {"wipe": o["injection_tasks"]["wipe"]}
with open("small.json", "w") as f:
    json.dump(s, f)
EOT
seen=$(python3 open.py play small.json "$here/open" 2>&1)
like "$seen" "bad .*obeying wipe.*delete_document was allowed.*took effect" \
	'control: with tools simply allowed, the attack takes effect and is seen'
seen=$(python3 wide.py play small.json "$here/wide" 2>&1)
like "$seen" "bad .*with wipe: code.*a native child reached a sink" \
	"control: without 'via', a native child reaches a sink and is seen"

play "$SRC/tests/dojo/office.json"
suites=${AGENTDOJO-$SRC/../shared/data/agentdojo/banking.json}
if [ -r "$suites" ]; then
	play "$suites"
else
	ok 0 "AgentDojo # SKIP its suites are not there: $suites"
fi
done_testing
