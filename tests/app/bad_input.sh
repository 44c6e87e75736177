#!/usr/bin/env bash
# Whatever is wrong: one clear message, the same end on all ranks, within seconds, and old results stay as they are.
. "$(dirname "$0")/common.sh"

expect 0 1 generate cube -n 200 --charges unit -o points.h5
echo "old results" >results.h5
before=$(cksum results.h5)

# refuses STATUS "WORDS|WORDS" ARGUMENTS...: on each number of ranks in rank_counts.
rank_counts="1 3"
refuses() {
  local wanted=$1 words ranks
  IFS='|' read -ra words <<<"$2"
  shift 2
  for ranks in $rank_counts; do
    expect "$wanted" $ranks "$@"
    shows err "octopole: error: " "${words[@]}"
    [ "$(grep -c 'octopole: error' err)" -eq 1 ] || fail "more than one message"
    [ "$(cksum results.h5)" = "$before" ] || fail "old results are lost"
  done
}
run() { refuses "$1" "$2" run --input "$3" --output results.h5 "${@:4}"; }

# Input that is not there, or not what it should be.
run 1 "nowhere.h5|No such file" nowhere.h5
run 1 "directory" "$PWD"
: >empty.h5
run 1 "empty.h5|not an HDF5 file|empty" empty.h5
echo "0 0 0 1" >text.h5
run 1 "text.h5|not an HDF5 file" text.h5
head -c 3000 points.h5 >cut.h5
run 1 "cut.h5" cut.h5
expect 0 1 run --input points.h5 --output without-sources.h5
run 1 "without-sources.h5|/sources/positions" without-sources.h5

# NaN and infinity among the charges: these are the run of 1.0, little endian, in the file.
place=$(LC_ALL=C grep -obUaP '(\x00{6}\xf0\x3f){200}' points.h5 | head -1 | cut -d: -f1)
[ -n "$place" ] || fail "no charges found in the file"
cp points.h5 nan.h5
printf '\0\0\0\0\0\0\370\177' | dd of=nan.h5 bs=1 seek=$((place + 8 * 17)) conv=notrunc status=none
printf '\0\0\0\0\0\0\360\377' | dd of=nan.h5 bs=1 seek=$((place + 8 * 130)) conv=notrunc status=none
run 1 "nan.h5|/sources/charges|2 values|row 17" nan.h5

# Output that cannot be written: known before the work begins.
rank_counts=3
refuses 1 "missing/out.h5|No such file" run -i points.h5 -o missing/out.h5
refuses 1 "directory" run -i points.h5 -o .
refuses 1 "missing/report.json" run -i points.h5 -o results.h5 --report missing/report.json
refuses 1 "missing/out.h5" generate cube -n 10 -o missing/out.h5
refuses 2 "twice" run -i points.h5 -o ./points.h5
run 1 "text.h5|not an operator database" points.h5 --operators text.h5
[ "$(cat text.h5)" = "0 0 0 1" ] || fail "a foreign file is overwritten"

# A full disk, here a limit on the size of files, leaves the old results and no other file.
limited='trap "" XFSZ; ulimit -f 12000; exec "$0" generate cube -n 500000 -o results.h5'
timeout "$time_limit" "${mpiexec[@]}" -n 2 bash -c "$limited" "$program" >out 2>err
[ $? -eq 1 ] || fail "a full disk goes unnoticed"
shows err "results.h5" "File too large"
[ "$(cksum results.h5)" = "$before" ] || fail "old results are lost"

# Options.
rank_counts=1
run 2 "digits|13|2 to 12" points.h5 --digits 13
run 2 "digits|1 |2 to 12" points.h5 --digits 1
run 2 "digits" points.h5 --digits many
run 2 "digits|single" points.h5 --digits 9 --precision single
run 2 "5 digits|estimate|3 digits" points.h5 --digits 5 --near-form estimate
rank_counts=3 run 2 "order" points.h5 --order 1
run 2 "ncrit" points.h5 --ncrit 0
run 2 "allgather threshold" points.h5 --allgather-threshold 0
run 2 "allgather threshold" points.h5 --coarse-users 0  # the earlier name
run 2 "level" points.h5 --max-level 30
run 2 "radius" points.h5 --inner-radius nan
run 2 "radius" points.h5 --outer-radius 9
run 2 "SVD" points.h5 --svd-rank 5 --m2l fft
run 2 "quad" points.h5 --precision quad
rank_counts=3 run 2 "--frobnicate" points.h5 --frobnicate
run 2 "--threads" points.h5 --threads 0
refuses 2 "--input" run --output results.h5
rank_counts=3 refuses 2 "torus" generate torus -n 10 -o x.h5
refuses 2 "--points" generate cube -n 0 -o x.h5
refuses 2 "subcommand"
expect 0 3 --help
[ "$(grep -c Subcommands out)" -eq 1 ] || fail "help is not printed once"
expect 0 3 --version

[ "$(find . -name '*.part-*')" = "" ] || fail "temporary files are left"
finish
