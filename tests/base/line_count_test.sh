#!/usr/bin/env bash
# Fails on a source file of more than 400 lines: one file, one idea. Usage: line_count_test.sh SOURCE_TREE
set -euo pipefail
cd "$1"
limit=400

too_long=0
while IFS= read -r file; do
  lines=$(wc -l <"$file")
  if [ "$lines" -gt "$limit" ]; then
    echo "$file: $lines lines, more than $limit"
    too_long=1
  fi
done < <(find src include tests -type f \( -name '*.cpp' -o -name '*.hpp' \) | sort)
exit "$too_long"
