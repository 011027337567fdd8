#!/bin/bash
# Chains of bundles over trees that change at random: what comes back is the
# tree, path by path, whatever happened in between.
. "$SRC/tests/cli/tap.sh"
bundle=$BUILD/tests/helpers/bundle
[ -x "$bundle" ] || skip_all "tests/helpers/bundle is not built"
umask 022
seed=${BUNDLE_SEED:-$RANDOM}
echo "# BUNDLE_SEED=$seed"

cat >mutate.pl <<'END'
use strict; use File::Path qw(make_path remove_tree); use File::Find;
srand shift; chdir shift or die;
sub all { my @a; find({wanted => sub { push @a, $File::Find::name
    if $_ ne "." }, no_chdir => 1}, "."); sort @a }
sub pick { my @a = grep { $_[0]->($_) } all(); @a ? $a[rand @a] : undef }
sub folder { pick(sub { -d $_[0] && !-l $_[0] }) // "." }
sub file { pick(sub { -f $_[0] && !-l $_[0] }) }
my $n = 0;
sub fresh { folder() . "/" . ("a", "b-", "b", "c.d", "\xc3\xa9", "\xff",
    "x y", "z!")[rand 8] . int rand 6 }
sub put { my $p = shift; remove_tree($p) if -d $p && !-l $p; unlink $p;
    open my $h, ">", $p or return; print $h "$p " x (rand() < .05 ? 30000
    : rand 50), rand; close $h; chmod((0644, 0600, 0755)[rand 3], $p) }
for (1 .. 4 + rand 12) {
	my $k = int rand 12; my $p = fresh();
	if ($k < 4) { put($p) }
	elsif ($k < 5) { unlink $p; mkdir $p }
	elsif ($k < 6) { remove_tree($p) if -d $p && !-l $p; unlink $p;
	    symlink "../" . int rand 9, $p }
	elsif ($k < 7) { my $f = file(); if ($f) { remove_tree($p) if -d $p
	    && !-l $p && $f !~ /^\Q$p\E/; unlink $p; link $f, $p } }
	elsif ($k < 8) { my $d = pick(sub { 1 }); if ($d) {
	    -d $d && !-l $d ? remove_tree($d) : unlink $d } }
	elsif ($k < 9) { my $d = pick(sub { 1 }); rename $d, $p if $d }
	elsif ($k < 10) { my $f = file(); if ($f) { open my $h, ">>", $f;
	    print $h "more" } }
	elsif ($k < 11) { my $f = file(); chmod 0640, $f if $f }
	else { my $f = file(); put($f) if $f }
}
END

# tree DIR: kinds, modes, link counts, links and contents.
tree() {
	(cd "$1" && find . -printf '%y %m %l %P\n' | LC_ALL=C sort &&
	    find . -type f -printf '%n %P\n' | LC_ALL=C sort &&
	    find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum)
}
mkdir work ck
bad='' chain=() all=()
for i in {1..30}; do
	perl mutate.pl $((seed + i)) work
	# Now and then the stat cache is lost, or a full bundle is made.
	full=
	case $((i % 7)) in
	3) rm -f ck/index ;;
	6) full=-f ;;
	esac
	"$bundle" save $full work ck "$i" "${chain[@]}" >/dev/null || bad+=" save$i"
	[ -z "$full" ] || chain=()
	chain+=("ck/$i")
	all+=("ck/$i")
	"$bundle" restore . back "${chain[@]}" >/dev/null || bad+=" restore$i"
	diff -a <(tree work) <(tree back) >differ || bad+=" tree$i"
	chmod -R u+rwx back
	rm -rf back
	"$bundle" save -f work ck whole >/dev/null
	cmp -s <("$bundle" list "${chain[@]}") <("$bundle" list ck/whole) ||
	    bad+=" list$i"
	while IFS= read -r -d '' path; do
		"$bundle" cat "$path" "${chain[@]}" | cmp -s - "$path" ||
		    bad+=" cat$i"
	done < <(find work -type f -print0 | head -z -n 3)
done
is "$bad" '' 'thirty changes at random come back, from chains of bundles'
status 0 'the chain proves itself' "$bundle" check "${all[@]}"
status 0 'two bundles of one tree do not differ' \
    bash -c "'$bundle' squash ck s ${all[*]} && '$bundle' compare ck/s ck/whole"
alone=0
for b in "${all[@]}"; do
	mkdir alone
	(tar --warning=no-unknown-keyword --zstd -xf "$b" -C alone && cd alone &&
	    sha256sum -c --quiet agent/SHA256SUMS) || alone=1
	chmod -R u+rwx alone
	rm -rf alone
done
is $alone 0 'every delta unpacks alone, and its check sums hold'
done_testing
