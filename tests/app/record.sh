#!/usr/bin/env bash
# Points made in memory, and the records that runs append.
. "$(dirname "$0")/common.sh"
needs h5diff python3

# The points are those of a file of the same distribution.
expect 0 1 generate ellipsoid -n 1500 --seed 9 --targets 40 -o cloud.h5
expect 0 3 run -i cloud.h5 -d 5 -o from-file.h5
expect 0 3 run --shape ellipsoid -n 1500 --seed 9 --targets 40 -d 5 -o from-memory.h5
shows out "1500 sources, 40 targets"
h5diff from-file.h5 from-memory.h5 /targets/potential || fail "points in memory are others than in the file"
expect 0 5 run --shape cube -n 3 -d 3 --verify 3  # fewer points than ranks

# Records: one line per run, appended, with what the report has and what it lacks.
expect 0 3 run --shape sphere -n 900 -d 4 --threads 2 --verify 50 --record all.jsonl --study weak --launcher "mpirun 'x' \"y\""
shows out "all.jsonl"
expect 0 2 run -i cloud.h5 -d 3 --no-self-check --record all.jsonl
[ "$(wc -l <all.jsonl)" -eq 2 ] || fail "not one line per run"
sed -n 1p all.jsonl >first
shows first '"record":1' '"kind":"measured"' '"study":"weak"' '"shape":"sphere"' '"n":900' '"ranks":3' '"threads":2' \
  '"cores":6' '"digits":4' '"date":"20' '"launcher":"mpirun '"'x'"' \"y\""' '"scheduler":null' '"oversubscribed":' \
  '"omp_proc_bind":"' '"groups":[{"first_rank":0,"ranks":' '"git":"' '"flags":"' '"host":"' '"phases":{"p2m":' \
  '"bytes_sent_max":' '"peak_rss_bytes_max":' '"relative_l2":' '"cloud":{"shape":"sphere","seed":1,'
sed -n 2p all.jsonl >second
shows second '"study":null' '"shape":null' '"input":"cloud.h5"' '"error":null' '"launcher":null'
python3 - <<'END' || fail "records are not what they should be"
import json, os
first, second = [json.loads(line) for line in open("all.jsonl")]
binding = first["binding"]
assert sum(group["ranks"] for group in binding["groups"]) == 3
assert all(len(group["threads"]) == 2 for group in binding["groups"])
allowed = len(os.sched_getaffinity(0))
assert 1 <= binding["cpus"] <= allowed, binding
assert binding["oversubscribed"] == (6 > binding["cpus"]), binding
assert first["cores"] == first["ranks"] * first["threads"]
assert second["ranks"] == 2 and second["digits"] == 3
END
SLURM_JOB_ID=12 SLURM_ARRAY_JOB_ID=11 SLURM_ARRAY_TASK_ID=1 expect 0 1 run --shape cube -n 50 -d 3 --record job.jsonl
shows job.jsonl '"scheduler":{"name":"slurm","job":"11","array_task":"1","nodes":null'

# A run that is not accurate is also recorded.
expect 3 2 run --shape cube -n 900 --digits 6 --order 2 --check-order 2 --verify 100 --record coarse.jsonl
[ "$(wc -l <coarse.jsonl)" -eq 1 ] || fail "no record of an inaccurate run"

# Bad input, before the work begins.
expect 2 2 run -d 3 --verify 10
shows err "--input" "--shape"
expect 2 2 run -i cloud.h5 --shape cube -n 10 --verify 10
shows err "--input" "--shape"
expect 2 2 run --shape cube --verify 10
shows err "--points"
expect 2 2 run -i cloud.h5 -n 10 --verify 10
shows err "--shape"
expect 2 2 run --shape torus -n 10 --verify 10
shows err "torus"
expect 2 2 run --shape cube -n 10 -d 3 --verify 10 --study weak
shows err "--record"
expect 1 3 run --shape cube -n 10 -d 3 --record missing/all.jsonl
shows err "missing/all.jsonl" "No such file"
expect 1 3 run --shape cube -n 10 -d 3 --record .
shows err "directory"
finish
