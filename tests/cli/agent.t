#!/bin/bash
# agent: one name for all programs.
. "$SRC/tests/cli/tap.sh"

echo '{"content":"Hi."}' >hi
status 0 'agent run is agent-run' agent run -q -m script:hi --name a hi
is "$out" Hi. 'with all arguments'
status 64 'its status is that of the program' agent run --bogus
like "$err" '^agent-run: ' 'and its messages too'
status 66 'whatever it is' agent audit log nobody
is "$(agent ps --json a | jq -r .name)" a 'its output as well'

status 0 'help lists the programs' agent help
for program in "$BUILD"/bin/agent-*; do
	name=$(basename "$program")
	case $name in *.*) continue ;; esac
	like "$out" "^  $name +[a-z]" "$name is among them"
done
mkdir none
status 0 'help PROGRAM, without man' env PATH="$PWD/none" "$BUILD/bin/agent" help ps
like "$out" '^usage: agent-ps' "is the program's own help"

status 0 'programs are found beside it, not in PATH alone' \
    env PATH="$PWD/none" "$BUILD/bin/agent" ps
mkdir mine
printf '#!/bin/sh\necho "mine $*"\n' >mine/agent-hello
chmod +x mine/agent-hello
status 0 'a program of your own in PATH' env PATH="$PWD/mine:$PATH" agent hello you
is "$out" 'mine you' 'is run as well'
echo '#!/bin/sh' >mine/agent-inert
status 126 'one that cannot be executed is 126' env PATH="$PWD/mine:$PATH" agent inert
status 127 'one that is not there is 127' agent nonsense
like "$err" 'agent-nonsense' 'and is named'
status 64 'no program is a usage error' agent
status 64 'an option that is not its own too' agent --bogus ps
status 0 '-V' agent -V
like "$out" '^agent \(agentutils\) [0-9.]+$' 'is the version'
status 74 'an output that cannot be written is 74' bash -c 'agent help >/dev/full'
status 74 'that of a program too' bash -c 'agent ps >/dev/full'
done_testing
