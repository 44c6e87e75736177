#!/usr/bin/env bash
# Kernels of the program: their options and mistakes in them, files, the database, reports; a second kernel in every command.
. "$(dirname "$0")/common.sh"
needs python3 h5diff h5dump

expect 0 1 generate sphere -n 4000 --seed 5 -o cloud.h5
yukawa=(--kernel yukawa --screening 2.5)

# Results are those of any number of ranks, and not those of Laplace.
for ranks in 1 3; do
  expect 0 $ranks run -i cloud.h5 -d 6 --gradient "${yukawa[@]}" --throughput reference --operators operators.h5 -o yukawa-$ranks.h5 --report report.json --verify 400
  shows out "kernel yukawa, screening 2.5" "6 digits reached"
done
for dataset in potential gradient; do
  h5diff -p 1e-9 yukawa-1.h5 yukawa-3.h5 /targets/$dataset >diff.log || fail "$dataset of 3 ranks is not that of one"
done
python3 -c 'import json; p = json.load(open("report.json"))["parameters"]; assert p["kernel"] == "yukawa" and p["screening"] == 2.5, p' || fail "the report"
h5dump -a /screening yukawa-1.h5 >attribute || fail "no attribute screening"
shows attribute "2.5"
shows out "read from the database"
expect 0 1 run -i cloud.h5 -d 6 -o laplace.h5
h5diff -p 1e-3 yukawa-1.h5 laplace.h5 /targets/potential >diff.log && fail "the kernel makes no difference"

# Without screening it is Laplace; against one pair by hand.
expect 0 1 run -i cloud.h5 -d 9 --kernel yukawa --screening 0 -o none.h5
expect 0 1 run -i cloud.h5 -d 9 -o laplace.h5
h5diff -p 1e-6 none.h5 laplace.h5 /targets/potential >diff.log || { cat diff.log; fail "yukawa without screening is not laplace"; }

# Other commands.
expect 0 1 bench -n 3000 -d 4 --shapes cube --repeat 1 --samples 100 --outputs potential "${yukawa[@]}" -o bench.json
shows bench.json '"kernel": "yukawa"' '"screening": 2.5'
case " ${OCTOPOLE_WITHOUT:-} " in
  *" planner "*) ;;
  *)
    expect 0 1 plan --shape cube -n 20000 --ranks 4 "${yukawa[@]}"
    shows out "kernel yukawa, screening 2.5"
    ;;
esac

# Mistakes: on all ranks, with what is wrong; nothing is written.
for mistake in "--kernel coulomb" "--kernel yukawa" "--screening 1" "--kernel laplace --screening 1" "--kernel yukawa --screening -1" \
  "--kernel yukawa --screening nan" "--kernel yukawa --screening inf"; do
  # shellcheck disable=SC2086
  expect 2 2 run -i cloud.h5 -d 4 $mistake -o mistake.h5
  [ ! -e mistake.h5 ] || fail "$mistake: results are written"
done
shows err "screening"
finish
