#!/usr/bin/env bash
# Several vectors of charges in files and in commands: each has its own field, and mistakes are refused.
. "$(dirname "$0")/common.sh"
needs h5dump
python=$(python_with h5py,numpy) || skip "no Python has h5py and numpy"

expect 0 1 generate sphere -n 3001 --seed 7 --vectors 3 -o cloud.h5
expect 0 3 generate sphere -n 3001 --seed 7 --vectors 3 -o many.h5
cmp cloud.h5 many.h5 || fail "generate differs on 3 ranks"

# Results do not depend on the ranks, and each vector's are those of a file with that vector alone.
for ranks in 1 3; do
  expect 0 $ranks run -i cloud.h5 -d 7 --gradient --throughput reference -o field-$ranks.h5 --report report.json --verify 300
  shows out "7 digits reached"
done
"$python" - <<'P' || fail "files of single vectors"
import h5py
with h5py.File("cloud.h5") as all:
    assert all["sources/charges"].shape == (3001, 3), all["sources/charges"].shape
    for v in range(3):
        with h5py.File(f"vector-{v}.h5", "w") as one:
            one["sources/positions"] = all["sources/positions"][()]
            one["sources/charges"] = all["sources/charges"][:, v]
P
for v in 0 1 2; do
  expect 0 2 run -i vector-$v.h5 -d 7 --gradient --throughput reference -o field-of-$v.h5
done
"$python" - <<'P' || fail "fields"
import json
import h5py
import numpy as np
with h5py.File("field-1.h5") as one, h5py.File("field-3.h5") as many:
    for name, shape in ("potential", (3001, 3)), ("gradient", (3001, 3, 3)):
        u = one["targets/" + name][()]
        assert u.shape == shape, (name, u.shape)
        assert np.linalg.norm(u - many["targets/" + name][()]) < 1e-12 * np.linalg.norm(u), name
        for v in range(3):
            with h5py.File(f"field-of-{v}.h5") as alone:
                expected = alone["targets/" + name][()]
                assert np.linalg.norm(u[..., v] - expected) < 1e-6 * np.linalg.norm(expected), (name, v)
    assert one.attrs["vectors"] == 3
assert json.load(open("report.json"))["parameters"]["vectors"] == 3
P

# Points made in memory are those of the file; the first vector's charges are those of a single vector.
expect 0 2 run --shape sphere -n 3001 --seed 7 --vectors 3 -d 7 --gradient --throughput reference -o made.h5
"$python" - <<'P' || fail "points made in memory"
import h5py
import numpy as np
with h5py.File("field-1.h5") as file, h5py.File("made.h5") as made:
    u = file["targets/gradient"][()]
    assert np.linalg.norm(u - made["targets/gradient"][()]) < 1e-12 * np.linalg.norm(u)
P
expect 0 1 generate sphere -n 3001 --seed 7 -o single.h5
"$python" -c 'import h5py; assert (h5py.File("single.h5")["sources/charges"][()] == h5py.File("cloud.h5")["sources/charges"][:, 0]).all()' ||
  fail "the first vector of several is not the single one"

# Other commands.
expect 0 1 bench -n 3000 -d 4 --shapes cube --repeat 1 --samples 100 --vectors 8 -o bench.json
shows bench.json '"vectors": 8'
case " ${OCTOPOLE_WITHOUT:-} " in
  *" planner "*) ;;
  *)
    expect 0 1 plan --shape cube -n 20000 --ranks 4 --vectors 8 --report plan.json
    shows plan.json '"vectors": 8'
    expect 0 1 plan -i cloud.h5 --ranks 4 --report plan.json
    shows plan.json '"vectors": 3'
    expect 1 1 plan -i cloud.h5 --ranks 4 --vectors 2
    shows err "--vectors 2" "3 vectors"
    ;;
esac

# Mistakes: on all ranks, with what is wrong; nothing is written.
for mistake in "--vectors 0" "--vectors -3" "--vectors 2000000" "--vectors x"; do
  # shellcheck disable=SC2086
  expect 2 2 run --shape cube -n 100 -d 4 $mistake -o mistake.h5
  [ ! -e mistake.h5 ] || fail "$mistake: results are written"
done
expect 1 2 run -i cloud.h5 -d 4 --vectors 2 -o mistake.h5
shows err "--vectors 2" "3 vectors"
"$python" - <<'P' || fail "files with mistakes"
import h5py
import numpy as np
for name, charges in ("none", np.zeros((5, 0))), ("deep", np.zeros((5, 2, 2))), ("short", np.zeros((4, 2))):
    with h5py.File(name + ".h5", "w") as file:
        file["sources/positions"] = np.random.rand(5, 3)
        file["sources/charges"] = charges
with h5py.File("nan.h5", "w") as file:
    file["sources/positions"] = np.random.rand(5, 3)
    file["sources/charges"] = np.array([[1, 2], [3, 4], [5, np.nan], [7, 8], [9, 10]])
P
refused() { # FILE MESSAGE
  expect 1 3 run -i "$1.h5" -d 4 -o mistake.h5
  shows err "$2"
  [ ! -e mistake.h5 ] || fail "$1: results are written"
}
refused none "expected (N,), or (N, B)"
refused deep "expected (N,), or (N, B)"
refused short "has 4 charges for the 5 positions"
refused nan "row 2"
expect 1 2 run -i cloud.h5 -d 4 --vectors 1 -o mistake.h5
shows err "--vectors 1" "3 vectors"
finish
