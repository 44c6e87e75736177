#!/usr/bin/env bash
# The cost model from the command line: what it chooses, where its throughput comes from, and that explicit values win.
. "$(dirname "$0")/common.sh"
expect 0 2 generate cube -n 20000 --seed 5 -o cube.h5

expect 0 1 run -i cube.h5 -d 4 --verify 100 --explain --report one.json
shows out "chosen by the cost model (throughput: reference)" "expected" "sample of 20000 points"
shows one.json '"tuned": true' '"padding":'
expect 0 3 run -i cube.h5 -d 4 --verify 100 --report three.json
for name in ncrit padding leaves hash; do
  [ "$(grep "\"$name\"" one.json)" = "$(grep "\"$name\"" three.json)" ] || fail "$name depends on the ranks"
done

expect 0 2 run -i cube.h5 -d 4 --verify 100 --ncrit 77 --explain --report set.json
shows set.json '"ncrit": 77' '"padding": 1.0' '"tuned": false'
shows out "the cost model had nothing to choose"
expect 0 2 run -i cube.h5 -d 4 --verify 100 --padding 1.5 --report set.json
shows set.json '"padding": 1.5' '"tuned": true'
expect 0 2 run -i cube.h5 -d 4 --verify 100 --no-tune --report set.json
shows set.json '"padding": 1.0' '"tuned": false'
expect 2 2 run -i cube.h5 -d 4 --verify 100 --padding 3
shows err "padding"

# The throughput: measured once and kept, read again, named, refused where it is none.
unset OCTOPOLE_THROUGHPUT OCTOPOLE_RATES
export XDG_CACHE_HOME=$PWD/cache
expect 0 1 run -i cube.h5 -d 4 --verify 100
shows out "measured, kept in"
kept=$(ls cache/octopole/throughput-*.json)
before=$(cat "$kept")
expect 0 2 run -i cube.h5 -d 4 --verify 100
shows out "throughput: $PWD/$kept"
[ "$before" = "$(cat "$kept")" ] || fail "the kept throughput has changed"
expect 0 2 run -i cube.h5 -d 4 --verify 100 --throughput "$kept"
expect 0 2 run -i cube.h5 -d 4 --verify 100 --rates reference  # the earlier name
shows out "throughput: reference"
echo "{}" >"$kept"
expect 0 2 run -i cube.h5 -d 4 --verify 100
shows out "measured, kept in"
echo '{"single": {}}' >wrong.json
expect 1 2 run -i cube.h5 -d 4 --verify 100 --throughput wrong.json
shows err "wrong.json" "not a throughput file"
expect 1 2 run -i cube.h5 -d 4 --verify 100 --throughput absent.json
shows err "absent.json"
export XDG_CACHE_HOME=/proc/nowhere
expect 0 1 run -i cube.h5 -d 4 --verify 100
shows out "throughput: measured, not kept: "

finish
