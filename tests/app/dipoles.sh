#!/usr/bin/env bash
# Dipoles and Hessians in files and in commands: fields do not depend on the ranks, and mistakes are refused.
. "$(dirname "$0")/common.sh"
needs h5dump
python=$(python_with h5py,numpy) || skip "no Python has h5py and numpy"

for kind in dipoles charges-and-dipoles; do
  expect 0 1 generate sphere -n 2001 --seed 7 --source-kind $kind -o $kind.h5
  expect 0 3 generate sphere -n 2001 --seed 7 --source-kind $kind -o many.h5
  cmp $kind.h5 many.h5 || fail "generate differs on 3 ranks"
  for ranks in 1 3; do
    expect 0 $ranks run -i $kind.h5 -d 7 --fields potential,gradient,hessian --throughput reference \
      -o $kind-$ranks.h5 --report $kind.json --verify 300
    shows out "7 digits reached" "|Hessian|"
  done
  # Points made in memory are those of the file.
  expect 0 2 run --shape sphere -n 2001 --seed 7 --source-kind $kind -d 7 --fields hessian --throughput reference -o made-$kind.h5
done
expect 0 2 generate sphere -n 2001 --seed 7 --source-kind dipoles --vectors 2 -o vectors.h5
expect 0 2 run -i vectors.h5 -d 6 --fields gradient,hessian --throughput reference -o of-vectors.h5

"$python" - <<'P' || fail "fields"
import json
import h5py
import numpy as np
def direct(file):
    """The potential and the Hessian by the formulas of docs/kernels.md, at 50 targets."""
    x = file["sources/positions"][()]
    d = x[:50, None] - x[None]
    r = np.linalg.norm(d, axis=2)
    r[r == 0] = np.inf
    n = d / r[..., None]
    p = file["sources/dipoles"][()]
    along = np.einsum("ijc,jc->ij", n, p)
    u = along / r**2
    eye = np.eye(3)
    # Minus the third derivative of 1 / r times the dipole.
    h = (15 * np.einsum("ij,ijc,ijd->ijcd", along, n, n)
         - 3 * (along[..., None, None] * eye + n[..., None] * p[None, :, None, :] + n[:, :, None] * p[None, :, :, None]))
    h = h / (r**4)[..., None, None]
    if "sources/charges" in file:
        q = file["sources/charges"][()]
        u = u + q / r
        h = h + (q / r**3)[..., None, None] * (3 * n[..., None] * n[:, :, None] - eye)
    h = h.sum(axis=1)
    return u.sum(axis=1) / (4 * np.pi), np.stack([h[:, i, j] for i in range(3) for j in range(i, 3)], axis=1) / (4 * np.pi)
for kind in "dipoles", "charges-and-dipoles":
    with h5py.File(kind + ".h5") as input, h5py.File(kind + "-1.h5") as one, h5py.File(kind + "-3.h5") as many, h5py.File(f"made-{kind}.h5") as made:
        assert ("charges" in input["sources"]) == (kind != "dipoles")
        for name, width in ("potential", ()), ("gradient", (3,)), ("hessian", (6,)):
            u = one["targets/" + name][()]
            assert u.shape == (2001, *width), (name, u.shape)
            assert np.linalg.norm(u - many["targets/" + name][()]) < 1e-12 * np.linalg.norm(u), name
        assert list(made["targets"]) == ["hessian"], list(made["targets"])
        assert np.linalg.norm(made["targets/hessian"][()] - u) < 1e-12 * np.linalg.norm(u)
        potential, hessian = direct(input)
        assert np.linalg.norm(one["targets/potential"][:50] - potential) < 1e-6 * np.linalg.norm(potential)
        assert np.linalg.norm(u[:50] - hessian) < 1e-6 * np.linalg.norm(hessian)
        assert one.attrs["source_kind"].decode() == kind if isinstance(one.attrs["source_kind"], bytes) else one.attrs["source_kind"] == kind
        assert one.attrs["hessian_error_scaled_l2"] < 1e-7
    report = json.load(open(kind + ".json"))
    assert report["parameters"]["gradient"] and report["parameters"]["hessian"]
    assert report["parameters"]["source_kind"] == kind
    assert report["error"]["hessian_scaled_l2"] < 1e-7
with h5py.File("vectors.h5") as input, h5py.File("of-vectors.h5") as field:
    assert input["sources/dipoles"].shape == (2001, 3, 2)
    assert field["targets/gradient"].shape == (2001, 3, 2) and field["targets/hessian"].shape == (2001, 6, 2)
    assert "potential" not in field["targets"]
P

# Other commands.
expect 0 1 bench -n 3000 -d 4 --shapes cube --repeat 1 --samples 100 --source-kind dipoles --outputs hessian -o bench.json
shows bench.json '"source_kind": "dipoles"' '"hessian_relative_l2": '
case " ${OCTOPOLE_WITHOUT:-} " in
  *" planner "*) ;;
  *)
    expect 0 1 plan --shape cube -n 20000 --ranks 4 --source-kind dipoles --fields hessian --report plan.json
    shows plan.json '"source_kind": "dipoles"' '"hessian": true'
    expect 0 1 plan -i charges-and-dipoles.h5 --ranks 4 --report plan.json
    shows plan.json '"source_kind": "charges-and-dipoles"'
    ;;
esac

# Mistakes: on all ranks, with what is wrong; nothing is written.
expect 2 2 run -i dipoles.h5 -d 4 --fields hessian,velocity -o mistake.h5
expect 2 2 run -i dipoles.h5 -d 4 --fields hessian --gradient -o mistake.h5
expect 2 2 run --shape cube -n 100 -d 4 --source-kind quadrupoles -o mistake.h5
expect 1 2 run -i dipoles.h5 -d 4 --source-kind charges -o mistake.h5
shows err "--source-kind charges, but" "has dipoles"
"$python" - <<'P' || fail "files with mistakes"
import h5py
import numpy as np
good = np.ones((5, 3))
for name, dipoles, charges in (("flat", np.ones(5), None), ("narrow", np.ones((5, 2)), None), ("short", np.ones((4, 3)), None),
                               ("vectors", np.ones((5, 3, 2)), np.ones((5, 3))), ("nan", np.where(np.eye(5, 3) > 0, np.nan, 1), np.ones(5)),
                               ("shape", good, np.ones((5, 1, 1)))):
    with h5py.File(name + ".h5", "w") as file:
        file["sources/positions"] = np.random.rand(5, 3)
        file["sources/dipoles"] = dipoles
        if charges is not None:
            file["sources/charges"] = charges
P
refused() { # FILE MESSAGE
  expect 1 3 run -i "$1.h5" -d 4 -o mistake.h5
  shows err "$2"
}
refused flat "expected (N, 3), or (N, 3, B)"
refused narrow "expected (N, 3), or (N, 3, B)"
refused short "has 4 dipoles for the 5 positions"
refused vectors "charges and dipoles need the same number of vectors"
refused nan "row 0"
refused shape "expected (N,), or (N, B)"
[ ! -e mistake.h5 ] || fail "results are written"
finish
