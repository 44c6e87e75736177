#!/usr/bin/env bash
# octopole run, from file to results: accuracy, report, operator database, exit codes.
. "$(dirname "$0")/common.sh"
needs h5diff h5dump

# The digits asked for are reached (else the exit code is 3).
for shape in cube sphere ellipsoid plummer; do
  expect 0 3 generate $shape -n 3000 --seed 5 -o $shape.h5
  for digits in 3 6; do
    expect 0 3 run --input $shape.h5 --digits $digits --output $shape-$digits.h5 --gradient --verify 200 --report report.json --verbose
    shows out "3000 sources = targets" "3 ranks" "for $digits digits" "|U|" "|V|" "|W|" "|X|" "set-up" \
      "p2m" "m2m" "m2l" "l2l" "l2p" "m2p" "p2l" "p2p" "exchange" "sent" "memory" "relative L2 of 200 targets" \
      "$shape-$digits.h5" "report.json"
    shows report.json "\"digits\": $digits" '"sources": 3000' '"targets": 3000' '"ranks": 3' '"samples": 200'
    [ -s $shape-$digits.h5 ] || fail "no results"
  done
done
for name in parameters kernel digits order check_order ncrit precision m2l balance points sources targets machine ranks \
  threads tree leaves nodes levels u v w x mean max seconds setup operators evaluate phases p2m m2m m2l l2l l2p m2p p2l \
  p2p exchange balance imbalance_by_points imbalance_work imbalance_seconds repeated total replicated_partition_bytes \
  replicated_coarse_bytes replicated_count_tree_bytes replicated_shared_bytes setup_stages communication bytes_sent_max bytes_sent_total \
  messages_max peers_max reductions exchanges ghost_charges ghost_multipoles near_sums ancestors hidden worst_rank by_rank memory \
  peak_rss_bytes_max error relative_l2 \
  samples gradient_relative_l2 worst_place kind scaled_l2 scaled_l2_bound cancellation confidence worse_share gradient_scaled_l2 \
  gradient_scaled_l2_bound digits_reached; do
  shows report.json "\"$name\":"
done

# The table is short unless more is asked for.
expect 0 3 run -i cube.h5 -d 3 -o short.h5
shows out "3000 sources = targets" "evaluate" "imbalance" "sent" "memory" "(self-check)"
[ "$(wc -l <out)" -le 24 ] || fail "the table has $(wc -l <out) lines"
grep -q "|U|" out && fail "lists in the short table"

# Distinct targets; every choice of the method; results that do not depend on the ranks.
expect 0 2 generate sphere -n 2000 --targets 500 -o distinct.h5
expect 0 1 run -i distinct.h5 -d 6 -o one.h5
for options in "" "--m2l svd" "--transport point-to-point" "--allgather-threshold 1 --transport point-to-point" "--no-two-to-one" "--threads 2 --repeat 3" "--max-level 2" "--balance-by points"; do
  # shellcheck disable=SC2086
  expect 0 3 run -i distinct.h5 -d 5 -o many.h5 --verify 500 $options
  shows out "2000 sources, 500 targets" "of 500 targets"
done
expect 0 3 run -i distinct.h5 --precision single -d 4 -o many.h5 --verify 500
expect 0 3 run -i distinct.h5 -d 6 -o many.h5
h5diff -p 1e-8 one.h5 many.h5 /targets/potential || fail "results depend on the ranks"

# Balance by work or points, and what a set-up alone reports of it.
expect 0 3 run -i distinct.h5 -d 4 --ncrit 30 --no-evaluate --report set-up.json
shows out "imbalance" "by points" "balanced by work"
shows set-up.json '"by": "work"' '"moved": true' '"evaluate": 0.0'
expect 0 3 run -i distinct.h5 -d 4 --ncrit 30 --no-evaluate --balance-by points --report set-up.json
shows out "balanced by points"
shows set-up.json '"by": "points"' '"moved": false'
expect 2 2 run -i distinct.h5 -d 4 --no-evaluate --verify 10
shows err "--no-evaluate"
expect 2 2 run -i distinct.h5 -d 4 --load-balance luck -o x.h5
shows err "--load-balance"

# More ranks than points.
expect 0 1 generate line -n 2 -o few.h5
expect 0 5 run -i few.h5 -o few-out.h5 --gradient --verify 10

# --output may be left out only if something else is asked for; --quiet prints nothing.
expect 0 2 run -i distinct.h5 -d 3 --verify 10 --quiet
[ -s out ] && fail "--quiet prints"
expect 2 2 run -i distinct.h5 -d 3
shows err "--output"

# An error above the digits asked for is reported by exit code 3.
expect 3 2 run -i cube.h5 --digits 6 --order 2 --check-order 2 --verify 100 -o coarse.h5
shows err "warning" "6 digits"

# Every run checks itself: digits missed are reported by the exit code, and results are written and marked.
attribute() {  # FILE NAME: its number
  h5dump -a "/$2" "$1" | sed -n 's/^ *(0): //p'
}
expect 0 3 run -i cube.h5 --digits 4 --gradient -o checked.h5 --report checked.json
shows out "relative L2 of 64 targets against the direct sum (self-check)" "4 digits reached" "95 % confidence" "of |u|" \
  "of sum |q|/r," "of |grad u|" "of sum |q|/r^2," "at most 4.6 % of all targets"
shows checked.json '"kind": "self-check"' '"samples": 64' '"digits_reached": true'
rm -f coarse.h5
for ranks in 1 2 7; do
  expect 3 $ranks run -i cube.h5 --digits 6 --order 2 --check-order 2 -o coarse.h5 --report coarse.json --record coarse.jsonl
  shows err "warning" "potential" "6 digits" "sum |q|/r"
  shows out "6 digits NOT reached" "coarse.h5"
  shows coarse.json '"digits_reached": false'
  shows coarse.jsonl '"digits_reached":false'
done
expect 3 2 run -i cube.h5 --digits 9 --order 6 --gradient -q -o coarse.h5
shows err "gradient" "9 digits" "sum |q|/r^2"
[ "$(attribute checked.h5 digits_reached)" = 1 ] || fail "digits that are reached are not marked so"
[ "$(attribute checked.h5 error_samples)" = 64 ] || fail "results do not say how many targets were checked"
[ "$(attribute coarse.h5 digits_reached)" = 0 ] || fail "digits that are missed are not marked so"
for name in error_scaled_l2 error_relative_l2 gradient_error_scaled_l2 gradient_error_relative_l2; do
  [ -n "$(attribute coarse.h5 $name)" ] || fail "no attribute $name"
done
expect 0 2 run -i cube.h5 --digits 6 --order 2 --check-order 2 --no-self-check -o unchecked.h5 --report unchecked.json
shows unchecked.json '"error": null'
h5dump -A unchecked.h5 | grep -q digits_reached && fail "what was not checked is marked"
expect 2 2 run -i cube.h5 --no-self-check --verify 10 -o x.h5
shows err "--no-self-check" "--verify"
expect 0 1 run --help
shows out "--no-self-check" "Exit code 3" "--digits"
[ "$(wc -l <out)" -le 50 ] || fail "--help takes $(wc -l <out) lines"
grep -q -- --inner-radius out && fail "--help shows options for experts"
expect 0 1 run --help-all
shows out --inner-radius --allgather-threshold --coarse-users --no-two-to-one --no-balance --load-balance --svd-rank

# Charges of one sign do not cancel (those that do: tests/fmm/verify_mpi_test.cpp).
expect 0 2 generate plummer -n 3000 --seed 5 --charges unit -o unit.h5
expect 0 2 run -i unit.h5 --digits 3 -o x.h5 --report unit.json
shows unit.json '"cancellation": 1.0'

# Fewer digits of the gradient than of the potential in single precision.
expect 2 1 run -i cube.h5 --digits 6 --precision single --gradient -o x.h5
shows err "digits = 6" "double precision"
expect 0 1 run -i cube.h5 --digits 6 --precision single -o x.h5

# Overfull leaves are mentioned.
expect 0 2 run -i cube.h5 --digits 3 --ncrit 10 --max-level 1 -o shallow.h5
shows err "warning" "maximum level"

# The operator database: written, read, added to, and rewritten where it is damaged.
expect 0 2 run -i cube.h5 -d 3 -o x.h5 --operators operators.h5
shows out "stored in the database"
expect 0 3 run -i cube.h5 -d 3 -o x.h5 --operators operators.h5
shows out "read from the database"
expect 0 2 run -i cube.h5 -d 4 -o x.h5 --operators operators.h5
shows out "stored in the database"
expect 0 2 run -i cube.h5 -d 3 -o x.h5 --operators operators.h5
shows out "read from the database"
size=$(stat -c %s operators.h5)
truncate -s $((size / 2)) operators.h5
expect 0 2 run -i cube.h5 -d 3 -o x.h5 --operators operators.h5 --verify 100
shows out "damaged" "stored in the database"
expect 0 2 run -i cube.h5 -d 3 -o x.h5 --operators operators.h5
shows out "read from the database"
expect 0 2 run -i cube.h5 -d 3 -o x.h5 --operators missing/operators.h5
shows out "not stored"

[ "$(find . -name '*.part-*')" = "" ] || fail "temporary files are left"
finish
