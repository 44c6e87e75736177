#!/usr/bin/env bash
# octopole plan: the predicted values of a run, curves, machine files, bad input.
. "$(dirname "$0")/common.sh"
needs python3
needs_module planner "the planner" OCTOPOLE_PLANNER plan --shape cube -n 100 --ranks 2

figure() { # figure FILE PATH...: a number of a JSON report
  python3 - "$@" <<'PY'
import json, sys
value = json.load(open(sys.argv[1]))
for step in sys.argv[2:]:
    value = value[int(step) if isinstance(value, list) else step]
print(value)
PY
}
same() { # same A B WHAT
  [ "$1" = "$2" ] && [ -n "$1" ] || fail "$3: '$1' instead of '$2'"
}

# What is planned is what a run reports, by exchange and rank.
expect 0 2 generate plummer -n 4000 -o points.h5
expect 0 5 run -i points.h5 --digits 4 --report run.json --throughput reference
expect 0 1 plan -i points.h5 --digits 4 --ranks 5 --throughput reference --report plan.json
shows out "plan of 5 ranks" "4000 sources" "examined" "5 of 5 ranks" "ghost_multipoles" "evaluate"
python3 - <<'PY' || fail "the plan's exchanges are not those of the run"
import json, sys
plan = json.load(open("plan.json"))["plans"][0]["exchanges"]
run = json.load(open("run.json"))["communication"]["exchanges"]
wrong = [f"{exchange} {what}: {plan[exchange][what]['max']} instead of {run[exchange][what]['max']}"
         for exchange in ("charges", "ghost_charges", "ancestors", "ghost_multipoles", "near_sums", "potential")
         for what in ("bytes_sent", "bytes_received", "messages_sent", "peers")
         if plan[exchange][what]["max"] != run[exchange][what]["max"]]
sys.exit("\n".join(wrong) or None)
PY
same "$(figure plan.json plans 0 parameters ncrit)" "$(figure run.json parameters ncrit)" "ncrit"

# The memory is that of a run.
expect 0 1 plan --ranks 3 --shape sphere -n 1000000 --digits 6 --report planned.json
expect 0 3 run --shape sphere -n 1000000 --digits 6 --no-evaluate --report unevaluated.json
python3 - <<'END' || fail "octopole plan expects another peak than octopole run"
import json, sys
planned = json.load(open("planned.json"))["plans"][0]["figures"]["memory_peak_bytes"]["max"]
run = json.load(open("unevaluated.json"))["memory"]["estimate"]["peak"]
print(f"{planned / 2**20:.1f} MiB planned, {run / 2**20:.1f} estimated by the run")
sys.exit(not 0.9 < planned / run < 1.1)
END

# A shape of few points has the points that generate makes.
expect 0 1 plan --shape plummer -n 4000 --digits 4 --ranks 5 --throughput reference --report shape.json
same "$(figure shape.json plans 0 evaluation bytes_sent max)" "$(figure plan.json plans 0 evaluation bytes_sent max)" "shape"

# A cube of 1e11 points on 1e5 ranks, a few of which are examined.
expect 0 1 plan --shape cube -n 100000000000 --ncrit 3000 --ranks 100000 --sample-ranks 2 --load-balance points --callers owners -q --report large.json
shows large.json '"sources": 100000000000' '"ranks_examined": 2'
mean=$(figure large.json plans 0 figures sources mean)
python3 -c "import sys; sys.exit(not 0.9e6 < $mean < 1.1e6)" || fail "$mean points per rank instead of a million"

# Curves.
expect 0 1 plan --shape cube -n 20000 --digits 4 --curve weak --ranks-list 1,8 --threads 2 --report curve.json \
  --record plans.jsonl --ranks-per-node 4
same "$(figure curve.json plans 1 seconds evaluate)" \
  "$(tail -n 1 plans.jsonl >second.json && figure second.json seconds evaluate)" "the record's seconds"
python3 "$source_tree/jobs/study/records.py" plans.jsonl >table || fail "the records cannot be read"
shows table "weak" "planned" "160000"
shows out "weak scaling" "1 x 2" "8 x 2" "160000"
shows curve.json '"curve": "weak"' '"efficiency"' '"nominal": 1.0'
expect 0 1 plan --shape cube -n 20000 --digits 4 --curve weak --ranks-list 1,8 --threads 2 --report other.json \
  --ranks-a-node 4  # the old spelling
same "$(figure other.json plans 1 seconds evaluate)" "$(figure curve.json plans 1 seconds evaluate)" "--ranks-a-node"

# Older machine files say rates.
sed 's/"throughput"/"rates"/' "$source_tree/jobs/study/machines/reference.json" >older.json
for machine in reference older.json; do
  expect 0 1 plan --shape cube -n 20000 --digits 4 --ranks 8 --machine $machine --report "of-$machine"
done
same "$(figure of-older.json plans 0 seconds low)" "$(figure of-reference plans 0 seconds low)" "an older machine file"
cp "$source_tree/jobs/study/machines/reference.json" newer.json
for age in newer older; do
  python3 "$source_tree/jobs/study/simulation.py" platform --machine $age.json --ranks 8 --directory $age >out ||
    fail "no platform of a machine file that is $age"
done
cmp newer/throughput.json older/throughput.json || fail "the simulation takes another throughput of an older machine file"

expect 0 1 plan --shape sphere -n 20000 --digits 4 --curve strong --ranks-list 1,2,4 --gradient
shows out "strong scaling" "4 x 1"

# Bad input.
expect 2 2 plan --shape cube -n 1000 --ranks 4
shows err "one process"
expect 2 1 plan --ranks 4
shows err "--input or --shape"
expect 2 1 plan --shape cube -n 1000
shows err "--ranks is required"
expect 2 1 plan --shape cube --ranks 4
expect 2 1 plan --shape cube -n 1000 --curve weak
shows err "--ranks-list"
expect 2 1 plan -i points.h5 --curve weak --ranks-list 1,2
expect 2 1 plan --shape cube -n 1000 --ranks 0
expect 1 1 plan --shape cube -n 1000 --ranks 4 --machine missing.json
shows err "machine file"
echo '{"name": "x", "node": {"cores": 0, "nics": 1}}' >bad.json
expect 1 1 plan --shape cube -n 1000 --ranks 4 --machine bad.json
shows err "cores = 0"
for cores in 0 2.5 4e9 1e400; do
  sed "s/\"cores\": *[0-9]*/\"cores\": $cores/" "$source_tree/jobs/study/machines/reference.json" >bad.json
  expect 1 1 plan --shape cube -n 1000 --ranks 4 --machine bad.json
  shows err "not a machine file"
done
expect 1 1 plan -i missing.h5 --ranks 4
expect 0 1 generate sphere -n 500 --targets 300 -o distinct.h5
expect 1 1 plan -i distinct.h5 --ranks 8 --sample-ranks 2
shows err "sample of ranks"
expect 1 1 plan --shape sphere -n 1000000000000 --ranks 8 --ncrit 100
shows err "cannot be planned"
finish
