#!/usr/bin/env bash
# octopole generate writes the same file on any number of ranks, and what it is asked for.
. "$(dirname "$0")/common.sh"

for shape in cube sphere ellipsoid plummer line; do
  expect 0 1 generate $shape -n 1001 --seed 7 --targets 77 -o one.h5
  shows out "1001 $shape" "77 targets" one.h5
  for ranks in 2 3; do
    expect 0 $ranks generate $shape -n 1001 --seed 7 --targets 77 -o many.h5
    cmp one.h5 many.h5 || fail "$shape differs on $ranks ranks"
  done
done

# Fewer points than ranks.
expect 0 1 generate cube -n 2 -o one.h5
expect 0 5 generate cube -n 2 -o many.h5
cmp one.h5 many.h5 || fail "two points differ on five ranks"

# Seeds and charges matter; --quiet prints nothing.
expect 0 2 generate cube -n 100 --seed 1 -o a.h5 --quiet
[ -s out ] && fail "--quiet prints"
expect 0 2 generate cube -n 100 --seed 2 -o b.h5
cmp -s a.h5 b.h5 && fail "seeds make no difference"
expect 0 2 generate cube -n 100 --seed 1 --charges unit -o b.h5
cmp -s a.h5 b.h5 && fail "the kind of charges makes no difference"

[ "$(find . -name '*.part-*')" = "" ] || fail "temporary files are left"
finish
