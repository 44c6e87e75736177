# shellcheck shell=bash
# Sourced by the stages: sets source and build, the folders that a stage is called with.
set -euo pipefail
[ $# -eq 2 ] || { echo "Usage: $0 SOURCE_FOLDER BUILD_FOLDER"; exit 2; }
source=$(cd "$1" && pwd)
mkdir -p "$2"
build=$(cd "$2" && pwd)
# shellcheck source=jobs/mpi_environment.sh
. "$source/jobs/mpi_environment.sh"
# shellcheck source=tests/support/needs.sh
. "$source/tests/support/needs.sh"
jobs=${OCTOPOLE_BUILD_JOBS:-$(octopole_build_jobs)}
cores=$(octopole_cores)

# configure OPTION...: warnings are errors everywhere.
configure() {
  cmake -S "$source" -B "$build" -DOCTOPOLE_WERROR=ON "$@"
}

# make_targets [TARGET...]: all of them, or those named.
make_targets() {
  cmake --build "$build" --parallel "$jobs" ${1:+--target "$@"}
}

# run_tests ARGUMENT...: ctest, whose last lines say how many passed.
run_tests() {
  ctest --test-dir "$build" --no-tests=error --output-on-failure --parallel "$cores" "$@" | tee "$build/ctest.log"
}

# tests_passed: the number of tests of the last run_tests.
tests_passed() {
  sed -n 's/.*tests passed, 0 tests failed out of \([0-9]*\).*/\1/p' "$build/ctest.log"
}

# verdict TEXT: the last line that a stage says.
verdict() {
  printf '%s\n' "$1"
}

# ugly_problems RANKS ARGUMENT...: runs octopole_ugly_problems of this build; its last line is printed, and kept.
ugly_problems() {
  local ranks=$1
  shift
  octopole_mpi_environment "$ranks"
  OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=1 "${octopole_mpirun[@]}" -n "$ranks" \
    "$build/tests/octopole_ugly_problems" "$@" | tee "$build/ugly.log"
  ugly_summary=$(grep ' passed, ' "$build/ugly.log")
}
