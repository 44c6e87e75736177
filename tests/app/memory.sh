#!/usr/bin/env bash
# Memory: estimates against what runs take, refusals with numbers instead of a kill, and leaves that cannot be divided.
. "$(dirname "$0")/common.sh"
needs python3

# estimate RANKS THREADS SOURCES TARGETS ARGUMENTS...: the estimate is within 20 % of what the run takes beyond one of few
# points and digits; TARGETS is 0 if they are the sources. The program itself has 24 bytes per source, 8 more for each of
# VECTORS vectors of charges, and 24 per target.
estimate() {
  local ranks=$1 threads=$2 sources=$3 targets=$4
  shift 4
  local vectors=${VECTORS:-1}
  [ "$targets" -eq 0 ] || set -- "$@" --targets "$targets"
  [ "$vectors" -eq 1 ] || set -- "$@" --vectors "$vectors"
  expect 0 "$ranks" run --shape cube -n 1000 --digits 3 -t "$threads" --report few.json
  expect 0 "$ranks" run "$@" -n "$sources" -t "$threads" --report many.json
  python3 - "$ranks" "$sources" "$targets" "$vectors" <<'END' || fail "the estimate is not what the run takes: $ranks ranks of $threads threads, $sources sources, $*"
import json, sys
ranks, sources, targets, vectors = (int(argument) for argument in sys.argv[1:])
few, many = (json.load(open(f))["memory"] for f in ("few.json", "many.json"))
measured = many["peak_rss_bytes_max"] - few["peak_rss_bytes_max"] - ((24 + 8 * vectors) * sources + 24 * targets) / ranks
expected = many["estimate"]["peak"] - few["estimate"]["peak"]
print(f"{expected / 2**20:.1f} MiB expected, {measured / 2**20:.1f} measured, ratio {expected / measured:.3f}")
sys.exit(not 0.8 < expected / measured < 1.2)
END
}
# Sanitizers keep shadow memory and freed blocks, which are no part of an estimate.
if [ -z "${OCTOPOLE_SANITIZE?}" ]; then
  estimate 1 1 1000000 0 --shape cube --digits 3
  estimate 1 8 1000000 0 --shape cube --digits 3  # threads have temporaries of their own
  estimate 1 2 1000000 0 --shape sphere --digits 9 --gradient
  estimate 2 1 1000000 0 --shape cube --digits 12
  estimate 3 1 1000000 0 --shape sphere --digits 6 --gradient
  estimate 2 2 1000000 0 --shape plummer --digits 6 --m2l svd
  estimate 1 4 600000 400000 --shape plummer --digits 9 --gradient
  VECTORS=8 estimate 1 2 300000 0 --shape cube --digits 6
  VECTORS=11 estimate 3 1 200000 0 --shape sphere --digits 9 --gradient
fi

# Limits: bytes with units, none, nonsense.
expect 1 2 run --shape cube -n 100000 --report r.json --memory-limit 12MiB
shows err "not enough memory" "its limit is 12.0 MiB" "use more ranks"
expect 0 2 run --shape cube -n 100000 --report r.json --memory-limit 1GiB
shows out "of 1.00 GiB allowed"
shows r.json '"memory_limit": 1073741824'
expect 0 2 run --shape cube -n 1000 --report r.json --memory-limit none
shows out "not checked"
for nonsense in lots -1 0 12XB; do
  octopole 1 run --shape cube -n 1000 --report r.json "--memory-limit=$nonsense"
  [ "$status" -ne 0 ] || fail "--memory-limit $nonsense was taken"
done

# A real limit of the process: the message, not std::bad_alloc and not a kill. The address space that a run of few
# points takes is looked at first, and 400 MiB more are given to one whose points fit into that, but not the rest.
limited() { # LIMIT POINTS: LIMIT in KiB, or unlimited
  timeout "$time_limit" "${mpiexec[@]}" -n 1 bash -c "ulimit -v $1; exec \"\$0\" \"\$@\"" "$program" \
    run --shape cube -n "$2" -t 1 --no-tune --report r.json >out 2>err </dev/null
}
if [ -z "${OCTOPOLE_SANITIZE?}" ]; then  # shadow memory takes terabytes of address space
  limited unlimited 300000 &
  launcher=$!
  space=0
  while kill -0 $launcher 2>/dev/null; do
    for status_file in $(grep -lsE "^Name:[[:space:]]*$(basename "$program" | cut -c1-15)$" /proc/[0-9]*/status); do
      [ "$(readlink "${status_file%status}exe")" = "$program" ] || continue
      seen=$(awk '/^VmPeak:/ { print $2 }' "$status_file" 2>/dev/null)
      [ "${seen:-0}" -gt "$space" ] && space=$seen
    done
    sleep 0.02
  done
  wait $launcher || fail "a run of few points"
  [ "$space" -gt 0 ] || fail "the program's address space was not seen"
  limited $((space + 409600)) 6000000
  status=$?
  [ $status -eq 1 ] || fail "exit code $status instead of 1 under ulimit -v"
  shows err "not enough memory" "ulimit -v" "are left"
fi

# Coincident points: a warning with the seconds, or a refusal.
expect 0 1 run --shape cube -n 20000 --max-level 1 --ncrit 100 --digits 3 --report r.json
shows err "warning: 8 leaves at the maximum level 1 hold more than ncrit = 100 points" "s for their"
expect 1 2 run --shape cube -n 2000000 --max-level 1 --ncrit 100 --digits 3 --report r.json
shows err "8 leaves at the maximum level 1" "merge coincident sources" "--allow-overfull-leaves"
expect 0 2 run --shape cube -n 2000000 --max-level 1 --ncrit 100 --digits 3 --no-evaluate --report r.json \
  --allow-overfull-leaves
shows err "warning: 8 leaves"
finish
