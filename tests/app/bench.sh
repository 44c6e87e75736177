#!/usr/bin/env bash
# octopole bench: every case measured, its error beside its time; every instruction set of the machine reaches the digits.
. "$(dirname "$0")/common.sh"

expect 0 2 bench -n 4000,8000 -d 3,6 --shapes cube,sphere --repeat 2 --samples 100 --phases -o bench.json
[ "$(grep -c '^cube\|^sphere' out)" -eq 16 ] || fail "not 2 x 2 x 2 x 2 cases"
shows out "direct sum" "pairs/point" "p2p" "% of the measured throughput" "tuning"
for name in direct_sum_pairs_per_second throughput near_pairs gemm sweep transform cloud digits output setup_stages evaluate \
  phases gflops fraction_of_peak pairs_per_point peak_rss_bytes relative_l2 gradient_relative_l2; do
  shows bench.json "\"$name\":"
done

for isa in baseline avx2_reproducible avx2 avx512; do
  export OCTOPOLE_SIMD=$isa
  octopole 2 bench -n 3000 -d 3,6,10 --shapes plummer --repeat 1 --samples 200 --outputs potential
  if [ "$status" -eq 0 ]; then
    shows out ", $isa;"
  else
    shows err "not available"
  fi
done
OCTOPOLE_SIMD=baseline expect 0 1 bench -n 2000 -d 4 --clouds cube --repeat 1 --samples 100 --precision single  # the earlier name
OCTOPOLE_SIMD=mmx expect 2 1 bench -n 2000 -d 4
shows err "mmx"
unset OCTOPOLE_SIMD

expect 2 1 bench -d 13
shows err "digits = 13"
expect 2 1 bench --shapes donut
shows err "donut"
finish
