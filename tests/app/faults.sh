#!/usr/bin/env bash
# A rank that fails at any stage of a run: all ranks end within seconds, with one message that names rank, stage and
# cause, a non-zero exit code, and old results as they were. On 2, 3 and 7 ranks.
. "$(dirname "$0")/common.sh"

expect 0 1 generate plummer -n 3000 -o points.h5
arguments=(run --input "$PWD/points.h5" --output results.h5 --ncrit 40 --fields potential,gradient,hessian --digits 4)
stages="arguments options operators read input tuning sort distribute tree lists balance ghosts plan
  p2m m2m m2l l2l l2p m2p p2l p2p
  charges ghost_charges ancestors coarse_multipoles ghost_multipoles near_sums potential gradient hessian
  summary verify write report
  options/work tree/work plan/work"
# Of octopole capacitance alone. "charges" is there the file of charges, which is written long after the first exchange of
# charges; that exchange has no part "work".
capacitance_stages=(distribute "near panels" blocks charges/work product preconditioner)

# Every stage in the sources is in one of the lists.
headers=("$source_tree"/include/octopole/*.hpp)
# names_of ARRAY: its strings.
names_of() {
  local names
  names=$(cat "${headers[@]}" | tr '\n' ' ' | grep -oE "\b$1 = \{[^}]*\}" | grep -oE '"[^"]+"' | tr -d '"')
  [ -n "$names" ] || echo "$1 is not in include/octopole"
  # The time of all exchanges together, which is no stage.
  if [ "$1" = kPhaseNames ] && ! grep -rq 'begin_phase(Phase::exchange' "$source_tree/src"; then
    names=$(grep -vx exchange <<<"$names")
  fi
  printf '%s\n' "$names"
}
# entered FOLDER...: the stages that their sources name.
entered() { (cd "$source_tree/src" && grep -rhoE '\benter\("[^"]+"\)' "$@" | sed 's/.*("\(.*\)")/\1/' | sort -u); }
mapfile -t folders < <(cd "$source_tree/src" && printf '%s\n' */ | grep -vxE '(bem|petsc)/')
while read -r stage; do
  [[ " ${stages//$'\n'/ } " = *" $stage "* ]] || fail "no fault is injected at stage '$stage'"
done < <(entered "${folders[@]}"; for array in kSetupStageNames kPhaseNames kExchangeNames; do names_of $array; done)
while read -r stage; do
  printf '%s\n' "${capacitance_stages[@]%/work}" | grep -qxF -- "$stage" || fail "no fault is injected at stage '$stage' of capacitance"
done < <(entered bem petsc)
# Stages of other names, and faults elsewhere, which this does not see.
grep -rnE '\benter\(|\bfault::at\(' "$source_tree/src" |
  grep -vE '\benter\(("[^"]+"\)|k(SetupStage|Phase|Exchange)Names\[|std::string_view stage\))' |
  grep -vE 'mpi/(comm|agreement)\.cpp:[0-9]+: *fault::at\((stage, rank_|comm\.stage\(\), comm\.rank\(\), "work")\);' >out &&
  fail "a stage or fault that the lists cannot hold"

# fails_at RANKS STAGE KIND ARGUMENTS...: in a folder of its own; leaves the file `verdict`.
fails_at() (
  folder=$4-$1-${2//[ \/]/-}-$3
  mkdir "$folder" && cd "$folder" || exit 1
  echo "old results" >results.h5
  : >err
  local began=$SECONDS failed="" run status
  OCTOPOLE_FAULT="$2@$(($1 - 1)):$3" timeout -k 5 50 "${mpiexec[@]}" -n "$1" "$program" "${@:4}" \
    >out 2>err </dev/null &
  run=$!
  while kill -0 $run 2>kill.log; do
    if [ -z "$failed" ] && grep -q "octopole: error" err; then failed=$SECONDS; fi
    sleep 0.2
  done
  wait $run
  status=$?
  {
    [ $status -ne 0 ] || echo "exit code 0"
    # On a busy machine a run takes long to reach the stage; what follows the message takes two seconds.
    [ $((SECONDS - began)) -lt 50 ] || echo "other ranks went on waiting"
    [ $((SECONDS - ${failed:-$SECONDS})) -lt 20 ] || echo "ranks went on for $((SECONDS - failed)) s after the message"
    if [ "$2" = report ]; then  # results are written before it
      head -c 8 results.h5 | grep -aq HDF || echo "the results are not there"
    else
      cmp -s results.h5 - <<<"old results" || echo "old results are lost"
    fi
    if [ "$3" != kill ]; then
      [ "$(grep -c 'octopole: error' err)" -eq 1 ] || echo "not one message"
      grep "octopole: error" err | grep -q "rank $(($1 - 1))\b" || echo "the rank is not named"
    fi
    [ "$3" != error ] || grep "octopole: error" err | grep -qF "stage $2" || echo "the stage is not named"
    [ "$3" != memory ] || grep -q "memory ran out" err || echo "the cause is not named"
  } >verdict
)

# Four runs at a time: most of each is waiting; eight take longer.
runs=0
start() {
  [ "$(jobs -rp | wc -l)" -lt 4 ] || wait -n
  fails_at "$@" &
  runs=$((runs + 1))
}
for ranks in 2 3 7; do
  for stage in $stages; do start $ranks "$stage" error "${arguments[@]}"; done
done
for stage in sort tree p2p verify; do
  for kind in memory kill; do start 3 $stage $kind "${arguments[@]}"; done
done
if [[ " ${OCTOPOLE_WITHOUT?} " != *" bem "* && " $OCTOPOLE_WITHOUT " != *" petsc "* ]]; then
  expect 0 1 generate mesh sphere -n 3 -o sphere.msh -q
  ranks=(2 3 7)
  for i in "${!capacitance_stages[@]}"; do
    start "${ranks[i % 3]}" "${capacitance_stages[i]}" error \
      capacitance "$PWD/sphere.msh" -o results.h5 --rtol 1e-3 --digits 5 --quadrature 1e-3
  done
fi
wait
verdicts=0
for verdict in */verdict; do
  verdicts=$((verdicts + 1))
  [ ! -s "$verdict" ] && continue
  cp "${verdict%/*}/out" "${verdict%/*}/err" .
  fail "${verdict%/*}: $(paste -sd ';' "$verdict")"
done
[ $verdicts -eq $runs ] || fail "$verdicts verdicts on $runs runs"

# A fault that cannot be read is refused.
OCTOPOLE_FAULT=tree expect 1 2 "${arguments[@]}"
shows err "OCTOPOLE_FAULT is"
finish
