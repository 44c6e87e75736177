#!/usr/bin/env bash
# Random problems against direct sums, and every number of digits with the gradient. Usage: ugly.sh SOURCE BUILD
#   UGLY_CASES, UGLY_SEED   how many (2000) and which (2)
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
if [ -n "${OCTOPOLE_RELEASE_BUILD:-}" ]; then
  build=$OCTOPOLE_RELEASE_BUILD
else
  configure -DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=ON
fi
make_targets octopole_ugly_problems test_accuracy_mpi
ugly_problems 13 --seed "${UGLY_SEED:-2}" --cases "${UGLY_CASES:-2000}"
octopole_mpi_environment 3
filter=
for digits in 7 8 10 11; do filter+="${filter:+:}Table/DigitsOfBoth.*/$digits"; done
OCTOPOLE_ALL_DIGITS=1 OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=1 "${octopole_mpirun[@]}" -n 3 \
  "$build/tests/test_accuracy_mpi" "--gtest_filter=$filter" | tee "$build/digits.log"
grep -q 'PASSED.*[^0-9]8 tests' "$build/digits.log"  # a filter that selects no test also passes
verdict "$ugly_summary (seed ${UGLY_SEED:-2})"
