# shellcheck shell=bash
# Sourced by the stages: sets source and build, the folders that a stage is called with.
set -euo pipefail
[ $# -eq 2 ] || { echo "Usage: $0 SOURCE_FOLDER BUILD_FOLDER"; exit 2; }
source=$(cd "$1" && pwd)
mkdir -p "$2"
build=$(cd "$2" && pwd)
# shellcheck source=jobs/lib/mpi_environment.sh
. "$source/jobs/lib/mpi_environment.sh"
# shellcheck source=tests/support/needs.sh
. "$source/tests/support/needs.sh"
jobs=${OCTOPOLE_BUILD_JOBS:-$(octopole_build_jobs)}
cores=$(octopole_cores)

# configure OPTION...: warnings are errors everywhere, and a file of the tests that does not include what it uses.
configure() {
  cmake -S "$source" -B "$build" -DOCTOPOLE_WERROR=ON -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON "$@"
}

# sanitized_build: sets build to one folder for all stages that need clang's address and undefined sanitizers, and
# configures it. It also has libFuzzer's hooks.
sanitized_build() {
  local compiler
  compiler=$(command -v clang++-14 || command -v clang++) || skip "not found: clang++"
  build=$(dirname "$build")/sanitized
  mkdir -p "$build"
  configure -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g -Wno-pass-failed" \
    -DCMAKE_CXX_COMPILER="$compiler" -DOCTOPOLE_SANITIZE=fuzzer-no-link,address,undefined -DOCTOPOLE_FUZZ=ON -DOCTOPOLE_TESTS=ON \
    "-DOCTOPOLE_TEST_RANKS=1;3;7" -DOCTOPOLE_TEST_TIMEOUT=1800
}

# make_targets [TARGET...]: all of them, or those named.
make_targets() {
  cmake --build "$build" --parallel "$jobs" ${1:+--target "$@"}
}

# run_tests ARGUMENT...: ctest, whose last lines say how many passed.
run_tests() {
  rm -f "$build/results.xml"
  ctest --test-dir "$build" --no-tests=error --output-junit "$build/results.xml" --output-on-failure --parallel $((2 * cores)) \
    "$@" | tee "$build/ctest.log"
  if [ "${CI:-}" = true ]; then
    bash "$source/tests/support/all_ran.sh" "$build/results.xml"
  fi
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
