#!/usr/bin/env bash
# reproducible_test.sh REPRODUCIBLE OTHER: two lists of object files, each with commas. The loops of avx2_reproducible have no
# instruction whose result depends on the maker of the processor; those of avx2 do, so that the search finds what it looks for.
set -uo pipefail
# shellcheck source=tests/support/needs.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/needs.sh"
needs objdump
estimates() {
  local IFS=,
  # shellcheck disable=SC2086
  objdump --disassemble --no-show-raw-insn $1 >disassembly || { echo "FAILED: objdump cannot read $1"; exit 1; }
  grep -cE '\bv?(rsqrt|rcp)[ps]s\b' disassembly
}
scratch=$(mktemp -d) && cd "$scratch" || exit 1
trap 'rm -rf "$scratch"' EXIT
[ "$(estimates "$1")" -eq 0 ] || { echo "FAILED: the reproducible loops use the estimates of the instruction set"; exit 1; }
[ "$(estimates "$2")" -gt 0 ] || { echo "FAILED: no estimate is found where there are some"; exit 1; }
