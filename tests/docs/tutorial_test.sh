#!/usr/bin/env bash
# The commands of docs/tutorial.md, in its order and as they stand there, and the figures that the page says they print.
# Usage: tutorial_test.sh SOURCE_TREE PROGRAM. Needs a Python with h5py and matplotlib.
set -euo pipefail
source_tree=$1 program=$2
# shellcheck source=tests/support/needs.sh
. "$source_tree/tests/support/needs.sh"
python=$(python_with h5py,matplotlib) || skip "no Python has h5py and matplotlib"
read -ra mpiexec <<<"${MPIEXEC:-mpiexec}"
mpiexec[0]=$(type -P "${mpiexec[0]}")  # not the mpirun below
python=$(type -P "$python")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# What the reader of the page has: a clone, the program, mpirun and python3.
mkdir bin
ln -s "$source_tree/docs" docs
ln -s "$program" bin/octopole
printf '#!/bin/sh\nexec %s "$@"\n' "${mpiexec[*]}" >bin/mpirun
printf '#!/bin/sh\nexec %s "$@"\n' "$python" >bin/python3
chmod +x bin/mpirun bin/python3
export PATH=$scratch/bin:$PATH MPLCONFIGDIR=$scratch/matplotlib OCTOPOLE_THROUGHPUT=reference

sed -n '/^```bash$/,/^```$/{/^```/d;p}' docs/tutorial.md >commands
[ "$(grep -cE '^(python3|octopole|mpirun) ' commands)" -ge 6 ] || { echo "FAILED: the page has few commands"; exit 1; }
bash -euxo pipefail commands >printed || { cat printed; echo "FAILED: a command of the page"; exit 1; }
cat printed

# Lines of figures that do not depend on the machine.
for words in "digits reached: " "relative L2 difference from " "slice.png: "; do
  line=$(grep -F "$words" docs/tutorial.md) || { echo "FAILED: the page does not show '$words'"; exit 1; }
  grep -qxF -- "$line" printed || { echo "FAILED: '$line' is not what is printed"; exit 1; }
done
grep -q "6 digits reached" printed || { echo "FAILED: the digits are not reached"; exit 1; }
for picture in slice.png cluster.png; do
  [ "$(head -c 4 "$picture" | tail -c 3)" = PNG ] || { echo "FAILED: $picture is no picture"; exit 1; }
done
