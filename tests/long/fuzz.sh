#!/usr/bin/env bash
# libFuzzer on every reader of files, under AddressSanitizer and UndefinedBehaviorSanitizer. Usage: fuzz.sh SOURCE BUILD
#   FUZZ_SECONDS   for each reader (60)
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
sanitized_build
readers=(msh obj stl throughput machine points_hdf5 operators_hdf5)
make_targets octopole_fuzz_corpus "${readers[@]/#/fuzz_}"

octopole_mpi_environment 1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# MPI and HDF5 leave memory behind once; what readers leave behind in each call shows in the size of the process.
ASAN_OPTIONS=detect_leaks=0 "$build/tests/fuzz/octopole_fuzz_corpus" "$build/seeds"
runs=0
for reader in "${readers[@]}"; do
  corpus=$build/corpus/$reader
  mkdir -p "$corpus" "$build/findings"
  log=$build/$reader.log
  case $reader in
    msh | obj | stl | machine) leaks=1 ;;
    *) leaks=0 ;;
  esac
  if ! ASAN_OPTIONS=detect_leaks=$leaks "$build/tests/fuzz/fuzz_$reader" -max_total_time="${FUZZ_SECONDS:-60}" \
    -max_len=4096 -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=1024 -print_final_stats=1 -seed=1 \
    -artifact_prefix="$build/findings/$reader-" "$corpus" "$build/seeds/$reader" >"$log" 2>&1; then
    tail -n 60 "$log"
    verdict "the reader $reader fails: see $build/findings"
    exit 1
  fi
  count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "$reader: $count files read"
  runs=$((runs + count))
done
rm -f /dev/shm/octopole-fuzz-*
verdict "${#readers[@]} readers, $runs files, nothing found"
