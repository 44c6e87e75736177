#!/usr/bin/env bash
# Random problems against direct sums. Usage: ugly.sh SOURCE BUILD
#   UGLY_CASES, UGLY_SEED   how many (2000) and which (2)
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
if [ -n "${OCTOPOLE_RELEASE_BUILD:-}" ]; then
  build=$OCTOPOLE_RELEASE_BUILD
else
  configure -DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=ON
fi
make_targets octopole_ugly_problems
ugly_problems 13 --seed "${UGLY_SEED:-2}" --cases "${UGLY_CASES:-2000}"
verdict "$ugly_summary (seed ${UGLY_SEED:-2})"
