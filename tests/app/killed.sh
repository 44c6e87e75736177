#!/usr/bin/env bash
# Ranks that are killed: the results, the operator database and the records stay whole, as they were or new, and what
# the killed run leaves is removed by the next one.
. "$(dirname "$0")/common.sh"
needs h5diff python3

expect 0 1 generate cube -n 20000 --seed 4 -o cloud.h5
expect 0 1 run -i cloud.h5 -d 3 -o old.h5 --gradient
expect 0 1 run -i cloud.h5 -d 5 -o new.h5 --gradient

# equal TOLERANCE FILE FILE: results of the same charges.
equal() {
  h5diff -p "$1" "$2" "$3" /targets/potential >diff.log 2>&1 && h5diff -p "$1" "$2" "$3" /targets/gradient >diff.log 2>&1
}
# whole FILE: it is the old or the new one.
whole() {
  equal 1e-5 "$1" old.h5 || equal 1e-5 "$1" new.h5 || { cat diff.log; fail "$1 is neither old nor new"; }
}
# wait_for_ranks: until no process of a run is left. Killed ranks end when their last system call does, which takes long
# if that waits for a disk; until then their temporary files are not the next run's to remove.
wait_for_ranks() {
  local process left
  for _ in $(seq 600); do
    left=
    for process in /proc/[0-9]*; do
      [ "$process" = "/proc/$$" ] || [ ! "$process/cwd" -ef "$scratch" ] || left+=" ${process#/proc/}"
    done
    [ -n "$left" ] || return 0
    sleep 0.05
  done
  fail "processes of a killed run are left:$left"
}
# killed RANKS STAGE OPTIONS...: a run that must not succeed.
killed() {
  local ranks=$1 stage=$2
  shift 2
  # Nothing is read from ranks that mpirun ends, so it need not wait for them.
  OMPI_MCA_odls_base_sigkill_timeout=0 OCTOPOLE_FAULT=$stage octopole "$ranks" run -i cloud.h5 -d 5 --gradient "$@"
  if [ "$status" -eq 0 ] || [ "$status" -eq 124 ]; then fail "exit code $status of $ranks ranks with $stage"; fi
  wait_for_ranks
}

for ranks in 1 2 3; do
  last=$((ranks - 1))
  for rank in $(printf '%d\n' 0 $last | sort -u); do
    # Each step of writing the results: the temporary file, its datasets, looking for it, rows, end, renaming.
    for step in 1 2 3 4 5 6; do
      cp old.h5 result.h5
      killed "$ranks" "write/work@$rank:kill:$step" -o result.h5 --operators operators.h5
      whole result.h5
    done
    rm -f absent.h5
    killed "$ranks" "write/work@$rank:kill:5" -o absent.h5 --operators operators.h5
    [ ! -e absent.h5 ] || whole absent.h5
    # While operators are computed and stored, and before the record is appended.
    killed "$ranks" "operators/work@$rank:kill" -o result.h5 --operators "database-$ranks.h5"
    killed "$ranks" "report/work@$rank:kill" -o result.h5 --report report.json --record records.jsonl
  done
  expect 0 "$ranks" run -i cloud.h5 -d 5 --gradient -o result.h5 --operators "database-$ranks.h5" --record records.jsonl --report report.json
  grep -q damaged out && fail "the database is damaged"
  equal 1e-5 result.h5 new.h5 || fail "the run after killed ones has other results"
  expect 0 "$ranks" run -i cloud.h5 -d 5 --gradient -o result.h5 --operators "database-$ranks.h5"
  shows out "read from the database"
done
expect 0 1 run -i cloud.h5 -d 5 --gradient -o absent.h5

# At any moment: the launcher and its ranks, which are the processes of one session.
kill_session() {
  python3 - "$1" <<'END'
import os, signal, sys
for process in filter(str.isdigit, os.listdir("/proc")):
    try:
        if os.getsid(int(process)) == int(sys.argv[1]): os.kill(int(process), signal.SIGKILL)
    except ProcessLookupError: pass
END
}
for attempt in $(seq 12); do
  cp old.h5 any.h5
  setsid "${mpiexec[@]}" -n 2 "$program" run -i cloud.h5 -d 5 --gradient -o any.h5 --operators any-operators.h5 \
    --record records.jsonl >out 2>err </dev/null &
  launcher=$!
  sleep "0.$((attempt * 6 + 10))"
  {
    kill_session $launcher
    wait $launcher
  } 2>kill.log
  wait_for_ranks
  whole any.h5
done
expect 0 2 run -i cloud.h5 -d 5 --gradient -o any.h5 --operators any-operators.h5 --record records.jsonl
grep -q damaged out && fail "the database is damaged"
python3 - <<'END' || fail "a record is cut off"
import json
for line in open("records.jsonl"): json.loads(line)
END
left=$(find . -name '*.part-*')
[ -z "$left" ] || fail "temporary files are left: $left"
finish
