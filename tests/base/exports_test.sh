#!/usr/bin/env bash
# What is installed is exported, and nothing else: the library is compiled with hidden symbols, and every header of
# include/ declares its own visible, between two pragmas. Usage: exports_test.sh SOURCE_TREE
set -euo pipefail
cd "$1"
push='#pragma GCC visibility push(default)' pop='#pragma GCC visibility pop'

bad=0
complain() {
  echo "$1"
  bad=1
}
while IFS= read -r header; do
  grep -q '^namespace octopole' "$header" || continue  # includes alone
  [ "$(grep -B 1 -m 1 '^namespace octopole' "$header" | head -n 1)" = "$push" ] ||
    complain "$header: the line above its namespace is not: $push"
  [ "$(tail -n 1 "$header")" = "$pop" ] || complain "$header: its last line is not: $pop"
done < <(find include/octopole -name '*.hpp' | sort)
if grep -rn 'GCC visibility' src; then
  complain "src/ is not installed: nothing of it is exported"
fi
exit "$bad"
