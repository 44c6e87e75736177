#!/usr/bin/env bash
# One simulated run: octopole_simulate under SimGrid's smpirun on the cluster of a machine file.
#
# Usage: jobs/study/virtual_run.sh PROGRAM RANKS MACHINE RANKS_PER_NODE SCRATCH [arguments of the program]
#   MACHINE        a file of jobs/study/machines/
#   RANKS_PER_NODE ranks per node; empty: one per core
#   SCRATCH        directory for SimGrid's description of the cluster
#   SMPIRUN_OPTIONS="..."   in the environment: further options of smpirun, such as -trace
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -lt 5 ]; then
  sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0" >&2
  exit 2
fi
program=$1 ranks=$2 machine=$3 ranks_per_node=$4 scratch=$5
shift 5

describe=(python3 "$folder/simulation.py" platform --machine "$machine" --ranks "$ranks" --directory "$scratch")
if [ -n "$ranks_per_node" ]; then
  describe+=(--ranks-per-node "$ranks_per_node")
fi
options=$("${describe[@]}")
mapfile -t options <<<"$options"
read -r -a more <<<"${SMPIRUN_OPTIONS:-}"
arguments=("$@" --platform "$scratch/machine.json")
if [ -f "$scratch/throughput.json" ]; then
  arguments+=(--throughput "$scratch/throughput.json")
fi

# BLAS must not start threads within virtual ranks. SimGrid's notices are not printed.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
exec smpirun -np "$ranks" -platform "$scratch/platform.xml" -hostfile "$scratch/hosts" "${more[@]}" \
  --log=root.thres:warning "${options[@]}" "$(realpath "$program")" "${arguments[@]}"
