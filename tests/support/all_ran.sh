#!/usr/bin/env bash
# Fails unless every test of a ctest run ran: none skipped, none disabled, at least one there.
#
# Usage: tests/support/all_ran.sh RESULTS     RESULTS: what ctest --output-junit wrote
set -euo pipefail
[ -s "$1" ] || { echo "all_ran.sh: ctest left no results in $1"; exit 1; }
awk '
  /<testcase / { name = $0; sub(/.*<testcase name="/, "", name); sub(/".*/, "", name); tests++ }
  /<skipped/ || /<testcase .*status="(notrun|disabled)"/ { if (!(name in seen)) { seen[name]; lost = lost "\n  " name; count++ } }
  END {
    if (tests == 0) { print "FAILED: no test ran"; exit 1 }
    if (count > 0) { printf "FAILED: %d of %d tests did not run; in CI a skip is a failure:%s\n", count, tests, lost; exit 1 }
    printf "all %d tests ran, none was skipped\n", tests
  }' "$1"
