#!/usr/bin/env bash
# Shows that mpirun, octopole and this machine (or container) work together: a small run on two ranks, checked against the
# direct sum. Takes a second or two; exit code 0 if it succeeds.
#
# Usage: jobs/cluster/check.sh [RANKS]
set -euo pipefail
jobs=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..
# shellcheck source=jobs/lib/steps.sh
. "$jobs/lib/steps.sh"
# shellcheck source=jobs/lib/mpi_environment.sh
. "$jobs/lib/mpi_environment.sh"

ranks=${1:-2}
case $ranks in
  -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
  '' | *[!0-9]* | 0) fail "'$ranks' is not a number of ranks (see --help)" ;;
esac
octopole=$(octopole_program)
[ -n "$octopole" ] || fail "there is no octopole: build it with jobs/quickstart.sh"
octopole_mpi_environment "$ranks"

octopole_step="Running octopole on $ranks ranks"
command=("${octopole_mpirun[@]}" -n "$ranks" "$octopole" run --shape sphere -n 20000 --digits 5 --throughput reference
  --verify 200)
report=$(timeout 60 "${command[@]}") || {
  status=$?
  printf '%s\n' "$report"
  printf '+ %s\n' "${command[*]}"
  exit "$status"
}
grep -E '^(machine|error|  potential)' <<<"$report"
grep -q "^machine *$ranks ranks" <<<"$report" ||
  fail "mpirun started $ranks runs of one rank each: octopole may be built with another MPI library"
echo "mpirun and octopole work on $ranks ranks."
