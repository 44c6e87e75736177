#!/usr/bin/env bash
# Tests under ThreadSanitizer, with clang and LLVM's OpenMP runtime, whose tool libarcher reports to ThreadSanitizer what
# OpenMP synchronises. Usage: threads.sh SOURCE BUILD
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
compiler=$(command -v clang++-14 || command -v clang++) || skip "not found: clang++"
archer=$(find /usr/lib/llvm-*/lib "$("$compiler" -print-resource-dir)/../.." -name 'libarcher.so' 2>/dev/null | head -n 1 || true)
[ -n "$archer" ] || skip "not found: libarcher.so of LLVM's OpenMP runtime"
configure -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g -Wno-pass-failed" -DCMAKE_CXX_COMPILER="$compiler" \
  -DOCTOPOLE_SANITIZE=thread -DOCTOPOLE_TESTS=ON -DOCTOPOLE_PETSC=OFF
make_targets test_tree test_fmm_mpi octopole_ugly_problems

# BLAS, MPI and HDF5 are not instrumented: what happens inside them is not looked at.
export OMP_TOOL_LIBRARIES=$archer
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=0 exitcode=66 suppressions=$source/tests/long/threads.txt"
octopole_mpi_environment 2
export OMP_NUM_THREADS=4 OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=1
"$build/tests/test_tree"
"${octopole_mpirun[@]}" -n 2 "$build/tests/test_fmm_mpi" --gtest_filter='Evaluate.*:BadInput.*'
ugly_problems 3 --seed 4 --cases 200 --patience 600
verdict "no race in test_tree and test_fmm_mpi with 4 threads; ugly problems: $ugly_summary"
