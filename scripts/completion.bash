# shellcheck shell=bash
# completion.bash: bash completion for all programs of agentutils.  Options
# come from `PROGRAM --complete`; everything else is a file.

_agentutils() {
	local program=$1 word=${COMP_WORDS[COMP_CWORD]} first=1 dir
	COMPREPLY=()
	dir=$(dirname "$(command -v "$program")")
	if [ "$(basename "$program")" = agent ]; then
		if [ "$COMP_CWORD" = 1 ]; then
			mapfile -t COMPREPLY < <(compgen -W "help $(
			    find "$dir" -maxdepth 1 -name 'agent-*' ! -name '*.*' \
				-printf '%f\n' | sed 's/^agent-//')" -- "$word")
			return
		fi
		program=$dir/agent-${COMP_WORDS[1]}
		first=2
	fi
	[ "$COMP_CWORD" -ge "$first" ] && [[ $word == -* ]] || return
	mapfile -t COMPREPLY < <(
	    compgen -W "$("$program" --complete 2>/dev/null)" -- "$word")
}

# As installed, this file has a name for each program.
case ${BASH_SOURCE[0]##*/} in
agent | agent-*)
	complete -o default -F _agentutils "${BASH_SOURCE[0]##*/}" ;;
*)
	complete -o default -F _agentutils agent agent-run agent-fork agent-ps \
	    agent-audit agent-tool agent-exec agent-model ;;
esac
