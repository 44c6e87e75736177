#!/usr/bin/env bash
# Ranks that are started differently, and a rank that fails alone: one message, no rank left waiting. Ranks whose
# instruction sets differ solve as equal ones.
. "$(dirname "$0")/common.sh"

expect 0 1 generate cube -n 300 -o points.h5
run=(run -i points.h5 -o results.h5)

# several STATUS "WORDS|WORDS" RANKS... -- : what follows is one command of mpiexec, parts separated by ":".
several() {
  local wanted=$1 words
  IFS='|' read -ra words <<<"$2"
  shift 2
  timeout "$time_limit" "${mpiexec[@]}" "$@" >out 2>err </dev/null
  status=$?
  [ "$status" -eq "$wanted" ] || fail "exit code $status instead of $wanted: $*"
  shows err "octopole: error" "${words[@]}"
  [ "$(grep -c 'octopole: error' err)" -eq 1 ] || fail "not one message: $*"
  [ ! -e results.h5 ] || fail "results in spite of an error: $*"
}

# mpiexec can give ranks other arguments, and another environment.
several 1 "the command line|--digits 5' on rank 2|on ranks 0, 1|same arguments" \
  -n 2 "$program" "${run[@]}" : -n 1 "$program" "${run[@]}" --digits 5
several 1 "the command line|--frobnicate' on rank 1" \
  -n 1 "$program" "${run[@]}" : -n 1 "$program" "${run[@]}" --frobnicate
for command in "run -i points.h5 -o results.h5" "bench -n 500 --shapes cube --digits 3"; do
  several 2 "rank 1|instruction set|mmx" -n 1 "$program" $command : \
    -n 1 env OCTOPOLE_SIMD=mmx "$program" $command
done

# A rank that fails while others wait for it ends them, whatever it was about to do.
for ranks in 2 3 7; do
  several 1 "rank 1 of $ranks|read_points|stage read|OCTOPOLE_FAULT" \
    -n "$ranks" env OCTOPOLE_FAULT=read@1 "$program" "${run[@]}"
done

# What all ranks agree on needs no end by force: it is the exit code of the error, and of its only message.
for ranks in 1 3 7; do
  several 2 "twice" -n "$ranks" "$program" run -i points.h5 -o ./points.h5
  several 1 "absent.h5" -n "$ranks" "$program" run -i absent.h5 -o results.h5
  grep -q MPI_ABORT err && fail "ended by MPI_Abort: all ranks knew the error"
done

# PETSc's matrix, where the build has it: a build without it ends here.
for module in petsc bem; do
  [[ " ${OCTOPOLE_WITHOUT?} " = *" $module "* ]] && finish
done
[ "$failures" -eq 0 ] || finish
needs python3
export OMP_NUM_THREADS=1
expect 0 1 generate mesh bus -n 1 --bars 2 -o bus.msh -q
solve=(capacitance bus.msh --rtol 1e-6 --relax -q)

# A rank that fails in a product, or in the preconditioner, outside the FMM that ends all ranks itself.
for ranks in 2 3; do
  several 1 "rank 1 of $ranks|MatMult_Octopole|stage product|OCTOPOLE_FAULT" \
    -n "$ranks" env OCTOPOLE_FAULT=product@1 "$program" "${solve[@]}"
  several 1 "rank 1 of $ranks|PCApply_OctopoleNear|stage preconditioner|memory ran out" \
    -n "$ranks" env OCTOPOLE_FAULT=preconditioner@1:memory "$program" "${solve[@]}"
done

# solves NAME RANKS...: one run of mpiexec with a report NAME.json.
solves() {
  local report=$1.json
  shift
  timeout "$time_limit" "${mpiexec[@]}" "$@" >out 2>err </dev/null || fail "exit code $?: $*"
  mv report.json "$report" || fail "no report: $*"
}
# Different instruction sets solve as equal ones: the digits of every product, and what ranks send each other, agree.
run=("$program" "${solve[@]}" --report report.json)
baseline=(env OCTOPOLE_SIMD=baseline "${run[@]}")
solves equal2 -n 2 "${run[@]}"
solves first2 -n 1 "${baseline[@]}" : -n 1 "${run[@]}"
solves last2 -n 1 "${run[@]}" : -n 1 "${baseline[@]}"
solves equal3 -n 3 "${run[@]}"
solves middle3 -n 1 "${run[@]}" : -n 1 "${baseline[@]}" : -n 1 "${run[@]}"
python3 - <<'END' || fail "different instruction sets do not solve as equal ones"
import json
reports = {n: json.load(open(n + ".json")) for n in ("equal2", "first2", "last2", "equal3", "middle3")}
worst, same = 0, True
for equal, mixed in (("equal2", "first2"), ("equal2", "last2"), ("equal3", "middle3")):
    a, b = reports[equal], reports[mixed]
    c, d = a["capacitance_farads"], b["capacitance_farads"]
    worst = max(worst, max(abs(x - y) for p, q in zip(c, d) for x, y in zip(p, q)) / c[0][0])
    products = [[(p["digits"], p["products"]) for p in r["products"]] for r in (a, b)]
    same = same and products[0] == products[1] and len(products[0]) > 1  # relaxed
print("largest difference", worst, "products", products)
raise SystemExit(not same or not worst < 1e-8)  # 8 digits
END
finish
