#!/usr/bin/env bash
# Simulates the distributed program on clusters larger than this machine: the real code on SimGrid's virtual ranks.
# Installs SimGrid if it is missing (Debian, Ubuntu), builds, runs, and prints a table. What is simulated:
# docs/developers/simulation.md.
#
# Usage: jobs/study/simulate.sh
# Environment:
#   SHAPES="cube sphere"             distributions of points
#   RANKS="64 128 256"               numbers of virtual ranks, of one thread each
#   N=4000                           points per rank (weak), or in total (strong)
#   STUDY=weak                       weak or strong
#   DIGITS=6                         as in `octopole run`
#   VERIFY=200                       targets summed directly for the error; 0: none
#   COMPARE=yes                      also compute on one rank, and fail if the results differ
#   ARGUMENTS=""                     further arguments of octopole_simulate, such as --gradient
#   MACHINE=jobs/study/machines/reference.json   the cluster: latency, bandwidth, cores per node, throughput of a core
#   RANKS_PER_NODE=                  ranks per node (default: one per core)
#   THROUGHPUT=reference             throughput of a core if the machine file has none: a file, or reference
#   RECORDS=results/simulated.jsonl  file to which records are appended
#   BUILD=build-smpi                 where to build
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=jobs/lib/steps.sh
. jobs/lib/steps.sh
# shellcheck source=jobs/lib/mpi_environment.sh
. jobs/lib/mpi_environment.sh

case ${1:-} in
  -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; trap - EXIT; exit 0 ;;
  '') ;;
  *) fail "unknown argument $1 (see --help)" ;;
esac
SHAPES=${SHAPES:-cube sphere}
RANKS=${RANKS:-64 128 256}
N=${N:-4000}
STUDY=${STUDY:-weak}
DIGITS=${DIGITS:-6}
VERIFY=${VERIFY:-200}
COMPARE=${COMPARE:-yes}
MACHINE=${MACHINE:-jobs/study/machines/reference.json}
THROUGHPUT=${THROUGHPUT:-${RATES:-reference}}  # RATES: its earlier name
RECORDS=${RECORDS:-results/simulated.jsonl}
BUILD=${BUILD:-build-smpi}
read -r -a arguments <<<"${ARGUMENTS:-}"
for value in $RANKS "$N" "$DIGITS" "$VERIFY" ${RANKS_PER_NODE:-1}; do
  case $value in
    '' | *[!0-9]*) fail "'$value' is not a whole number (see --help)" ;;
  esac
done
case $STUDY in
  weak) points=--points-per-rank ;;
  strong) points=--points ;;
  *) fail "STUDY is weak or strong, not '$STUDY'" ;;
esac
case $COMPARE in
  yes) arguments+=(--compare) ;;
  no) ;;
  *) fail "COMPARE is yes or no, not '$COMPARE'" ;;
esac

step "Checking dependencies"
bash jobs/install_dependencies.sh --simulation

step "Building in $BUILD"
run cmake -S . -B "$BUILD" -DOCTOPOLE_SMPI=ON
run cmake --build "$BUILD" --parallel "$(octopole_build_jobs)" --target octopole_simulate

step "Simulating"
mkdir -p "$(dirname "$RECORDS")"
scratch=$(mktemp -d)
trap 'octopole_ended; rm -rf "$scratch"' EXIT
for shape in $SHAPES; do
  for ranks in $RANKS; do
    bash jobs/study/virtual_run.sh "$BUILD/src/octopole_simulate" "$ranks" "$MACHINE" "${RANKS_PER_NODE:-}" "$scratch" \
      --shape "$shape" "$points" "$N" --digits "$DIGITS" --verify "$VERIFY" --study "$STUDY" \
      --throughput "$THROUGHPUT" --quiet --record "$scratch/record" "${arguments[@]}"
    cat "$scratch/record" >>"$RECORDS"
    cat "$scratch/record" >>"$scratch/all.jsonl"
    printf '%s, %d ranks: done\n' "$shape" "$ranks"
  done
done

step "Table"
python3 jobs/study/simulation.py table "$scratch/all.jsonl"
printf 'records       %s\n' "$RECORDS"
