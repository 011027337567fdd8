#!/bin/bash
# Each program has a manual that names all that it takes and nothing else.
. "$SRC/tests/cli/tap.sh"
man=$SRC/man

programs=()
for program in "$BUILD"/bin/*; do
	case ${program##*/} in *.*) continue ;; esac
	programs+=("${program##*/}")
done
ok "$([ ${#programs[@]} -ge 8 ]; echo $?)" 'there are programs'

# options PAGE: those that its lists have, one a line, as they are typed:
# ".It Fl g , -grants Ar file", ".It Fl g , Fl Fl grants Ns = Ns Ar file".
options() {
	awk '/^\.It Fl / {
		dash = ""
		for (i = 2; i <= NF; i++)
			if ($i == "Fl")
				dash = ($(i - 1) == "Fl" ? "--" : "-")
			else if ($i == ",")
				dash = "-"
			else if ($i ~ /^[A-Z][a-z]$/)
				dash = ""
			else if (dash != "") {
				print dash $i
				dash = ""
			}
	    }' "$1" | sort -u
}
# statuses PAGE: the tags below EXIT STATUS.
statuses() {
	awk '/^\.Sh / { on = /EXIT STATUS/ }
	    on && /^\.It [0-9]/ { gsub(/^\.It |[ ,]+$/, ""); print }' "$1" |
	    tr ' ' '\n' | grep -E '^[0-9]' | sort -u
}

for name in "${programs[@]}"; do
	page=$man/$name.1
	if [ ! -e "$page" ]; then
		ok 1 "$name has a manual"
		continue
	fi
	ok 0 "$name has a manual"
	"$name" --complete | grep -vE '^(-h|--help|-V|--version)$' | sort -u >takes
	options "$page" | grep -vE '^(-h|--help|-V|--version|--complete)$' >named
	is "$(comm -23 takes named | xargs)" '' "$name(1) names every option"
	is "$(comm -13 takes named | xargs)" '' "$name(1) names no other"
	status 0 "$name -h" "$name" -h
	is "$(awk 'length($0) > 80' <<<"$out")" '' 'takes at most 80 columns'
	grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' <<<"$out" | grep -oE -- '-[a-zA-Z]\b|--[a-z-]+' |
	    grep -vE '^(-h|--help|-V|--version)$' | sort -u >helped
	is "$(diff takes helped)" '' 'and has the same options'
	for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		grep -q "^\.Sh $section\$" "$page"
		ok $? "$name(1) has $section"
	done
	is "$(sed -n 's/^\.Dt //p' "$page")" "${name^^} 1" 'and its title'
	case $name in agent-exec | agent-model) continue ;; esac
	for status in $(statuses "$page"); do
		case $status in
		128+N) want='(is|status) .*(12[89]|1[3-9][0-9])' ;;
		*) want="(status|is) .*\b$status\b" ;;
		esac
		# Those of agent-x may be spread over agent-x-y.t and x-y.t.
		tests=("$SRC/tests/cli/$name.t")
		[ "$name" = agent ] || tests+=("$SRC/tests/cli/$name"-*.t \
		    "$SRC/tests/cli/${name#agent-}"-*.t)
		grep -qsE "$want" "${tests[@]}"
		ok $? "status $status of $name is produced by its test"
	done
done

for page in "$man"/*.[1-9]; do
	name=${page##*/}
	is "$(mandoc -Tlint -Wwarning "$page" 2>&1)" '' "$name is sound"
	while read -r other section; do
		case $other.$section in
		agent*) [ -e "$man/$other.$section" ]
			ok $? "$name refers to $other($section), which is there" ;;
		esac
	done < <(sed -n 's/^\.\(It \)\{0,1\}Xr \([a-z-]*\) \([0-9]\).*/\2 \3/p' "$page" | sort -u)
done

# agentutils(7): the table of statuses is that of the pages.
for name in agent agent-run agent-fork agent-ps agent-audit agent-tool; do
	listed=$(sed -n "s/^\.It $name Ta \([0-9 +N]*\).*/\1/p" "$man/agentutils.7" |
	    tr ' ' '\n' | grep . | sort -u)
	is "$(xargs <<<"$listed")" "$(statuses "$man/$name.1" | xargs)" \
	    "agentutils(7) has the statuses of $name"
done
for name in "${programs[@]}"; do
	grep -q "^\.It Xr $name 1 Ta" "$man/agentutils.7"
	ok $? "agentutils(7) lists $name"
	grep -q "^| \`$name\` |" "$SRC/README.md"
	ok $? "and so does README"
done
done_testing
