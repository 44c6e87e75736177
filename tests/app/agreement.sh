#!/usr/bin/env bash
# Ranks that are started differently, and a rank that fails alone: one message, no rank left waiting.
. "$(dirname "$0")/common.sh"

expect 0 1 generate cube -n 300 -o points.h5
run=(run -i points.h5 -o results.h5)

# several STATUS "WORDS|WORDS" RANKS... -- : what follows is one command of mpiexec, parts separated by ":".
several() {
  local wanted=$1 words
  IFS='|' read -ra words <<<"$2"
  shift 2
  timeout 60 "${mpiexec[@]}" "$@" >out 2>err </dev/null
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
finish
