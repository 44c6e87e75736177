#!/usr/bin/env bash
# One concept a file: fails on a source file of more than 800 lines. Usage: line_count_test.sh SOURCE_TREE
set -euo pipefail
cd "$1"
limit=800

find src include tests -type f \( -name '*.cpp' -o -name '*.hpp' \) -print0 | xargs -0 wc -l |
  awk -v limit=$limit '$2 != "total" && $1 > limit { print $2 ": " $1 " lines, more than " limit; long = 1 } END { exit long }'
