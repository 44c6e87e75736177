#!/usr/bin/env bash
# The kept throughput: its key, its age, jobs that meet at the first run, and equal bits wherever it is equal.
. "$(dirname "$0")/common.sh"
needs python3 h5diff
unset OCTOPOLE_THROUGHPUT OCTOPOLE_THROUGHPUT_DAYS OCTOPOLE_RATES OCTOPOLE_RATES_DAYS
export XDG_CACHE_HOME=$scratch/cache
kept() { find cache -name "throughput-*.json" 2>find.log; }

expect 0 2 generate plummer -n 4000 --seed 3 -o cloud.h5

# Show, remeasure, delete.
expect 0 2 throughput
shows out "none yet" "octopole 0." " threads" "$XDG_CACHE_HOME/octopole/throughput-"
[ -z "$(kept)" ] || fail "to show the throughput measures it"
expect 0 2 throughput --remeasure
shows out "0.0 days ago" "near_pairs" "single_estimate" "gemm"
[ "$(kept | wc -l)" -eq 1 ] || fail "the throughput is not kept in one file"
grep -v '"measured"' "$(kept)" >first
expect 0 1 throughput --remeasure
grep -v '"measured"' "$(kept)" | cmp -s - first && fail "--remeasure measures nothing"
expect 0 1 throughput
expect 0 1 throughput -t 2  # of other threads: of another key
shows out "none yet" "2 threads"
OCTOPOLE_THROUGHPUT=reference expect 0 1 throughput
shows out "not used"
OCTOPOLE_RATES=reference expect 0 1 rates  # earlier names
shows out "OCTOPOLE_RATES is 'reference'"
OCTOPOLE_RATES=measure OCTOPOLE_THROUGHPUT=reference expect 0 1 throughput
shows out "OCTOPOLE_THROUGHPUT is 'reference'"
expect 2 1 throughput --delete --remeasure
expect 0 1 throughput --delete
shows out "deleted" "throughput-"
[ -z "$(kept)" ] || fail "--delete leaves files"
expect 0 1 throughput --delete
shows out "nothing is kept"

# Four first runs at one moment: one measures, all use its throughput, the results have equal bits.
run_of() { "${mpiexec[@]}" -n 2 "$program" run -i cloud.h5 -d 5 -o "$1.h5" --report "$1.json" >"$1.out" 2>&1; }
# With sanitizers measuring takes longer than the others wait for it (a minute).
if [ -n "${OCTOPOLE_SANITIZE:-}" ]; then run_of 0 || fail "the first run"; fi
for job in 1 2 3 4; do run_of $job & jobs[job]=$!; done
for job in 1 2 3 4; do wait "${jobs[job]}" || { cat $job.out; fail "run $job ends with an error"; }; done
run_of 5 || fail "the run after the first ones"
[ "$(grep -l 'measured, kept in' ./*.out | wc -l)" -ge 1 ] || fail "nobody has measured"
[ "$(kept | wc -l)" -eq 1 ] || fail "jobs of one key keep several files"
[ -z "$(find cache -name '*.part-*')" ] || fail "temporary files are left in the cache"
python3 -m json.tool "$(kept)" >json.log || fail "the cache is not whole"
for job in 2 3 4 5; do cmp 1.h5 $job.h5 || fail "results of runs with one cache differ"; done

# Age and clocks.
set_date() { # of the kept throughput
  python3 - "$(kept)" "$1" <<'END'
import datetime, json, sys
name, days = sys.argv[1], float(sys.argv[2])
kept = json.load(open(name))
moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
kept["measured"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
json.dump(kept, open(name, "w"))
END
}
uses() { # uses WHAT MEANS: what a run does with the throughput as it is
  expect 0 1 run -i cloud.h5 -d 4 -o age.h5
  shows out "throughput: $1"
  [ "$1" = measured ] || ! grep -q "throughput: measured" out || fail "$2 is measured again"
}
expect 0 1 throughput --delete
expect 0 1 throughput --remeasure
set_date -89; uses "$XDG_CACHE_HOME" "a throughput that is not too old"
set_date -91; expect 0 1 throughput; shows out "more than 90 days ago"
OCTOPOLE_THROUGHPUT_DAYS=100 uses "$XDG_CACHE_HOME" "a throughput that may be older"
uses measured "an old throughput"
uses "$XDG_CACHE_HOME" "a new throughput"
OCTOPOLE_THROUGHPUT_DAYS=0.5 uses "$XDG_CACHE_HOME" "a new throughput"
set_date 0.5; uses "$XDG_CACHE_HOME" "a throughput of a clock that is ahead"
set_date 400; expect 0 1 throughput; shows out "from the future"
uses measured "a throughput from the future"
echo '{"format": 6, "key"' >"$(kept)"
expect 0 1 throughput
shows out "damaged"
uses measured "a damaged file"
sed -i 's/"processor": "/"processor": "another /' "$(kept)"
expect 0 1 throughput
shows out "of another version or machine"
uses measured "another processor's throughput"
OCTOPOLE_THROUGHPUT_DAYS=soon expect 1 2 run -i cloud.h5 -d 4 -o age.h5
shows err "OCTOPOLE_THROUGHPUT_DAYS" "soon"
OCTOPOLE_RATES_DAYS=never expect 1 2 run -i cloud.h5 -d 4 -o age.h5
shows err "OCTOPOLE_RATES_DAYS" "never"

# A cache that cannot be written does not matter, and is mentioned.
echo "a file" >no-directory
XDG_CACHE_HOME=$scratch/no-directory expect 0 2 run -i cloud.h5 -d 4 -o age.h5
shows out "measured, not kept"
XDG_CACHE_HOME=$scratch/no-directory expect 1 2 throughput --remeasure
XDG_CACHE_HOME='' HOME='' expect 0 1 throughput
shows out "neither XDG_CACHE_HOME nor HOME"

# Equal throughput, equal bits: between runs alike in ranks and threads; over ranks and threads to rounding.
for layout in "1 1" "1 2" "3 1" "2 3"; do
  read -r ranks threads <<<"$layout"
  for time in 1 2; do
    expect 0 "$ranks" run -i cloud.h5 -d 9 --gradient -t "$threads" --throughput reference -o "reference-$time.h5" --report reference.json
    python3 -c 'import json; r = json.load(open("reference.json")); print(r["parameters"], r["tree"])' >tree-$time
  done
  cmp reference-1.h5 reference-2.h5 || fail "two runs with the reference throughput differ on $ranks ranks, $threads threads"
  cmp tree-1 tree-2 || fail "trees differ"
  [ -e of-one.h5 ] || { cp reference-1.h5 of-one.h5; cp tree-1 tree-of-one; }
  cmp tree-1 tree-of-one || fail "$ranks ranks with $threads threads choose other parameters than one"
  h5diff -p 1e-10 of-one.h5 reference-1.h5 /targets/potential >diff.log || { cat diff.log; fail "$layout against one rank"; }
done

# AVX2's estimate of 1/sqrt has other bits on processors of another maker: the reference throughput does without.
if grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo; then
  for digits in 3 5 9; do
    for options in "" "--ncrit 100"; do
      for isa in avx2 avx2_reproducible; do
        # shellcheck disable=SC2086
        OCTOPOLE_SIMD=$isa expect 0 2 run -i cloud.h5 -d "$digits" $options --throughput reference -o "$isa.h5" --report "$isa.json"
        shows "$isa.json" '"simd": "avx2_reproducible"'
      done
      cmp avx2.h5 avx2_reproducible.h5 || fail "$digits digits with AVX2 and the reference throughput use RSQRTPS"
    done
  done
  OCTOPOLE_SIMD=avx2 OCTOPOLE_THROUGHPUT=reference expect 0 2 run -i cloud.h5 -d 5 -o variable.h5 --report variable.json
  shows variable.json '"simd": "avx2_reproducible"'
fi

# The processor that OpenBLAS sees decides its loops and their rounding: operators, and so results, do not depend on it.
for core in Prescott Haswell; do
  export OPENBLAS_CORETYPE=$core
  for run in "5 --gradient" "9 --m2l svd"; do
    read -ra options <<<"$run"
    expect 0 2 run -i cloud.h5 -d "${options[@]}" --throughput reference --operators "operators-$core.h5" -o "core-$core${run// /}.h5"
    cmp "core-Prescott${run// /}.h5" "core-$core${run// /}.h5" || fail "results of $run digits depend on the processor that OpenBLAS sees"
  done
  h5diff operators-Prescott.h5 "operators-$core.h5" >diff.log || { cat diff.log; fail "operators depend on the processor that OpenBLAS sees"; }
done
finish
