#!/bin/bash
# A family of agents as a job array of Slurm, one node of it started here.
. "$SRC/tests/cli/tap.sh"
PATH=$PATH:/usr/sbin
for p in slurmctld slurmd sbatch scontrol munged jq; do
	command -v "$p" >/dev/null || skip_all "$p is missing"
done
[ "$(id -u)" = 0 ] || skip_all 'slurmd needs root'

# ---- a cluster of one node, on the loopback, all its files here
here=$PWD
port=$(python3 -c 'import socket
s = [socket.socket() for _ in "ab"]
for x in s: x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])')
node=$(hostname -s)
mkdir -m 700 munge run state spool
head -c 1024 /dev/urandom >munge/key
chmod 400 munge/key
export SLURM_CONF=$here/slurm.conf
cat >slurm.conf <<EOF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$here/run/munge
CredType=cred/munge
SlurmUser=root
SlurmctldPort=${port% *}
SlurmdPort=${port#* }
SlurmctldPidFile=$here/run/slurmctld.pid
SlurmdPidFile=$here/run/slurmd.pid
StateSaveLocation=$here/state
SlurmdSpoolDir=$here/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
NodeName=$node NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP
EOF
pids=()
# shellcheck disable=SC2317  # called by trap
cleanup() {
	scancel -u root 2>/dev/null
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}
trap cleanup EXIT
munged --foreground --force --key-file="$here/munge/key" \
    --socket="$here/run/munge" --pid-file="$here/run/munged.pid" \
    --log-file="$here/run/munged.log" --seed-file="$here/run/seed" \
    >munged.out 2>&1 &
pids+=($!)
for _ in {1..100}; do
	[ -S run/munge ] && break
	sleep 0.1
done
slurmctld -D -f slurm.conf >slurmctld.out 2>&1 &
pids+=($!)
slurmd -D -f slurm.conf >slurmd.out 2>&1 &
pids+=($!)
for _ in {1..300}; do
	[ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && break
	sleep 0.1
done
[ "$(sinfo -h -o %t 2>/dev/null)" = idle ] ||
    skip_all "Slurm does not start here: $(tail -n 1 slurmctld.out)"

# ---- a parent that waits for its children
export AGENT_ROOT=$here/root
slurm=$SRC/scripts/slurm
cat >model <<'EOF'
#!/bin/sh
exec jq -c 'def call(name; arguments): {message: {role: "assistant",
	content: "", tool_calls: [{id: "c", type: "function",
	function: {name: name, arguments: (arguments | tojson)}}]}};
def say(text): {message: {role: "assistant", content: text}};
[.messages[] | select(.role == "assistant")] as $turns |
any(.messages[]; .content == "be a child") as $child |
if $child and .messages[-1].role == "user"
then call("run_command"; {command: "echo work >>done"})
elif $child then say("worked")
elif $turns == [] then say("ready")
elif .messages[-1].role == "user"
then call("wait_agent"; {agents: ["kid-1", "kid-2"]})
else say("finished") end'
EOF
chmod +x model
status 0 'a parent makes its first turn' \
    agent-run -q --name top -m "exec:$here/model" 'a family'
status 0 'and has children' agent-fork -n 2 --name kid --goal 'be a child' top
status 0 'and is to wait for them' agent-send top 'wait for them'
kid=$(agent-ps --json kid-1 | jq -r .id)
rm -rf "root/slurm"
status 64 'submit wants agents' "$slurm/submit"
status 66 'that there are' "$slurm/submit" nobody
status 0 'the parent alone is put into the queue' \
    "$slurm/submit" -j 2 top -- -q
like "$(cat tap.out)" '^[0-9]+$' 'the number of its job is printed'
status 1 'it is not put there twice' "$slurm/submit" top -- -q

# What Slurm lets wait for two minutes before it starts it anew need not here.
deadline=$((SECONDS + 100)) again=0
until [ -z "$(squeue -h)" ] || [ $SECONDS -gt $deadline ]; do
	while read -r job; do
		again=$((again + 1))
		scontrol update "jobid=$job" StartTime=now
	done < <(squeue -h -t PD -o '%A %r' | sed -n 's/ BeginTime$//p')
	sleep 0.3
done
is "$(squeue -h)" '' 'the queue runs empty'
is "$(agent-ps --json | jq -r .state | sort | uniq -c | tr -s ' ')" ' 3 done' \
    'all of the family are done, its children were found by the way'
like "$(cat root/slurm/*.out)" 'status 75' 'the parent waited outside a process'
is "$(cat root/agents/"$kid"/work/done)" work 'a child worked once'
is "$(find root/slurm -regextype grep -regex '.*/[0-9A-Z]\{26\}' | wc -l)" 0 \
    'none is in the queue any more'
done_testing
