#!/usr/bin/env bash
# Clang builds everything without a warning, and its build passes the serial tests, the MPI tests on 3 ranks and those of
# the installation. Usage: clang.sh SOURCE BUILD
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
needs clang clang++
configure -DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=ON -DOCTOPOLE_PETSC=ON -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
make_targets
run_tests -R '^(test_[a-z]*|test_[a-z]*_mpi_3|install_static|skips)$'
verdict "$(clang++ --version | head -n 1): no warnings, $(tests_passed) tests passed"
