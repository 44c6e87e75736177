#!/usr/bin/env bash
# Fails on an #include that climbs a floor of the house, or that brings MPI, HDF5, PETSc, intrinsics or the libraries of the
# program into a room where they do not belong. Usage: floors_test.sh SOURCE_TREE
set -euo pipefail
cd "$1"

# A room sees its own files and those of the rooms on lower floors; parallel stands on tree.
# shellcheck disable=SC2016  # awk expands its own variables
find include/octopole src -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.h' -o -name '*.inc' -o -name '*.ipp' \) |
  sort | xargs awk '
  BEGIN {
    split("base:0 mpi:1 simd:1 linalg:2 morton:2 kernels:2 tree:3 operators:3 parallel:4 fmm:5 io:6 petsc:6 " \
          "bem:7 app:8 bench:8", pairs, " ")
    for (i in pairs) { split(pairs[i], pair, ":"); floor[pair[1]] = pair[2] }
    files = 0; bad = 0
  }
  function complain(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; bad++ }
  function room_of(path,   parts) {
    sub(/^include\/octopole\//, "", path); sub(/^src\//, "", path)
    if (path !~ /\//) return ""  # the words of a user, such as octopole/options.hpp, which every room may use
    split(path, parts, "/")
    return parts[1]
  }
  FNR == 1 {
    files++
    room = room_of(FILENAME)
    if (room != "" && !(room in floor)) complain("no floor is known for the folder " room "/")
  }
  /^[ \t]*#[ \t]*include[ \t]*["<]/ {
    target = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*["<]/, "", target)
    sub(/[">].*$/, "", target)

    if (target ~ /^mpi\.h$/ && room != "mpi" && room != "petsc" && room != "")
      complain("<mpi.h> belongs in mpi/, petsc/ and the headers of users")
    if (target ~ /^(hdf5(_hl)?|H5[A-Za-z0-9]*)\.h$/ && room != "io") complain("<" target "> belongs in io/ alone")
    if (target ~ /^petsc.*\.h$/ && room != "petsc") complain("<" target "> belongs in petsc/ alone")
    if (target ~ /^(CLI|nlohmann)\// && room != "app") complain("<" target "> belongs in app/ alone: the library does without")
    if (target ~ /^([a-z0-9]*mmintrin|immintrin|x86intrin|intrin|arm_neon|arm_sve)\.h$/ && room != "simd")
      complain("<" target "> belongs in simd/ alone")

    seen = target
    if (seen ~ /(^|\/)\.\.\//) { complain("include by the full path \"octopole/<folder>/...\", not by ../"); next }
    if (sub(/^octopole\//, "", seen) == 0 && !(room_of(seen) in floor)) next  # system, library or neighbouring file
    other = room_of(seen)
    if (other == room || other == "") next
    if (room == "") { complain("a header of users includes no header of a room"); next }
    if (!(other in floor)) { complain("no floor is known for \"" target "\""); next }
    if (floor[other] >= floor[room])
      complain("floor " floor[room] " (" room "/) may not see floor " floor[other] " (" other "/)")
  }
  END {
    if (files == 0) { print "no source files found"; exit 1 }
    if (bad > 0) { printf "%d include(s) break the floors of docs/architecture.md\n", bad; exit 1 }
    printf "%d files keep to their floors\n", files
  }'
