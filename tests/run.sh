#!/usr/bin/env bash
# Builds octopole and runs all its tests, the MPI tests on 1, 2, 3, 5, 7, 8 and 13 ranks.
#
# Usage: tests/run.sh [ctest arguments]     for instance  tests/run.sh -L serial   or   tests/run.sh -R tree
#        tests/run.sh --long [STAGE...]     the long part of the suite instead (tests/long.sh; --long --help)
#   BUILD=DIR   where to build (default: build, shared with jobs/quickstart.sh)
#   CI=true     warnings and tests that are skipped are errors
#
# Installs missing packages first (Debian, Ubuntu; only then needs root or sudo).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${1:-}" = --long ]; then
  exec bash tests/long.sh "${@:2}"
fi
. jobs/lib/steps.sh
. jobs/lib/mpi_environment.sh

case ${1:-} in
  -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
esac
BUILD=${BUILD:-build}

step "Looking for what octopole and its tests are built from"
bash jobs/install_dependencies.sh --tests

step "Building in $BUILD"
# Nothing is left out because it was not found.
options=(-DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=ON -DOCTOPOLE_PETSC=ON)
if [ "${CI:-}" = true ]; then
  options+=(-DOCTOPOLE_WERROR=ON)
fi
run cmake -S . -B "$BUILD" "${options[@]}"
run cmake --build "$BUILD" --parallel "$(octopole_build_jobs)"

step "Running the tests"
results=$(cd "$BUILD" && pwd)/results.xml
rm -f "$results"
run ctest --test-dir "$BUILD" --no-tests=error --output-junit "$results" --output-on-failure --parallel $((2 * $(octopole_cores))) "$@"
if [ "${CI:-}" = true ]; then
  run bash tests/support/all_ran.sh "$results"
fi
