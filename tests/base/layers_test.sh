#!/usr/bin/env bash
# Fails on an #include of a module that is not on a lower layer, on MPI, HDF5, PETSc, intrinsics or the libraries of the
# program in a module where they do not belong, and on headers that differ under SimGrid. The layers and the rule of each
# module are those of the table in docs/developers/architecture.md. Usage: layers_test.sh SOURCE_TREE
set -euo pipefail
cd "$1"

# The table: | layer | `module` | rule |
rules=$(sed -nE 's/^\| ([0-9]+) \| `([a-z]+)` \| ([^|]+) \|$/\2:\1:\3/p' docs/developers/architecture.md)
for folder in src/*/; do
  grep -qE "^$(basename "$folder"):[0-9]+:.+\.$" <<<"$rules" || { echo "docs/developers/architecture.md has no rule for $folder"; exit 1; }
done
while IFS=: read -r module _; do
  [ -d "src/$module" ] || { echo "docs/developers/architecture.md has a rule for src/$module, which is not there"; exit 1; }
done <<<"$rules"

# A module sees its own files and the modules on lower layers; those that are pure know nothing of MPI.
# shellcheck disable=SC2016  # awk expands its own variables
find include src -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.h' -o -name '*.inc' -o -name '*.ipp' \) |
  sort | xargs awk -v pairs="$(cut -d: -f1,2 <<<"$rules" | tr '\n' ' ')" '
  BEGIN {
    split(pairs, list, " ")
    for (i in list) { split(list[i], pair, ":"); layer[pair[1]] = pair[2] }
    split("simd linalg kernels tree operators planner", list, " ")
    for (i in list) pure[list[i]] = 1
    files = 0; bad = 0
  }
  function complain(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; bad++ }
  function module_of(path,   parts) { split(path, parts, "/"); return parts[1] }
  FNR == 1 {
    files++
    public = FILENAME ~ /^include\//
    path = FILENAME
    sub(/^src\//, "", path)
    module = public ? "" : module_of(path)
    if (!public && !(module in layer)) complain("no layer is known for the folder " module "/")
    if (public && FILENAME !~ /^include\/octopole\/[a-z0-9_]+\.hpp$/) complain("public headers are directly in include/octopole/")
  }
  /OCTOPOLE_SMPI/ && /^[ \t]*#/ && FILENAME ~ /\.hpp$/ { complain("headers are the same under SimGrid") }
  /^[ \t]*#[ \t]*include[ \t]*["<]/ {
    target = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*["<]/, "", target)
    sub(/[">].*$/, "", target)

    if (target ~ /^mpi\.h$/ && module != "mpi" && module != "petsc" && !public)
      complain("<mpi.h> belongs in mpi/, petsc/ and public headers")
    if (target ~ /^(hdf5(_hl)?|H5[A-Za-z0-9]*)\.h$/ && module != "io") complain("<" target "> belongs in io/ alone")
    if (target ~ /^petsc.*\.h$/ && module != "petsc" && FILENAME != "include/octopole/petsc.hpp")
      complain("<" target "> belongs in petsc/ and octopole/petsc.hpp alone")
    if (target ~ /^(CLI|nlohmann)\// && module != "app") complain("<" target "> belongs in app/ alone: the library does without")
    if (target ~ /^([a-z0-9]*mmintrin|immintrin|x86intrin|intrin|arm_neon|arm_sve)\.h$/ && module != "simd")
      complain("<" target "> belongs in simd/ alone")

    if (target ~ /(^|\/)\.\.\// || target ~ /^src\//) {
      complain("include \"<module>/<file>\", not by ../ or src/")
      next
    }
    if (target ~ /^octopole\//) next  # public headers, which every module may use
    other = module_of(target)
    if (index(target, "/") == 0 || !(other in layer)) next  # system, library or generated file
    if (public) { complain("a public header includes no header of a module"); next }
    if (other == "mpi" && module in pure) complain(module "/ is pure and knows nothing of mpi/")
    if (other != module && layer[other] >= layer[module])
      complain("layer " layer[module] " (" module "/) may not see layer " layer[other] " (" other "/)")
  }
  END {
    if (files == 0) { print "no source files found"; exit 1 }
    if (bad > 0) { printf "%d line(s) break the layers of docs/developers/architecture.md\n", bad; exit 1 }
    printf "%d files keep to their layers\n", files
  }'

# What is installed: a user reads few headers, and fmm.hpp brings few of them.
count=$(find include/octopole -name '*.hpp' | wc -l)
[ "$count" -le 15 ] || { echo "$count public headers: at most 15"; exit 1; }
brings() { # brings HEADER: the public headers that it includes, and those that these include
  local next
  for next in $(sed -n 's/^#include "octopole\/\(.*\)"/\1/p' "include/octopole/$1"); do
    echo "$next"
    brings "$next"
  done
}
own=$(brings fmm.hpp | sort -u)
[ "$(wc -l <<<"$own")" -le 4 ] || { echo "octopole/fmm.hpp brings more than 4 public headers: ${own//$'\n'/ }"; exit 1; }
