#!/usr/bin/env bash
# A Debug build with the assertions of the standard library: all tests pass, and run at least 90 % of the lines of src/ and
# include/. Usage: coverage.sh SOURCE BUILD
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
needs lcov gcov
# Counters are not atomic, with which loops over pairs take a hundred times as long: threads may lose counts, and a line
# that ran still has a count.
configure -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=-Og --coverage -fprofile-update=single -D_GLIBCXX_ASSERTIONS" \
  -DOCTOPOLE_TESTS=ON "-DOCTOPOLE_TEST_RANKS=1;3" -DOCTOPOLE_TEST_TIMEOUT=1800
make_targets octopole_test_programs octopole_program
find "$build" -name '*.gcda' -delete
# Left out: what builds again or reads sources, and the longest evaluations.
run_tests -LE "accuracy|simulation|source|example|install" -E "_64$|_without_|^ugly_problems$"
passed=$(tests_passed)
ugly_problems 13 --seed 1 --cases 300 --patience 600  # operators of high orders take minutes without optimisation
lcov --quiet --directory "$build" --capture --no-external --base-directory "$source" --output-file "$build/all.info"
lcov --quiet --extract "$build/all.info" "$source/src/*" "$source/include/*" --output-file "$build/lines.info"
# By module, files below 75 %, and in total.
awk -F '[:,]' -v root="$source/" '
  /^SF:/ { file = substr($0, 4); sub(root, "", file); n = split(file, part, "/"); module = part[n - 1] }
  /^DA:/ { found[module]++; in_file[file]++; all++; if ($3 > 0) { hit[module]++; hit_in[file]++; run++ } }
  END {
    for (file in in_file) if (hit_in[file] < 0.75 * in_file[file])
      printf "low: %s %.1f %% of %d lines\n", file, 100 * hit_in[file] / in_file[file], in_file[file]
    for (module in found) printf "%-12s %5d of %5d lines, %.1f %%\n", module, hit[module], found[module], 100 * hit[module] / found[module]
    printf "%.1f %% of %d lines in src/ and include/ are run\n", 100 * run / all, all
    exit run < 0.9 * all
  }' "$build/lines.info" >"$build/coverage.txt" || { cat "$build/coverage.txt"; exit 1; }
cat "$build/coverage.txt"
verdict "$passed tests pass in a Debug build; ugly problems: $ugly_summary; $(tail -n 1 "$build/coverage.txt")"
