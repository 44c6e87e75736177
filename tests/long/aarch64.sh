#!/usr/bin/env bash
# The serial tests, cross-compiled for aarch64 with Debian's arm64 libraries, under qemu-user. Usage: aarch64.sh SOURCE BUILD
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
# shellcheck source=tests/long/arm64_libraries.bash
. "$source/tests/long/arm64_libraries.bash"
needs aarch64-linux-gnu-g++ qemu-aarch64 apt-get dpkg-deb readelf
folder=$build
arm64_libraries "$folder/libraries"
build=$folder/build
configure -DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=ON --toolchain "$source/tests/long/aarch64.cmake" \
  "-DOCTOPOLE_ARM64=$folder/libraries" -DOCTOPOLE_PETSC=OFF -DOCTOPOLE_PROGRAM=OFF -DOCTOPOLE_INSTALL=OFF \
  -DOCTOPOLE_TEST_TIMEOUT=3600
serial='^test_[a-z]*$'
mapfile -t targets < <(ctest --test-dir "$build" -N -R "$serial" | sed -n 's/^ *Test *#[0-9]*: //p')
make_targets "${targets[@]}"
for target in "${targets[@]}"; do
  header=$(readelf -h "$build/tests/$target")
  grep -q AArch64 <<<"$header" || { echo "$target is not a program for aarch64"; exit 1; }
done
run_tests -R "$serial"
verdict "aarch64 under $(qemu-aarch64 --version | head -n 1 | cut -d ' ' -f 1-3): $(tests_passed) test programs passed"
