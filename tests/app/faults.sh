#!/usr/bin/env bash
# A rank that fails at any stage of a run: all ranks end within seconds, with one message that names rank, stage and
# cause, a non-zero exit code, and old results as they were. On 2, 3 and 7 ranks.
. "$(dirname "$0")/common.sh"

expect 0 1 generate plummer -n 3000 -o points.h5
arguments=(run --input "$PWD/points.h5" --output results.h5 --ncrit 40 --gradient --digits 4)
stages="options operators input sort distribute tree lists balance ghosts plan
  p2m m2m m2l l2l l2p m2p p2l p2p
  charges ghost_charges coarse_multipoles ghost_multipoles near_sums potential gradient verify
  options/work tree/work plan/work"

# fails_at RANKS STAGE KIND: in a folder of its own; leaves the file `verdict`.
fails_at() (
  mkdir -p "$1-${2//\//-}-$3" && cd "$1-${2//\//-}-$3" || exit 1
  echo "old results" >results.h5
  began=$SECONDS
  OCTOPOLE_FAULT="$2@$(($1 - 1)):$3" timeout -k 5 50 "${mpiexec[@]}" -n "$1" "$program" "${arguments[@]}" \
    >out 2>err </dev/null
  status=$? waited=$((SECONDS - began))
  {
    [ $status -ne 0 ] || echo "exit code 0"
    [ $waited -lt 50 ] || echo "other ranks went on waiting"
    [ "$(cat results.h5)" = "old results" ] || echo "old results are lost"
    if [ "$3" != kill ]; then
      [ "$(grep -c 'octopole: error' err)" -eq 1 ] || echo "not one message"
      grep "octopole: error" err | grep -q "rank $(($1 - 1))\b" || echo "the rank is not named"
    fi
    [ "$3" != error ] || grep "octopole: error" err | grep -qF "stage $2" || echo "the stage is not named"
    [ "$3" != memory ] || grep -q "memory ran out" err || echo "the cause is not named"
  } >verdict
)

# Four runs at a time: most of each is waiting.
for ranks in 2 3 7; do
  for stage in $stages; do
    fails_at $ranks $stage error &
    [ "$(jobs -rp | wc -l)" -lt 4 ] || wait -n
  done
done
for stage in sort tree p2p verify; do
  fails_at 3 $stage memory &
  fails_at 3 $stage kill &
  wait
done
wait
for verdict in */verdict; do
  [ ! -s "$verdict" ] && continue
  cp "${verdict%/*}/out" "${verdict%/*}/err" .
  fail "${verdict%/*}: $(paste -sd ';' "$verdict")"
done

# A fault that cannot be read is refused.
OCTOPOLE_FAULT=tree expect 1 2 "${arguments[@]}"
shows err "OCTOPOLE_FAULT is"
finish
