#!/usr/bin/env bash
# OCTOPOLE_PROGRAM=OFF needs neither CLI11 nor nlohmann-json, and makes no program; with it they are asked for by name.
# Usage: library_alone_test.sh SOURCE_TREE
set -euo pipefail
source_tree=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "FAILED: $1"
  cat "$scratch/log"
  exit 1
}
# configure ON|OFF: as on a machine without the program's libraries.
configure() {
  cmake -S "$source_tree" -B "$scratch/$1" -DOCTOPOLE_PROGRAM="$1" -DOCTOPOLE_TESTS=OFF \
    -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON >"$scratch/log" 2>&1
}
configure OFF || fail "the library cannot be configured without the program's libraries"
cmake --build "$scratch/OFF" --target help >"$scratch/log"
grep -qw octopole "$scratch/log" || fail "there is no library to build"
if grep -qw octopole_program "$scratch/log"; then fail "there is a program to build"; fi
if configure ON; then fail "the program is configured without its libraries"; fi
grep -q "cli11, nlohmann-json" "$scratch/log" || fail "what is missing is not named"
