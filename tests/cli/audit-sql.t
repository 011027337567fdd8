#!/bin/bash
# agent-audit sql: histories as tables of a database that may be deleted.
. "$SRC/tests/cli/tap.sh"

cat >m <<'EOM'
{"content":"look","tool_calls":[{"name":"run_command","arguments":{"command":"exit 3"}},{"name":"read_file","arguments":{"path":"/etc/shadow"}}],"usage":{"input_tokens":100,"output_tokens":7}}
{"content":"it's \"done\",\nand ok","usage":{"input_tokens":10,"output_tokens":4}}
EOM
agent-run -q -m script:m --name a 'paint the moon' >/dev/null
agent-run -q -m script:m --name b 'another goal' >/dev/null
id=$(agent-ps --json a | jq -r .id)
sql() { agent-audit sql "$@"; }

status 0 'a statement is asked of a history' sql a \
    'SELECT tool, status, "exit" FROM tool_results ORDER BY seq'
is "$out" 'tool         status  exit
run_command  failed  3
read_file    denied  ' 'and answered with a table'
is "$(sql --json a 'SELECT r.tool, c.verdict, r.exit, c.approval FROM tool_calls c
    JOIN tool_results r USING(agent, call) ORDER BY c.seq' | paste -sd ' ')" \
    '{"tool":"run_command","verdict":"allow","exit":3,"approval":null} {"tool":"read_file","verdict":"deny","exit":null,"approval":null}' \
    '--json is an object a row'
is "$(sql --csv a "SELECT text, input FROM model_replies WHERE stop = 'end'")" \
    $'text,input\n"it\'s ""done"",\nand ok",10' '--csv quotes what has to be'
is "$(sql --json a b 'SELECT count(DISTINCT agent) AS n, sum(input) AS tokens FROM model_replies')" \
    '{"n":2,"tokens":220}' 'several agents can be joined'
is "$(sql --all 'SELECT name FROM agents ORDER BY name' | paste -sd ' ')" 'name a b' 'or all'
is "$(sql --json a 'SELECT count(*) AS n FROM records')" \
    "{\"n\":$(agent-audit log a | wc -l)}" 'every record is there'
is "$(sql --json a "SELECT body ->> '\$.text' AS t FROM records WHERE type = 'goal'")" \
    '{"t":"paint the moon"}' 'with its body'
status 1 'no row is status 1' sql a 'SELECT 1 WHERE 0'
agent-ckpt export -o a.tar.zst "$(agent-ckpt save a)"
is "$(sql --json a.tar.zst 'SELECT count(*) AS n FROM goals')" '{"n":1}' 'a bundle is read alike'

# ---- a file that is kept --------------------------------------------------------

status 0 'a database is filled' sql -o x.db a
is "$(sqlite3 x.db 'PRAGMA integrity_check; SELECT count(*) FROM goals')" $'ok\n1' 'and is SQLite'"'"'s'
status 0 'it is asked without the agents' sql -o x.db --json 'SELECT count(*) AS n FROM goals'
is "$out" '{"n":1}' 'as it stands'
first=$(sqlite3 x.db 'SELECT count(*), max(rowid) FROM records')
agent-run -q -r a next >/dev/null 2>&1
sql -o x.db --all
is "$(sqlite3 x.db 'SELECT count(*) FROM records')" \
    "$(($(agent-audit log a | wc -l) + $(agent-audit log b | wc -l)))" \
    'filling it again adds what is new'
is "$(sqlite3 x.db "SELECT count(*) || '|' || max(rowid) FROM records
    WHERE rowid <= ${first#*|}")" "$first" 'behind what it had'
sqlite3 x.db .dump | grep -v '^INSERT INTO sqlite_' | sort >once
rm x.db
sql -o x.db --all
is "$(sqlite3 x.db .dump | grep -v '^INSERT INTO sqlite_' | sort | cmp - once 2>&1)" '' \
    'and gives what filling it at once does'
file=$AGENT_ROOT/agents/$id/journal.jsonl
n=$(grep -n '"type":"goal"' "$file" | head -n 1 | cut -d : -f 1)
sed -i "${n}s/\"body\":.*/\"body\":null}/" "$file"
sql -o x.db a
is "$(sqlite3 x.db "SELECT redacted, body FROM records WHERE agent = '$id' AND seq = $n;
    SELECT count(*) FROM goals WHERE agent = '$id' AND seq = $n")" $'1|\n0' \
    'what was redacted since is taken out'
is "$(grep -c 'paint the moon' x.db)" 0 'to the byte'
rm -r "$AGENT_ROOT/agents/$id" && agent-run -q -m script:m --name c third >/dev/null
c=$(agent-ps --json c | jq -r .id)
sql -o x.db c
sqlite3 x.db "UPDATE agents SET head = 'x' || substr(head, 2) WHERE id = '$c'; UPDATE goals SET text = 'x' WHERE agent = '$c'"
sql -o x.db c
is "$(sqlite3 x.db "SELECT text FROM goals WHERE agent = '$c'")" third \
    'another history of the same agent takes the place of the old one'

# ---- what is bad ------------------------------------------------------------------

status 64 'a statement that writes is a usage error' sql -o x.db 'DELETE FROM goals'
is "$(sqlite3 x.db 'SELECT count(*) > 0 FROM goals')" 1 'and writes nothing'
status 64 'so is one that attaches' sql -o x.db "ATTACH 'y.db' AS y"
[ ! -e y.db ]
ok $? 'and makes no file'
status 64 'and two at once' sql -o x.db 'SELECT 1; SELECT 2'
status 64 'and one that is none' sql -o x.db 'SELEC 1'
like "$err" 'syntax error' 'in SQLite'"'"'s words'
status 64 'and neither statement nor file' sql b
status 64 'and no agent' sql 'SELECT 1'
status 64 'and --csv with --json' sql --csv --json b 'SELECT 1'
echo 'no database at all' >text
status 65 'a file that is no database is bad data' sql -o text b
is "$(cat text)" 'no database at all' 'and stays as it was'
sqlite3 other.db 'CREATE TABLE t(x)'
status 65 'so is one of somebody else' sql -o other.db b
status 66 'an agent that is not there is no such input' sql nobody 'SELECT 1'
status 73 'a file that cannot be made is 73' sql -o absent/x.db b
status 74 'an output that cannot be written is 74' \
    bash -c 'agent-audit sql -o x.db "SELECT 1" >/dev/full'
printf '%s\n' '{"content":"\u001b[2J\u202e'"'"'; DROP TABLE goals; --","tool_calls":[{"name":"'"'"'\u001b[2Jx","arguments":{}}]}' \
    '{"content":"=1+1"}' >evil
agent-run -q -m script:evil --name "evil" "'); DROP TABLE goals; --" >/dev/null
unlike "$(sql evil 'SELECT * FROM tool_calls'; sql evil 'SELECT text FROM model_replies')" $'\e|\u202e' \
    'no escape sequence reaches a table'
unlike "$(script -qec "agent-audit sql --json evil 'SELECT * FROM model_replies'" /dev/null </dev/null)" \
    $'\e|\u202e' 'nor, as JSON, a terminal'
is "$(sql --json evil 'SELECT text FROM goals')" "{\"text\":\"'); DROP TABLE goals; --\"}" \
    'SQL in a record stays text'
done_testing
