#!/usr/bin/env bash
# The long part of the suite: what takes too long, or needs other compilers, than tests/run.sh.
#
# Usage: tests/run.sh --long [STAGE...]      all stages, or those named, of tests/long/*.sh:
#   ugly          2,000 random problems against direct sums; the digits of the gradient that the suite leaves out
#   sanitizers    tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   threads       tests under ThreadSanitizer, with clang and its OpenMP runtime
#   tidy          clang-tidy
#   cppcheck      cppcheck
#   docs          the documentation as a site, without warnings
#   fuzz          libFuzzer on every reader of files, a minute each
#   coverage      a Debug build with assertions, and the lines of src/ and include/ that tests run
#   shared_install   shared libraries installed, moved and used; the library without the program
#   clang         everything built by Clang, without warnings; serial and MPI tests
#   mpich         everything but PETSc built with MPICH; MPI tests
#   aarch64       serial tests, cross-compiled, under qemu-user
# and what else is there. `tests/run.sh --long --list` names them.
#   LONG_BUILD=DIR   where stages build (default: build-long)
#
# Each stage is called with the source folder and a folder of its own to build in, and ends with a line that says what it
# has found. A table of them comes last.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/lib/steps.sh
. jobs/lib/steps.sh
# shellcheck source=jobs/lib/mpi_environment.sh
. jobs/lib/mpi_environment.sh
export OCTOPOLE_BUILD_JOBS
OCTOPOLE_BUILD_JOBS=$(octopole_build_jobs)

available=()
for script in tests/long/*.sh; do
  name=${script##*/}
  available+=("${name%.sh}")
done
case ${1:-} in
  -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
  --list) printf '%s\n' "${available[@]}"; exit 0 ;;
esac
stages=("$@")
[ $# -gt 0 ] || stages=("${available[@]}")
for stage in "${stages[@]}"; do
  [ -f "tests/long/$stage.sh" ] || fail "there is no stage '$stage'; there are: ${available[*]}"
done

step "Looking for what the stages need"
run bash jobs/install_dependencies.sh --long

# A Release build that is there (tests/run.sh) serves the stages that need nothing else.
if grep -qs '^CMAKE_BUILD_TYPE:STRING=Release$' "${BUILD:-build}/CMakeCache.txt" &&
  grep -qs '^OCTOPOLE_TESTS:BOOL=ON$' "${BUILD:-build}/CMakeCache.txt"; then
  OCTOPOLE_RELEASE_BUILD=$(cd "${BUILD:-build}" && pwd)
  export OCTOPOLE_RELEASE_BUILD
fi
scratch=${LONG_BUILD:-build-long}
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)
source=$PWD
table=()
failed=0
for stage in "${stages[@]}"; do
  step "Stage $stage"
  mkdir -p "$scratch/$stage"
  log=$scratch/$stage.log
  start=$SECONDS
  status=0
  bash "tests/long/$stage.sh" "$source" "$scratch/$stage" </dev/null >"$log" 2>&1 || status=$?
  verdict=$(tail -n 1 "$log")
  result=passed
  if [ "$status" -ne 0 ]; then
    result=FAILED
    if [ "$status" -eq 77 ] && [ "${CI:-}" != true ]; then
      result=skipped
    else
      failed=$((failed + 1))
      tail -n 60 "$log"
    fi
  fi
  row=$(printf '%-16s %-8s %6d s  %s' "$stage" "$result" $((SECONDS - start)) "$verdict")
  echo "$row"
  table+=("$row")
done

step "Stages"
printf '%-16s %-8s %8s  %s\n' stage result time verdict
printf '%s\n' "${table[@]}"
[ "$failed" -eq 0 ] || fail "$failed of ${#stages[@]} stages failed; logs are in $scratch"
