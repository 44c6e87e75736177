#!/usr/bin/env bash
# Shared libraries: the core without planner, boundary elements, PETSc and program; the library alone, without what only the
# program needs; then all. Each is installed, moved, and used by projects with find_package and pkg-config; the program from
# its prefix; tests are linked with the shared library.
# Usage: shared_install.sh SOURCE BUILD
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"

# As on a machine that has neither CLI11 nor nlohmann-json.
configure -DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=ON -DBUILD_SHARED_LIBS=ON -DOCTOPOLE_PLANNER=OFF -DOCTOPOLE_BEM=OFF \
  -DOCTOPOLE_PETSC=OFF -DOCTOPOLE_PROGRAM=OFF -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON
make_targets octopole octopole_headers_alone
run_tests -R '^install_shared$'

configure -DOCTOPOLE_PLANNER=ON -DOCTOPOLE_BEM=ON -DOCTOPOLE_PETSC=ON
make_targets octopole octopole_petsc
run_tests -R '^install_shared$'

configure -DOCTOPOLE_PROGRAM=ON -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=OFF -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=OFF
make_targets octopole octopole_petsc octopole_program test_operators test_io_mpi
run_tests -R '^(install_shared|test_operators|test_io_mpi_3)$'
verdict "shared libraries: installed, moved and used as core, without and with the program; $(tests_passed) tests passed"
