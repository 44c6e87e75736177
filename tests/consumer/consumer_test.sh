#!/usr/bin/env bash
# Installs a build, moves the prefix elsewhere, and uses what is there as octopole's users would: by find_package, by
# pkg-config and a plain compiler, and the program.
#
# Usage: consumer_test.sh SOURCE_TREE BUILD. In the environment:
#   LINK=static|shared    what the build made
#   PARTS="program petsc" what it made besides the library
#   CXX, CXXFLAGS, CONFIG compiler, its flags, CMake's configuration
#   MPIEXEC               starts ranks, without -n
set -u
source_tree=$1 build=$2
. "$source_tree/tests/support/needs.sh"
needs cmake pkg-config nm readelf
read -ra mpiexec <<<"${MPIEXEC:-mpiexec}"
read -ra cxxflags <<<"${CXXFLAGS:-}"
has() { [[ " $PARTS " = *" $1 "* ]]; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0
fail() {
  echo "FAILED: $1"
  sed 's/^/  /' out
  failures=$((failures + 1))
}
# succeeds TEXT COMMAND...; refuses TEXT WORDS COMMAND...
succeeds() {
  local text=$1
  shift
  echo "== $text"
  "$@" >out 2>&1 </dev/null || fail "$text (exit code $?): $*"
}
refuses() {
  local text=$1 words=$2
  shift 2
  echo "== $text"
  if "$@" >out 2>&1 </dev/null; then fail "$text: not refused"; fi
  tr -s ' \n' ' ' <out | grep -qF -- "$words" || fail "$text: '$words' is not said"
}
unset LD_LIBRARY_PATH PKG_CONFIG_PATH

# A prefix with nothing else in it, under another name than it was installed by.
succeeds "install" cmake --install "$build" --prefix "$scratch/installed-here" --config "$CONFIG"
[ "$failures" -eq 0 ] || exit 1
mv installed-here moved
prefix=$scratch/moved
library_folder=$(dirname "$(find "$prefix" -name 'liboctopole.*' | head -n 1)")
grep -rlF installed-here moved >out && fail "files name the place of their installation"

# find_package: the core alone, where pkg-config finds nothing, PETSc least of all.
configure() { # configure FOLDER OPTIONS...
  local folder=$1
  shift
  cmake -S "$source_tree/tests/consumer" -B "$folder" "-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_BUILD_TYPE=$CONFIG" \
    "-DCMAKE_CXX_COMPILER=$CXX" "-DCMAKE_CXX_FLAGS=${CXXFLAGS:-}" \
    "-DREADME_EXAMPLE=$build/tests/examples/readme_example.cpp" \
    "-DPETSC_EXAMPLE=$source_tree/docs/examples/petsc_solve.cpp" "$@"
}
blind() { PKG_CONFIG_LIBDIR=/nowhere configure "$@"; }
succeeds "find_package(octopole) without PETSc in sight" blind core
succeeds "its build" cmake --build core
for ranks in 1 3; do
  succeeds "consumer on $ranks ranks" "${mpiexec[@]}" -n $ranks core/consumer
  grep -q "octopole::Error caught" out || fail "it did not do what it should"
done
succeeds "the README's example" "${mpiexec[@]}" -n 2 core/consumer_example
refuses "an unknown component" "octopole has no component fortran" blind other -DCOMPONENTS=fortran
if has petsc; then
  refuses "petsc where PETSc is not found" "needs PETSc 3.15 or later" blind other -DPETSC=ON
  succeeds "find_package(octopole COMPONENTS petsc)" configure petsc -DPETSC=ON
  succeeds "its build" cmake --build petsc
  succeeds "the example of docs/petsc.md" "${mpiexec[@]}" -n 2 petsc/consumer_petsc
  grep -q "iterations" out || fail "it did not do what it should"
else
  refuses "petsc where octopole is without" "built without PETSc" configure other -DPETSC=ON
fi

# pkg-config and a plain compiler. What a static library's users need comes with and without --static.
export PKG_CONFIG_PATH=$library_folder/pkgconfig
with_pkg_config() { # with_pkg_config SOURCE MODULE [--static]: makes ./plain
  local flags
  flags=$(pkg-config --cflags --libs ${3:+"$3"} "$2") || return
  read -ra flags <<<"$flags"
  rm -f plain
  "$CXX" -std=c++20 "${cxxflags[@]}" "$1" "${flags[@]}" -Wl,-rpath,"$library_folder" -o plain
}
styles=("")
[ "$LINK" = shared ] || styles+=(--static)
for style in "${styles[@]}"; do
  succeeds "pkg-config $style octopole" with_pkg_config "$source_tree/tests/consumer/main.cpp" octopole $style
  succeeds "what it made, on 3 ranks" "${mpiexec[@]}" -n 3 ./plain
  if has petsc; then
    succeeds "pkg-config $style octopole_petsc" with_pkg_config "$source_tree/docs/examples/petsc_solve.cpp" octopole_petsc $style
    succeeds "what it made, on 2 ranks" "${mpiexec[@]}" -n 2 ./plain
  fi
done

# The program runs from its prefix.
if has program; then
  succeeds "the program" "${mpiexec[@]}" -n 2 "$prefix/bin/octopole" run --shape cube -n 500 -d 4 --verify 100 --throughput reference
  grep -q "relative L2" out || fail "it did not do what it should"
fi

# A shared library: its name says the version that its interface has, and it shows only what is octopole's own.
if [ "$LINK" = shared ]; then
  for library in "$library_folder"/liboctopole*.so; do
    name=$(basename "$library")
    readelf -d "$library" >out
    grep -q "SONAME.*\[$name\.[0-9]*\.[0-9]*\]" out || fail "$name has no version in its name"
    grep -q "RUNPATH.*\[\$ORIGIN/*[]:]" out || fail "$name does not look for libraries beside itself"
    # Weak symbols may be instances of the standard library's templates; the linker and OpenMP add some of their own.
    nm -DC --defined-only "$library" | awk '$2 !~ /[WVu]/ || / fmt::/' |
      grep -vE ' ((typeinfo|vtable|VTT|guard variable|typeinfo name) for )?octopole::| (__bss_start|_edata|_end|\.gomp_.*)$' >out &&
      fail "$name shows what is not octopole's"
    [ "$(nm -D --defined-only "$library" | wc -l)" -gt 20 ] || fail "$name shows nothing"
  done
fi
[ "$failures" -eq 0 ] && echo "all as expected"
exit $((failures > 0))
