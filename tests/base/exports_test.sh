#!/usr/bin/env bash
# The library is compiled with hidden symbols. Public headers export what they declare between two pragmas, and so do the
# headers of src/ that octopole_petsc and the program use. Usage: exports_test.sh SOURCE_TREE
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
  case $header in
    src/*) grep -q 'GCC visibility' "$header" || continue ;;
  esac
  [ "$(grep -B 1 -m 1 '^namespace octopole' "$header" | head -n 1)" = "$push" ] ||
    complain "$header: the line above its namespace is not: $push"
  [ "$(tail -n 1 "$header")" = "$pop" ] || complain "$header: its last line is not: $pop"
done < <(find include src -name '*.hpp' | sort)
if grep -rn --include='*.cpp' 'GCC visibility' src; then
  complain "only headers export"
fi
exit "$bad"
