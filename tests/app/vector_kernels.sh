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
  # With derivatives, and for Stokes the pressure.
  fields=$result,${result}_gradient
  [ $kernel != stokes ] || fields+=,pressure
  for ranks in 1 3; do
    expect 0 $ranks run -i $kernel.h5 -d 5 "${options[@]}" --fields $fields --throughput reference -o fields-$ranks.h5
    shows out "5 digits reached" "  gradient "
  done
  h5diff -p 1e-7 fields-1.h5 fields-3.h5 /targets/${result}_gradient >diff.log || fail "$kernel: gradients of 3 ranks"
  expect 0 1 run -i $kernel.h5 -d 4 "${options[@]}" --fields gradient -o gradient.h5
  h5dump -n gradient.h5 >names
  shows names "/targets/${result}_gradient"
  ! grep -q "/targets/$result$" names || fail "$kernel: $result is written unasked"
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

# d u_i / d x_k, and the pressure.
with h5py.File("fields-1.h5") as f:
    u, g = f[f"targets/{result}"][:50], f[f"targets/{result}_gradient"][:50]
    p = f["targets/pressure"][:50] if kernel == "stokes" else None
    assert f[f"targets/{result}_gradient"].shape == (3000, 3, 3) and "pressure" in f["targets"] or kernel != "stokes"
assert np.linalg.norm(u - expected) < 1e-5 * np.linalg.norm(expected)
r3, r5, identity = r[..., None, None] ** 3, r[..., None, None] ** 5, np.eye(3)[None, None]
outer = lambda a, b: np.broadcast_to(a, d.shape)[..., :, None] * np.broadcast_to(b, d.shape)[..., None, :]
if kernel == "biot-savart":
    levi_civita = np.cross(np.eye(3)[:, None], np.eye(3)[None])  # e_ijk at [i, j, k]
    pairs = np.einsum("ijk,nj->nik", levi_civita, s)[None] / r3 - 3 * outer(np.cross(s[None], d), d) / r5
    pairs /= 4 * np.pi
else:
    a, constant = (1, 8 * np.pi * 0.7) if kernel == "stokes" else (3 - 4 * 0.3, 16 * np.pi * 1.3 * (1 - 0.3))
    dots = along[..., None, None]
    pairs = (-a * outer(s[None], d) + dots * identity + outer(d, s[None])) / r3 - 3 * outer(d, d) * dots / r5
    pairs /= constant
expected = pairs.sum(axis=1)
assert np.linalg.norm(g - expected) < 1e-5 * np.linalg.norm(expected), np.linalg.norm(g - expected) / np.linalg.norm(expected)
if kernel == "stokes":
    expected = (along / r**3).sum(axis=1) / (4 * np.pi)
    assert np.linalg.norm(p - expected) < 1e-5 * np.linalg.norm(expected)
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
expect 0 2 run -i vectors.h5 -d 4 --kernel stokes --viscosity 1 --fields pressure,gradient -o vectors-out.h5
h5dump -H vectors-out.h5 >shape || fail "no gradients"
shows shape "( 800, 3 )" "( 800, 3, 3, 3 )"

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
mistake 2 "has no hessian" --kernel stokes --viscosity 1 --fields hessian
mistake 2 "has no displacement" --kernel stokes --viscosity 1 --fields displacement
mistake 1 "/sources/vorticity" --kernel biot-savart
mistake 1 "/sources/charges"
expect 2 1 generate cube -n 10 --kernel stokes --source-kind dipoles -o mistake.h5
shows err "forces"
expect 0 1 bench -n 1000 -d 3 --shapes cube --repeat 1 --samples 100 --kernel stokes --viscosity 1 --outputs gradient,pressure \
  -o bench.json
shows bench.json '"output": "pressure"' '"pressure_relative_l2": '
expect 2 1 bench -n 100 -d 3 --kernel biot-savart --outputs pressure
shows err "has no pressure"
expect 2 1 bench -n 100 -d 3 --kernel biot-savart --outputs hessian
shows err "no second derivatives"
finish
