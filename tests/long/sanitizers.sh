#!/usr/bin/env bash
# Tests under AddressSanitizer and UndefinedBehaviorSanitizer, serial and on a few rank counts.
# Usage: sanitizers.sh SOURCE BUILD
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
sanitized_build
make_targets octopole_test_programs octopole_program
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# Left out: the longest evaluations, of code that the others run, and what builds or reads sources.
run_tests -L "serial|mpi" -LE "accuracy|simulation|source|example|install" -E "_64$|_without_"
passed=$(tests_passed)
export ASAN_OPTIONS=detect_leaks=0
ugly_problems 7 --seed 3 --cases 200 --patience 600
verdict "$passed tests clean under address and undefined; ugly problems: $ugly_summary"
