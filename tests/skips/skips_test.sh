#!/usr/bin/env bash
# A test that does not run is a failure in CI, and is reported as skipped elsewhere: by scripts, GoogleTest and ctest.
# Usage: skips_test.sh SOURCE_TREE SERIAL_SAMPLE MPI_SAMPLE; MPIEXEC starts the latter.
set -u
source_tree=$1 serial=$2 mpi=$3
read -ra mpiexec <<<"${MPIEXEC:-mpiexec}"
support=$source_tree/tests/support
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0
fail() {
  echo "FAILED: $1"
  sed 's/^/  /' out
  failures=$((failures + 1))
}
# expect STATUS WORDS COMMAND...: its exit code, and what it says.
expect() {
  local wanted=$1 words=$2 status
  shift 2
  "$@" >out 2>&1 </dev/null
  status=$?
  if [ "$wanted" = failure ]; then
    [ "$status" -ne 0 ] || fail "exit code 0: $*"
  else
    [ "$status" -eq "$wanted" ] || fail "exit code $status instead of $wanted: $*"
  fi
  grep -qF -- "$words" out || fail "'$words' is not said: $*"
}

# Scripts.
lacking=(bash -c '. "$0/needs.sh"; needs bash no-such-tool; echo went on' "$support")
expect 77 "skipped: not found: no-such-tool" env -u CI "${lacking[@]}"
expect 1 "FAILED: not found: no-such-tool. In CI a skip is a failure" env CI=true "${lacking[@]}"
expect 0 "went on" env CI=true bash -c '. "$0/needs.sh"; needs bash; echo went on' "$support"

# Scripts that decide for themselves what to leave out: they have to use `needs` or `skip`.
if grep -rnE 'command -v|exit 77|type -[pt]|hash ' "$source_tree/tests" --include='*.sh' |
  grep -vE '/tests/(support/needs|skips/skips_test)\.sh:|\|\| skip ' >out; then
  fail "a script looks for its tools without tests/support/needs.sh"
fi
# leaves_out FILE...: the lines that say that something was left out, in other words than those of `skip` and `fail`.
leaves_out() {
  grep -nHE '(echo|printf|say)\b.*\b(cannot|can not|could not|not possible|not available|unavailable|not here|no [a-z ]+ can be|left out|leaving out|skipp?(ed|ing|s)?|not (run|tested|checked|tried|found))\b' "$@" |
    grep -vE ':[[:space:]]*#|FAILED|\bfail\b|\|\| skip |[[:space:]]skip "|>&2'
}
mapfile -t scripts < <(find "$source_tree/tests" -name '*.sh' ! -path '*/skips/*' ! -path '*/support/*')
leaves_out "${scripts[@]}" >out && fail "a script leaves something out without tests/support/needs.sh"
printf '%s\n' 'if make_cgroup; then run' 'else' '  echo "no cgroup can be made here"' 'fi' >sample.sh
leaves_out sample.sh >out || fail "a part that is left out is not noticed"

# GoogleTest's programs.
for launch in "$serial" "${mpiexec[*]} -n 2 $mpi"; do
  read -ra run <<<"$launch"
  expect 0 "SKIPPED" env -u CI "${run[@]}" --gtest_filter=Sample.SkipsItself
  expect failure "skipped, which is a failure in CI" env CI=true "${run[@]}" --gtest_filter=Sample.SkipsItself
  expect failure "1 tests are disabled" env CI=true "${run[@]}" --gtest_filter=Sample.Runs:Disabled.*
  expect 0 "PASSED" env CI=true "${run[@]}" --gtest_filter=Sample.R?ns-Sample.Other
  expect failure "no test is named Sample.Renamed" env -u CI "${run[@]}" --gtest_filter=Sample.Runs:Sample.Renamed
done

# ctest's results.
cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.22)
project(skips LANGUAGES NONE)
enable_testing()
add_test(NAME runs COMMAND bash -c "exit 0")
add_test(NAME lacks_a_tool COMMAND bash -c "exit 77")
set_tests_properties(lacks_a_tool PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME is_disabled COMMAND bash -c "exit 0")
set_tests_properties(is_disabled PROPERTIES DISABLED TRUE)
CMAKE
expect 0 "" cmake -S . -B build
expect 0 "lacks_a_tool (Skipped)" ctest --test-dir build --output-junit results.xml
expect 1 "2 of 3 tests did not run" bash "$support/all_ran.sh" build/results.xml
grep -qF lacks_a_tool out && grep -qF is_disabled out || fail "the tests are not named"
expect 0 "Passed" ctest --test-dir build --output-junit results.xml -R runs
expect 0 "all 1 tests ran" bash "$support/all_ran.sh" build/results.xml
expect 1 "left no results" bash "$support/all_ran.sh" build/none.xml
exit $((failures > 0))
