#!/usr/bin/env bash
# The studies of jobs/ run here without Slurm, in the way that their users start them, and their records are read.
. "$(dirname "$0")/common.sh"
python=${PYTHON:-python3}
needs "$python"
draws=$(python_with matplotlib) || skip "no Python has matplotlib"
jobs=$source_tree/jobs
export SITE_OCTOPOLE=$program SITE_LAUNCHER=mpirun SITE_BIND=none OCTOPOLE_SITE=$jobs/cluster/site.sh MPIRUN=${mpiexec[0]}
export N=600 DIGITS=3 VERIFY=50 REPEAT=2 SHAPES=cube RECORDS=$scratch/records
unset SLURM_JOB_ID SLURM_ARRAY_TASK_ID SLURM_JOB_NUM_NODES SLURM_CPUS_ON_NODE CORES THREADS OMP_NUM_THREADS

# study STATUS COMMAND...
study() {
  local wanted=$1
  shift
  timeout "$time_limit" "$@" >out 2>err </dev/null
  status=$?
  [ "$status" -eq "$wanted" ] || fail "exit code $status instead of $wanted: $*"
}
lines() { wc -l <"$1"; }

# What a sweep is.
CORES="1 4" THREADS=2 study 0 bash "$jobs/study/study.sh" weak --list
[ "$(cat out)" = "0 cube 600 1 1
1 cube 2400 2 2" ] || fail "not the weak sweep"
CORES="3" SHAPES="cube line" THREADS=2 study 0 bash "$jobs/study/study.sh" strong --list
[ "$(cat out)" = "0 cube 600 3 1
1 line 600 3 1" ] || fail "not the strong sweep"
CORES="4" study 0 bash "$jobs/study/study.sh" node --list
[ "$(cat out)" = "0 cube 600 4 1
1 cube 600 2 2
2 cube 600 1 4" ] || fail "not the node sweep"
CORES="1 128 256" SITE_CORES_PER_NODE=128 THREADS=16 study 0 bash "$jobs/cluster/submit.sh" weak --dry-run --qos=low
shows out "--array=1 --nodes=1 --ntasks=8 --cpus-per-task=16 --qos=low $jobs/cluster/weak.slurm" \
  "--array=2 --nodes=2 --ntasks=16 --cpus-per-task=16"

# Whole studies, and one point of one as an array's task would run it.
CORES="1 2" study 0 bash "$jobs/cluster/weak.slurm"
shows out "600 sources" "1200 sources" "+ ${mpiexec[0]}"
CORES="1 2" study 0 bash "$jobs/cluster/node.slurm"
CORES="1 2 3" SLURM_JOB_ID=8 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 study 0 bash "$jobs/cluster/strong.slurm"
[ "$(lines records/weak.jsonl) $(lines records/node.jsonl) $(lines records/strong-7_2.jsonl)" = "2 3 1" ] ||
  fail "not a record for every run"
shows records/weak.jsonl '"study":"weak"' '"n":1200,"ranks":2,"threads":1' "\"launcher\":\"${mpiexec[0]}"
shows records/node.jsonl '"ranks":1,"threads":2'
shows records/strong-7_2.jsonl '"ranks":3' '"array_task":"2"'

# A run that fails is named, and the others are done.
CORES="1 2" DIGITS=6 N=3000 ARGUMENTS="--order 2 --check-order 2 --ncrit 30" study 1 bash "$jobs/study/study.sh" strong
shows err "above the 6 digits asked for" "points that failed: 0 1"
SITE_OCTOPOLE=/nowhere/octopole CORES=1 study 1 bash "$jobs/study/study.sh" strong
shows err "points that failed: 0"
CORES="1 2" study 1 bash "$jobs/study/study.sh" strong --point 2
shows err "no point 2"
CORES="many" study 1 bash "$jobs/study/study.sh" strong
shows err "many"
SITE_LAUNCHER=ibrun CORES=1 study 1 bash "$jobs/study/study.sh" weak
shows err "ibrun"
study 1 bash "$jobs/study/study.sh" sideways
shows err "sideways"

# mpirun and octopole work together.
PATH=$(dirname "$program"):$PATH study 0 bash "$jobs/cluster/check.sh" 3
shows out "work on 3 ranks"

# Reading records needs Python alone.
"$python" -B "$source_tree/tests/app/records_test.py" >out 2>err || fail "tests of the reader"
study 0 "$python" -B "$jobs/study/records.py" records
shows out "1 x 2" "3 x 1" "weak" "8 records"
echo '{"record": 1, "kind": "measu' >>records/weak.jsonl
study 0 "$python" -B "$jobs/study/records.py" records
shows err "weak.jsonl:3: not JSON"
shows out "8 records"
study 1 "$python" -B "$jobs/study/records.py" nowhere.jsonl
shows err "nowhere.jsonl" "no records"

# Pictures need matplotlib; without it the script says so.
export MPLCONFIGDIR=$scratch/matplotlib
study 0 "$draws" -B "$jobs/study/plot_scaling.py" records -o report.html
[ "$(grep -o "<img alt='[a-z-]*'" report.html | wc -l)" -ge 6 ] || fail "pictures are missing"
study 0 "$draws" -B "$jobs/study/plot_scaling.py" records -o report.md --format png
shows report.md "Study: weak" "![weak-scaling](report-weak-scaling.png)" "![node-node](report-node-node.png)"
[ -s report-weak-phases.png ] && [ -s report-strong-scaling.png ] || fail "pictures are missing"
mkdir without
echo 'raise ImportError("No module named matplotlib")' >without/matplotlib.py
PYTHONPATH=$scratch/without study 1 "$python" -B "$jobs/study/plot_scaling.py" records -o report.html
shows err "matplotlib"
finish
