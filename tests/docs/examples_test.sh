#!/usr/bin/env bash
# An example of docs/examples on 1 and 3 ranks: it ends with 1 where its error is above what it promises.
# Usage: examples_test.sh PROGRAM
set -euo pipefail
read -ra mpiexec <<<"${MPIEXEC:-mpiexec}"
for ranks in 1 3; do "${mpiexec[@]}" -n "$ranks" "$1"; done
