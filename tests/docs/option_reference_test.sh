#!/usr/bin/env bash
# docs/options.md is what the table of options says. Usage: option_reference_test.sh SOURCE_TREE PROGRAM
#   UPDATE=1   writes it instead
set -euo pipefail
page=$1/docs/options.md
if [ "${UPDATE:-0}" = 1 ]; then
  "$2" >"$page"
elif ! "$2" | diff -u "$page" -; then
  echo "docs/options.md is not what the options are: UPDATE=1 $0 $*"
  exit 1
fi
