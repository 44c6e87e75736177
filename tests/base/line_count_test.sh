#!/usr/bin/env bash
# One concept a file: fails on a source file of more than 800 lines. Usage: line_count_test.sh SOURCE_TREE
set -euo pipefail
cd "$1"
limit=800

too_long=0
while IFS= read -r file; do
  lines=$(wc -l <"$file")
  if [ "$lines" -gt "$limit" ]; then
    echo "$file: $lines lines, more than $limit"
    too_long=1
  fi
done < <(find src include tests -type f \( -name '*.cpp' -o -name '*.hpp' \) | sort)
exit "$too_long"
