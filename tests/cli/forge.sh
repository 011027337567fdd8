# shellcheck shell=bash
# forge.sh: a forger who can compute digests but has no key; sourced.

# forge FOLDER SED: the agent's journal edited by a program of sed, and then
# every number, time, sum and link of the chain made good again, on stdout.
# With `times` set, times stay as they are.
forge() {
	# shellcheck disable=SC2016  # it is perl's text
	LC_ALL=C sed -E "$2" "$1/journal.jsonl" |
	    PREV=$(sha256sum <"$1/agent.json" | cut -c 1-64) TIMES=${times-} perl -MDigest::SHA=sha256_hex -ne '
		BEGIN { $prev = $ENV{PREV}; $last = ""; }
		chomp;
		($head, $body) = /^(.*?),"body":(.*)\}$/ or die "no record: $_";
		$n++;
		$head =~ s/"seq":\d+/"seq":$n/;
		($time) = $head =~ /"time":"([^"]*)"/;
		$time = $last if $time lt $last && !$ENV{TIMES};
		$head =~ s/"time":"[^"]*"/"time":"$time"/;
		$last = $time;
		$sum = sha256_hex($body);
		$head =~ s/"sum":"[0-9a-f]*"/"sum":"$sum"/ if $body ne "null";
		$head =~ s/"prev":"[0-9a-f]*"/"prev":"$prev"/;
		$prev = sha256_hex($head);
		print "$head,\"body\":$body}\n";'
}
