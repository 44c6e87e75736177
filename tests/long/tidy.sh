#!/usr/bin/env bash
# clang-tidy, by the committed .clang-tidy, on sources and tests; every finding is an error. Usage: tidy.sh SOURCE BUILD
#   TIDY=EXPRESSION   only files whose path, from the source folder on, matches
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
tidy=$(command -v clang-tidy-14 || command -v clang-tidy) || skip "not found: clang-tidy"
compiler=$(command -v clang++-14 || command -v clang++) || skip "not found: clang++"
configure -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$compiler" -DOCTOPOLE_TESTS=ON
make_targets octopole_build_info
cd "$source"
mapfile -t files < <(sed -n "s|^ *\"file\": \"$source/\(.*\)\",\{0,1\}\$|\1|p" "$build/compile_commands.json" |
  grep -E '^(src|tests)/' | grep -E "${TIDY:-.}" | sort -u)
[ ${#files[@]} -gt 0 ] || { echo "no file to look at"; exit 1; }
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$cores" "$tidy" -p "$build" --quiet --warnings-as-errors='*' \
  2> >(grep -v "warnings\{0,1\} generated" >&2)
verdict "clang-tidy has nothing to say on ${#files[@]} files"
