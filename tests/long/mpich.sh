#!/usr/bin/env bash
# The core and the program with MPICH and its HDF5, side by side with Open MPI: the MPI tests on 1, 2, 3 and 7 ranks, and
# some of the program and the installation. Usage: mpich.sh SOURCE BUILD
# shellcheck source=tests/long/stage.bash
. "$(dirname "${BASH_SOURCE[0]}")/stage.bash"
needs mpicc.mpich mpicxx.mpich mpiexec.mpich h5pcc.mpich
# PETSc, where the distribution has one, is built with Open MPI.
configure -DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=ON -DOCTOPOLE_PETSC=OFF "-DOCTOPOLE_TEST_RANKS=1;2;3;7" \
  -DMPI_C_COMPILER=mpicc.mpich -DMPI_CXX_COMPILER=mpicxx.mpich "-DMPIEXEC_EXECUTABLE=$(type -P mpiexec.mpich)" \
  "-DHDF5_C_COMPILER_EXECUTABLE=$(type -P h5pcc.mpich)"
make_targets
libraries=$(ldd "$build/src/octopole")
if grep -E 'libmpi\.so|openmpi' <<<"$libraries" || ! grep -q libmpich <<<"$libraries"; then
  echo "the program is not linked with MPICH and its HDF5 alone"
  exit 1
fi
cc -O2 -shared -fPIC -o "$build/yield.so" "$source/tests/long/mpich_yield.c"
LD_PRELOAD=$build/yield.so run_tests -R '^(test_[a-z]*_mpi_[1237]|app_(run|record|bad_input)|readme_example|install_static|skips)$'
verdict "MPICH $(mpichversion | awk '/^MPICH Version/ { print $3 }') and its HDF5: $(tests_passed) tests passed"
