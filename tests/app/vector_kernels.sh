#!/usr/bin/env bash
# Vector kernels of the program: files, results against the formulas, any ranks, other commands, mistakes.
. "$(dirname "$0")/common.sh"
needs h5diff h5dump python3
python=$(python_with h5py,numpy) || skip "no Python with h5py and numpy"

parameters() {
  case "$1" in
    stokes) echo "--viscosity 0.7" ;;
    elasticity) echo "--shear-modulus 1.3 --poisson 0.3" ;;
  esac
}

for kernel in stokes elasticity biot-savart; do
  strengths=forces result=velocity
  [ $kernel != elasticity ] || result=displacement
  [ $kernel != biot-savart ] || strengths=vorticity
  read -ra options <<<"--kernel $kernel $(parameters $kernel)"
  expect 0 2 generate sphere -n 3000 --seed 5 --kernel $kernel -o $kernel.h5
  shows out "3000 sphere points with $strengths"
  for ranks in 1 3; do
    expect 0 $ranks run -i $kernel.h5 -d 6 "${options[@]}" --throughput reference --operators operators.h5 -o result-$ranks.h5 \
      --report report.json --verify 300
    shows out "kernel $kernel" "6 digits reached" "  $result "
  done
  shows out "read from the database"
  h5diff -p 1e-9 result-1.h5 result-3.h5 /targets/$result >diff.log || fail "$kernel: $result of 3 ranks is not that of one"
  # The same points made in memory.
  expect 0 2 run --shape sphere -n 3000 --seed 5 -d 6 "${options[@]}" --throughput reference -o memory.h5
  h5diff -p 1e-9 result-1.h5 memory.h5 /targets/$result >diff.log || fail "$kernel: other points in memory"
  "$python" - $kernel $strengths $result <<'END' || fail "$kernel: not the formula of docs/kernels.md"
import sys
import h5py
import numpy as np

kernel, strengths, result = sys.argv[1:]
with h5py.File(f"{kernel}.h5") as f:
    x, s = f["sources/positions"][:], f[f"sources/{strengths}"][:]
with h5py.File("result-1.h5") as f:
    u = f[f"targets/{result}"][:50]
    assert f.attrs["kernel"].decode() == kernel if isinstance(f.attrs["kernel"], bytes) else f.attrs["kernel"] == kernel
    assert f[f"targets/{result}"].shape == (3000, 3)
d = x[:50, None] - x[None]
r = np.linalg.norm(d, axis=2)
r[r == 0] = np.inf
along = np.einsum("ijk,jk->ij", d, s)
stokeslet = along[..., None] * d / r[..., None] ** 3
if kernel == "stokes":
    pairs = (s[None] / r[..., None] + stokeslet) / (8 * np.pi * 0.7)
elif kernel == "elasticity":
    pairs = ((3 - 4 * 0.3) * s[None] / r[..., None] + stokeslet) / (16 * np.pi * 1.3 * (1 - 0.3))
else:
    pairs = np.cross(s[None], d) / (4 * np.pi * r[..., None] ** 3)
expected = pairs.sum(axis=1)
assert np.linalg.norm(u - expected) < 1e-6 * np.linalg.norm(expected), np.linalg.norm(u - expected) / np.linalg.norm(expected)
END
  expect 0 1 bench -n 3000 -d 4 --shapes cube --repeat 1 --samples 100 "${options[@]}" -o bench.json
  shows bench.json "\"kernel\": \"$kernel\"" '"output": "potential"'
  case " ${OCTOPOLE_WITHOUT:-} " in
    *" planner "*) ;;
    *)
      expect 0 1 plan -i $kernel.h5 --ranks 4 "${options[@]}"
      shows out "kernel $kernel"
      ;;
  esac
done
python3 -c 'import json; p = json.load(open("report.json"))["parameters"]; assert p["kernel"] == "biot-savart", p' || fail "the report"

# Several vectors.
expect 0 1 generate cube -n 800 --kernel stokes --vectors 3 -o vectors.h5
expect 0 2 run -i vectors.h5 -d 5 --kernel stokes --viscosity 1 -o vectors-out.h5
h5dump -H -d /targets/velocity vectors-out.h5 >shape || fail "no velocity"
shows shape "( 800, 3, 3 )"

# Mistakes: on all ranks, with what is wrong; nothing is written.
mistake() {
  local wanted=$1 text=$2
  shift 2
  expect "$wanted" 2 run -i stokes.h5 -d 4 "$@" -o mistake.h5
  shows err "$text"
  [ ! -e mistake.h5 ] || fail "$*: results are written"
}
mistake 2 "needs the parameter 'viscosity'" --kernel stokes
mistake 2 "viscosity" --kernel stokes --viscosity 0
mistake 2 "poisson" --kernel elasticity --shear-modulus 1 --poisson 0.6
mistake 2 "no parameter 'viscosity'" --kernel elasticity --shear-modulus 1 --poisson 0.3 --viscosity 1
mistake 2 "one result" --kernel stokes --viscosity 1 --gradient
mistake 1 "/sources/vorticity" --kernel biot-savart
mistake 1 "/sources/charges"
expect 2 1 generate cube -n 10 --kernel stokes --source-kind dipoles -o mistake.h5
shows err "forces"
expect 2 1 bench -n 100 -d 3 --kernel biot-savart --outputs gradient
shows err "one result"
finish
