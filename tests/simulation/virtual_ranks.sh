#!/usr/bin/env bash
# The distributed program on virtual ranks: equal to one rank, accurate, and sending what its report says.
# Usage: virtual_ranks.sh SOURCE_TREE BUILD_DIRECTORY [cmake options]. Needs SimGrid.
set -euo pipefail
source_tree=$1 build=$2
shift 2
# shellcheck source=tests/support/needs.sh
. "$source_tree/tests/support/needs.sh"
needs smpirun python3
fail() {
  echo "FAILED: $1" >&2
  exit 1
}

cmake -S "$source_tree" -B "$build" -DOCTOPOLE_SMPI=ON "$@" >"$build.log" 2>&1 || { cat "$build.log"; fail "cmake"; }
cmake --build "$build" --parallel 2 --target octopole_simulate >"$build.log" 2>&1 || { cat "$build.log"; fail "build"; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# simulate RANKS [arguments]: a run on nodes of 4 ranks, so that messages cross the network; its record in $scratch/record
simulate() {
  local ranks=$1
  shift
  bash "$source_tree/jobs/study/virtual_run.sh" "$build/src/octopole_simulate" "$ranks" \
    "$source_tree/jobs/study/machines/reference.json" 4 "$scratch" --quiet --record "$scratch/record" "$@"
}

# Exit codes: 1 where ranks differ from one rank, 3 where digits are missed.
simulate 8 --shape cube --points 12000 --digits 6 --compare --verify 100 || fail "cube on 8 ranks"
simulate 5 --shape plummer --points 6000 --digits 4 --compare --verify 100 --callers scattered --gradient ||
  fail "plummer on 5 ranks"
simulate 13 --shape sphere --points 7 --digits 3 --compare --verify 7 || fail "more ranks than points"

# Messages of one evaluation as SimGrid saw them (the trace of two less that of one) and as the report counts them.
for repeat in 1 2; do
  SMPIRUN_OPTIONS="-trace -trace-file $scratch/trace$repeat --cfg=tracing/smpi/display-sizes:yes" \
    simulate 8 --shape sphere --points 9000 --digits 5 --repeat "$repeat" --allgather-threshold 8
done
python3 - "$scratch" <<'PYTHON'
import json, sys

scratch = sys.argv[1]

def seen(name):
    """Messages and bytes of the exchanges' tag among the trace's links: 15 time type container PTP sender key size."""
    sizes = [int(words[7]) for words in (line.split() for line in open(f"{scratch}/{name}"))
             if words[0] == "15" and "_71_" in words[6]]
    return len(sizes), sum(sizes)

with open(f"{scratch}/record") as file:
    record = json.load(file)
one, two = seen("trace1"), seen("trace2")
found = (two[0] - one[0], two[1] - one[1])
communication = record["communication"]
expected = (sum(communication["by_rank"]["evaluation"]["messages_sent"]), communication["bytes_sent_total"])
assert found == expected and found[0] > 0, f"SimGrid saw {found} messages and bytes, the report has {expected}"

# Simulated time: never less than what a rank computes, and the computing ranks are busy most of it.
evaluate, computed = record["seconds"]["evaluate"], record["simulation"]["computed"]
assert evaluate >= computed["max"] > 0, (evaluate, computed)
assert 0.3 < record["simulation"]["utilisation"] <= 1, record["simulation"]["utilisation"]
assert record["kind"] == "simulated" and record["ranks"] == 8 and record["n"] == 9000
PYTHON

# What SimGrid cannot do is an error, not a wrong result.
if simulate 2 --shape cube --points 100 --transport neighbourhood >"$scratch/out" 2>&1; then
  fail "neighbourhood collectives were accepted"
fi
grep -q "no neighbourhood collectives" "$scratch/out" || { cat "$scratch/out"; fail "no clear error"; }
echo "virtual ranks: all well"
