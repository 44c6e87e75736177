#!/usr/bin/env bash
# Submits every point of a study to Slurm, each as a job on as many nodes as it needs.
#
# Usage: jobs/cluster/submit.sh weak|strong|node [--dry-run] [options of sbatch]
#   --dry-run   only print the sbatch commands
#
# The environment that jobs/study/study.sh reads chooses the sweep (CORES, N, SHAPES, THREADS, ...). jobs/cluster/site.sh has
# partition, account and SITE_CORES_PER_NODE, which must be set if nodes differ from this machine.
set -euo pipefail
jobs=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/lib/steps.sh
. "$jobs/lib/steps.sh"
# shellcheck source=jobs/lib/mpi_environment.sh
. "$jobs/lib/mpi_environment.sh"
# shellcheck source=jobs/cluster/site.sh
. "${OCTOPOLE_SITE:-$jobs/cluster/site.sh}"

study=${1:-}
case $study in
  weak | strong | node) shift ;;
  -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; trap - EXIT; exit 0 ;;
  *) fail "which study: weak, strong or node? (see --help)" ;;
esac
submit=(sbatch)
if [ "${1:-}" = --dry-run ]; then
  submit=(echo sbatch)
  shift
fi
[ "${submit[0]}" = echo ] || command -v sbatch >/dev/null || fail "there is no sbatch here (see --dry-run)"

cores_per_node=${SITE_CORES_PER_NODE:-$(octopole_cores)}
step "Submitting the points of $study"
points=$(bash "$jobs/study/study.sh" "$study" --list)
export OCTOPOLE_JOBS=$jobs SITE_CORES_PER_NODE=$cores_per_node
# Every job must see the same sweep, not that of its own cores.
CORES=${CORES:-$(awk '{ c = $4 * $5; if (!seen[c]++) printf "%s ", c }' <<<"$points")}
export CORES
while read -r index _ _ ranks threads; do
  nodes=$(((ranks * threads + cores_per_node - 1) / cores_per_node))
  "${submit[@]}" "--array=$index" "--nodes=$nodes" "--ntasks=$ranks" "--cpus-per-task=$threads" \
    "$@" "$jobs/cluster/$study.slurm" </dev/null
done <<<"$points"
