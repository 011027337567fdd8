#!/bin/bash
# Our keys and signatures against those of signify(1).
. "$SRC/tests/cli/tap.sh"
ours=$BUILD/tests/helpers/signify

command -v signify-openbsd >/dev/null || skip_all 'signify-openbsd is missing'
[ -x "$ours" ] || skip_all 'the helper is not built'

printf 'some text\n' >data
status 0 'a key pair is made' "$ours" key our.sec our.pub
"$ours" sign our.sec <data >our.sig
status 0 'signify verifies what we sign' \
    signify-openbsd -V -p our.pub -x our.sig -m data
printf 'some Text\n' >other
status 1 'and refuses it for another text' \
    signify-openbsd -V -p our.pub -x our.sig -m other
status 0 'signify signs with our secret key' \
    signify-openbsd -S -s our.sec -x their.sig -m data
tail -n 1 our.sig >ours.line
tail -n 1 their.sig >theirs.line
status 0 'and its signature is the same as ours' cmp ours.line theirs.line

status 0 'signify makes a pair' signify-openbsd -G -n -p their.pub -s their.sec
"$ours" sign their.sec <data >cross.sig
status 0 'what we sign with its secret key it verifies' \
    signify-openbsd -V -p their.pub -x cross.sig -m data
status 0 'we read its public key' "$ours" public their.pub
tail -n 1 tap.out >a
tail -n 1 their.pub >b
status 0 'and write the same one' cmp a b
# The salt of a key without a passphrase stands for nothing; all else is kept.
status 0 'we read its secret key' "$ours" secret their.sec
tail -n 1 tap.out | base64 -d | tail -c 72 >a
tail -n 1 their.sec | base64 -d | tail -c 72 >b
status 0 'and keep its key number and key' cmp a b

# Never the letter that is there already: the key is a new one each time.
sed -e '2{s/^\(.\{9\}\)x/\1y/;t' -e 's/./x/10}' their.pub >bad.pub
status 0 'a changed letter is another key' "$ours" public bad.pub
status 1 'under which nothing verifies' \
    signify-openbsd -V -p bad.pub -x cross.sig -m data
echo text >no.pub
status 65 'what is no key is refused: 65' "$ours" public no.pub
status 66 'what is not there is 66' "$ours" public absent.pub
done_testing
