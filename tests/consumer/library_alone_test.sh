#!/usr/bin/env bash
# What can be left out of a build: OCTOPOLE_PROGRAM=OFF needs neither CLI11 nor nlohmann-json, and makes no program; with it
# they are asked for by name. Without planner, boundary elements, PETSc and program no file of these modules is compiled;
# tests/long/shared_install.sh builds and uses what is left.
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
# configure NAME OPTION...: as on a machine without the program's libraries.
configure() {
  cmake -S "$source_tree" -B "$scratch/$1" "${@:2}" -DOCTOPOLE_TESTS=OFF \
    -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON >"$scratch/log" 2>&1
}
configure library -DOCTOPOLE_PROGRAM=OFF || fail "the library cannot be configured without the program's libraries"
cmake --build "$scratch/library" --target help >"$scratch/log"
grep -qw octopole "$scratch/log" || fail "there is no library to build"
if grep -qw octopole_program "$scratch/log"; then fail "there is a program to build"; fi
if configure program -DOCTOPOLE_PROGRAM=ON; then fail "the program is configured without its libraries"; fi
grep -q "cli11, nlohmann-json" "$scratch/log" || fail "what is missing is not named"

# modules FOLDER: the modules whose files are compiled.
modules() {
  sed -n 's|^ *"file": ".*/src/\([a-z]*\)/.*|\1|p' "$scratch/$1/compile_commands.json" | sort -u | paste -sd ' ' -
}
configure core -DOCTOPOLE_PLANNER=OFF -DOCTOPOLE_BEM=OFF -DOCTOPOLE_PETSC=OFF -DOCTOPOLE_PROGRAM=OFF ||
  fail "the core cannot be configured"
modules core >"$scratch/log"
[ "$(modules core)" = "base cost distributed fmm io kernels linalg mpi operators simd tree" ] ||
  fail "these are not the modules of the core"
[[ " $(modules library) " = *" bem "*" planner "* ]] || fail "the library has neither planner nor boundary elements"
