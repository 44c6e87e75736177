#!/usr/bin/env bash
# From a fresh clone to 1,000,000 charges on a sphere, evaluated on 2 ranks and checked against direct summation.
#
# Usage: jobs/quickstart.sh [options]            (each option is also an environment variable)
#   -n, --points N      points on the sphere             N=1000000
#   -r, --ranks R       MPI ranks                        RANKS=2
#   -p, --order P       order of the expansions          ORDER=6
#       --ncrit K       maximum points per leaf          NCRIT=150
#       --seed S        seed of the points               SEED=1
#       --verify K      targets summed directly          VERIFY=1000
#       --build DIR     where to build                   BUILD=build
#       --results DIR   where the results go             RESULTS=results
#   -h, --help
#
# Installs missing packages (Debian, Ubuntu; only then needs root or sudo), builds, generates, runs. Threads per
# rank: OMP_NUM_THREADS, else cores / ranks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. jobs/lib/steps.sh
. jobs/lib/mpi_environment.sh

N=${N:-1000000}
RANKS=${RANKS:-2}
ORDER=${ORDER:-6}
NCRIT=${NCRIT:-150}
SEED=${SEED:-1}
VERIFY=${VERIFY:-1000}
BUILD=${BUILD:-build}
RESULTS=${RESULTS:-results}

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    -n | --points | -r | --ranks | -p | --order | --ncrit | --seed | --verify | --build | --results)
      [ $# -ge 2 ] || fail "$1 needs a value (see --help)" ;;
    *) fail "unknown option $1 (see --help)" ;;
  esac
  case $1 in
    -n | --points) N=$2 ;;
    -r | --ranks) RANKS=$2 ;;
    -p | --order) ORDER=$2 ;;
    --ncrit) NCRIT=$2 ;;
    --seed) SEED=$2 ;;
    --verify) VERIFY=$2 ;;
    --build) BUILD=$2 ;;
    --results) RESULTS=$2 ;;
  esac
  shift 2
done
for value in "$N" "$RANKS" "$ORDER" "$NCRIT" "$SEED" "$VERIFY"; do
  case $value in
    '' | *[!0-9]*) fail "'$value' is not a whole number (see --help)" ;;
  esac
done
[ "$RANKS" -ge 1 ] || fail "at least one rank is needed"

step "Checking dependencies"
bash jobs/install_dependencies.sh

step "Building in $BUILD"
run cmake -S . -B "$BUILD" -DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=OFF
run cmake --build "$BUILD" --target octopole_program --parallel "$(octopole_build_jobs)"

octopole_mpi_environment "$RANKS"
octopole="$BUILD/src/octopole"
mkdir -p "$RESULTS"

step "Generating $N charges on a sphere"
run "${octopole_mpirun[@]}" -n "$RANKS" "$octopole" generate sphere -n "$N" --seed "$SEED" -o "$RESULTS/sphere.h5"

step "Evaluating on $RANKS ranks x $OMP_NUM_THREADS threads"
run "${octopole_mpirun[@]}" -n "$RANKS" "$octopole" run --input "$RESULTS/sphere.h5" \
  --order "$ORDER" --ncrit "$NCRIT" --operators "$RESULTS/operators.h5" \
  --output "$RESULTS/potential.h5" --verify "$VERIFY" --report "$RESULTS/report.json"

step "Done"
case $RESULTS in
  /*) where=$RESULTS ;;
  *) where=$PWD/$RESULTS ;;
esac
cat <<END
Results in $where:
  potential.h5   the potential at every point, /targets/potential, in the order of the points in sphere.h5
  report.json    parameters, tree, times, communication, memory and the measured error
  sphere.h5      the points and charges
  operators.h5   precomputed operators, read again by the next run with the same parameters
END
