#!/usr/bin/env bash
# The program over TCP between hosts with network stacks and names of their own (jobs/cluster/hosts.sh): the results of
# one rank on 2 and 4 hosts, with and without a line rate, also where the hosts differ in their instruction sets; what they
# share and what they do not; and that nothing remains on the hosts.
. "$(dirname "$0")/../app/common.sh"
needs python3 h5dump mpirun
hosts_script=$source_tree/jobs/cluster/hosts.sh
reason=$("$hosts_script" --check) || skip "$reason"
unset OCTOPOLE_SIMD

# on_hosts STATUS OPTIONS... -- COMMAND...: hosts.sh, with what it prints in out and err.
on_hosts() {
  local wanted=$1
  shift
  timeout 120 "$hosts_script" "$@" >out 2>err </dev/null
  status=$?
  [ "$status" -eq "$wanted" ] || fail "exit code $status instead of $wanted: hosts.sh $*"
}
# same TOLERANCE WHAT: many.h5 is the result of one rank, by the relative L2 difference.
same() {
  local file dataset
  for file in one many; do
    for dataset in potential gradient; do
      h5dump -d "/targets/$dataset" -b LE -o $file-$dataset $file.h5 >dump.log || { fail "$file.h5 has no $dataset"; return; }
    done
  done
  python3 - "$1" <<'END' || fail "results differ from one rank's: $2"
import array, math, sys
for dataset in "potential", "gradient":
    one, many = (array.array("d", open(f"{name}-{dataset}", "rb").read()) for name in ("one", "many"))
    difference = math.sqrt(math.fsum((a - b) ** 2 for a, b in zip(one, many)) / math.fsum(a * a for a in one))
    assert len(one) == len(many) and difference < float(sys.argv[1]), f"{dataset}: {difference}"
END
}
# reports_hosts N [SIMD...]: the report names N hosts, and their instruction sets where those are given.
reports_hosts() {
  python3 - "$@" <<'END' || fail "the report does not name all hosts"
import json, sys
n, machine = int(sys.argv[1]), json.load(open("report.json"))["machine"]
hosts = machine["ranks_by_host"]
assert machine["hosts"] == n and [host["host"] for host in hosts] == [f"host{i + 1}" for i in range(n)], machine
slots = machine["ranks"] // n
assert [host["ranks"] for host in hosts] == [f"{i * slots}" + (f"-{(i + 1) * slots - 1}" if slots > 1 else "") for i in range(n)], machine
if sys.argv[2:]: assert [host["simd"] for host in hosts] == sys.argv[2:], machine
END
}

expect 0 1 generate plummer -n 6000 --seed 8 -o cloud.h5
run=("$program" run -i cloud.h5 -d 9 --gradient -o many.h5 --verify 300 --report report.json)
expect 0 1 run -i cloud.h5 -d 9 --gradient -o one.h5 --report report.json
best=$(python3 -c 'import json; print(json.load(open("report.json"))["machine"]["simd"])')
for n in 2 4; do
  for rate in "" "-r 1gbit"; do
    # shellcheck disable=SC2086
    on_hosts 0 -n $n $rate -- mpirun "${run[@]}"
    shows out "$n ranks x " " on $n (host1, host2"
    reports_hosts $n
    same 1e-12 "$n hosts $rate"
  done
done
on_hosts 0 -n 2 -s 3 -r 500mbit -- mpirun "${run[@]}"
reports_hosts 2
same 1e-12 "2 hosts with 3 ranks each"

# Generations of hardware: whatever instruction sets this machine has, beside the oldest one. The throughput, and so the tree,
# may be another than on one rank alone; both have the digits asked for.
sets=(baseline)
if [ "$best" != baseline ]; then sets+=(avx2_reproducible); fi  # what the reference throughput makes of avx2
for rate in "" "-r 1gbit"; do
  for other in "${sets[@]}"; do
    # shellcheck disable=SC2086
    on_hosts 0 -n 2 $rate -e 2:OCTOPOLE_SIMD="$other" -- mpirun "${run[@]}"
    reports_hosts 2 "$best" "$other"
    same 2e-9 "hosts with $best and $other"
    # shellcheck disable=SC2086
    on_hosts 0 -n 4 $rate -e 1:OCTOPOLE_SIMD="$other" -e 4:OCTOPOLE_SIMD="$other" -- mpirun "${run[@]}"
    reports_hosts 4 "$other" "$best" "$best" "$other"
    same 2e-9 "hosts with $other, $best, $best, $other"
    if [ "$other" != "$best" ]; then shows out "$best (host2, host3)" "$other (host1, host4)"; fi
    for digits in 3 6; do  # the digits asked for are reached, else the exit code is 3
      # shellcheck disable=SC2086
      on_hosts 0 -n 4 $rate -e 3:OCTOPOLE_SIMD="$other" -- mpirun "$program" run -i cloud.h5 -d $digits --gradient -o few.h5 --verify 500
    done
  done
done

# The operator database, shared and on each host.
for where in shared private; do
  mkdir $where
  options=()
  if [ $where = private ]; then options=(-p "$scratch/private"); fi
  on_hosts 0 -n 2 ${options[@]+"${options[@]}"} -- bash -c 'for time in 1 2; do mpirun "$@" || exit; done' runs \
    "${run[@]}" --operators "$scratch/$where/operators.h5"
  shows out "stored in the database" "read from the database"
  same 1e-12 "a $where database"
done
[ -s shared/operators.h5 ] || fail "the shared database is not there"
[ -z "$(ls private)" ] || fail "a private directory is not private"

# The throughput: measured once, used again by the next run, with equal bits.
unset OCTOPOLE_THROUGHPUT
for where in shared private; do
  rm -rf $where first.h5
  mkdir $where
  options=()
  if [ $where = private ]; then options=(-p "$scratch/private"); fi
  XDG_CACHE_HOME=$scratch/$where on_hosts 0 -n 4 ${options[@]+"${options[@]}"} -- bash -c '
    mpirun "$@" && mv many.h5 first.h5 && mpirun "$@" && ls "$XDG_CACHE_HOME/octopole"' runs "${run[@]}"
  shows out "measured, kept in" "throughput: $scratch/$where" "throughput-"
  cmp first.h5 many.h5 || fail "$where throughput: the second run has other bits"
  same 2e-9 "$where throughput"
done
export OCTOPOLE_THROUGHPUT=reference

# A rank that dies on another host ends all of them.
OCTOPOLE_FAULT=p2p@3:kill on_hosts 137 -n 4 -- mpirun "${run[@]}"

# Exit codes and mistakes.
on_hosts 7 -n 2 -- bash -c 'exit 7'
on_hosts 2 -n 0 -- true
on_hosts 2 -e 3:A=b -- true
shows err "3:A=b"
on_hosts 2 --no-such-option
on_hosts 2
on_hosts 0 --help
shows out "--rate" "Example"

# Two at a time; and nothing remains, whatever ends them. Sleepers are known by their odd number of seconds.
# processes_with ARGUMENT [COMMAND]: how many there are.
processes_with() {
  local file count=0
  for file in $(grep -lzxF "$1" /proc/[0-9]*/cmdline 2>processes.log); do
    if [ $# -eq 1 ] || [ "$(cat "${file%cmdline}comm" 2>processes.log)" = "$2" ]; then count=$((count + 1)); fi
  done
  echo $count
}
export TMPDIR=$scratch
for signal in INT TERM; do
  marks=()
  scripts=()
  for i in 1 2; do
    marks[i]=3$(printf '%04d' $((RANDOM % 10000)))$i
    # Background processes ignore SIGINT unless somebody says otherwise.
    python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
      "$hosts_script" -n 2 -- mpirun sleep "${marks[i]}" >two-$i.log 2>&1 </dev/null &
    scripts[i]=$!
  done
  for i in 1 2; do
    for ((wait = 0; wait < 600; ++wait)); do [ "$(processes_with "${marks[i]}" sleep)" -eq 2 ] && break; sleep 0.1; done
    [ $wait -lt 600 ] || fail "hosts do not start: $(cat two-$i.log)"
  done
  for i in 1 2; do
    kill -$signal "${scripts[i]}"
    wait "${scripts[i]}" && fail "an interrupted hosts.sh ends with 0"
  done
  for i in 1 2; do
    [ "$(processes_with "${marks[i]}")" -eq 0 ] || fail "processes remain after SIG$signal"
  done
done
left=$(find . -maxdepth 1 -name 'octopole-hosts.*')
[ -z "$left" ] || fail "folders remain: $left"
finish
