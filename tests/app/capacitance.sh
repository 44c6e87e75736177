#!/usr/bin/env bash
# octopole capacitance: values, ranks, bad input, solves that do not converge.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
needs python3
export OMP_NUM_THREADS=1
needs_module petsc PETSc OCTOPOLE_PETSC capacitance sphere.msh
needs_module bem "boundary elements" OCTOPOLE_BEM capacitance sphere.msh
expect 0 1 capacitance --help

# value FILE EXPRESSION: a number of a report, as Python sees it in `r`.
value() { python3 -c "import json; r = json.load(open('$1')); print($2)"; }
# holds FILE CONDITION
holds() { [ "$(value "$1" "$2")" = True ] || fail "$2 does not hold in $1"; }

expect 0 1 generate mesh sphere -n 6 --radius 2 -o sphere.msh -q
expect 0 1 generate mesh bus -n 2 -o bus.msh -q

expect 0 2 capacitance sphere.msh --normalise 2 --unit mm --report sphere.json -o sphere.h5 --progress
shows err "iteration   1" residual
[ -s sphere.h5 ] && [ -s sphere.xdmf ] || fail "no charges"
holds sphere.json "abs(r['capacitance_over_4_pi_eps0_length'][0][0] - 0.99413) < 1e-4"
holds sphere.json "abs(r['capacitance_farads'][0][0] / (4e-3 * 3.141592653589793 * 8.8541878128e-12 * 2) - 0.99413) < 1e-4"
holds sphere.json "r['solves'][0]['residual'] < 1.1e-5 and r['converged']"

# The same on any number of ranks, where the solver is asked for enough.
expect 0 1 generate mesh bus -n 1 --bars 2 -o small.msh -q
for ranks in 1 2 3 7; do
  # The same matrix on any number of ranks whatever its accuracy: 7 digits take less time than those of 1e-10.
  expect 0 $ranks capacitance small.msh --rtol 1e-10 --digits 7 --quadrature 1e-7 --report bus$ranks.json -q
  shows err "the FMM has 7 digits, the solver's tolerance 1e-10 needs 12"
done
holds bus1.json "all(r['capacitance_farads'][m][m] > 0 for m in range(4))"
holds bus1.json "all(r['capacitance_farads'][m][k] < 0 for m in range(4) for k in range(4) if m != k)"
holds bus1.json "all(s > 0 for s in r['row_sums_farads']) and r['asymmetry'] < 0.02"
python3 - <<'END' || fail "the bus differs on another number of ranks"
import json
a, *others = (json.load(open(f"bus{r}.json"))["capacitance_farads"] for r in (1, 2, 3, 7))
worst = max(abs(x - y) for b in others for p, q in zip(a, b) for x, y in zip(p, q)) / a[0][0]
print("largest difference", worst)
raise SystemExit(worst > 1e-9)
END

# The preconditioner pays.
expect 0 1 capacitance bus.msh --report plain.json -q -- -pc_type none
expect 0 1 capacitance bus.msh --report near.json --time-products 3
shows out "a product"
holds near.json "r['product_times']['repeats'] == 3 and r['product_times']['ratio'] > 0"
python3 - <<'END' || fail "octopole_near does not halve the iterations"
import json
plain, near = (max(s["iterations"] for s in json.load(open(f + ".json"))["solves"]) for f in ("plain", "near"))
print("iterations", plain, "without,", near, "with octopole_near")
raise SystemExit(2 * near > plain)
END

# Not enough iterations: exit code 3, what was reached is kept.
expect 3 2 capacitance bus.msh --max-iterations 2 --report few.json -o few.h5
shows err "did not converge" "after 2 iterations" "--max-iterations"
holds few.json "not r['converged'] and r['solves'][3]['iterations'] == 2"
[ -s few.h5 ] || fail "nothing was kept"

expect 0 1 capacitance sphere.msh -- -ksp_typo gmres -log_view
shows err "-ksp_typo"
shows out Oct:Correct
expect 0 1 capacitance sphere.msh --report digits.json -- -octopole_digits 5 -help -options_left
holds digits.json "r['solver']['fmm_digits'] == 5"
shows out -octopole_ncrit -octopole_allgather_threshold -pc_octopole_near_halo
grep -q "was not used" err && fail "an option was used and is said not to be"
expect 1 2 capacitance sphere.msh -- -octopole_kernel yukawa -octopole_screening 2
shows err "kernel laplace"
for value in 2.5 nan; do
  for name in allgather_threshold coarse_users; do  # coarse_users: its earlier name
    expect 1 2 capacitance sphere.msh --report digits.json -- -octopole_$name $value
  done
done
expect 2 1 capacitance
expect 1 2 capacitance missing.msh
expect 2 1 capacitance sphere.msh --unit parsec
expect 0 1 generate mesh plates -n 3 -o plates.msh -q
expect 1 2 capacitance plates.msh
shows err open
expect 0 1 capacitance plates.msh --open -q
expect 1 1 capacitance bus.msh --only x1,nobody
shows err nobody
finish
