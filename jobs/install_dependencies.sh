#!/usr/bin/env bash
# Installs what octopole is built from.
#
# Usage: jobs/install_dependencies.sh [--tests | --long | --simulation] [--petsc] [--docs] [--check]
#   --tests        also all that the tests need (GoogleTest, Python 3 with matplotlib and h5py, HDF5's tools, iproute2,
#                  PETSc, SimGrid)
#   --long         also what the long suite needs (Clang, clang-tidy, cppcheck, lcov, MPICH, aarch64's compiler and emulator,
#                  and what --docs has)
#   --docs         also what docs/build.sh needs (Doxygen, Sphinx with MyST, Breathe and Furo)
#   --petsc        also PETSc, for octopole::petsc and octopole capacitance
#   --simulation   instead what simulated runs need: SimGrid, but neither MPI nor HDF5
#   --check        only report what is missing
#
# Checks first, without privileges, with the build's own tools (so that Spack and environment modules count), and does
# nothing if all is present. Otherwise installs Debian or Ubuntu packages with apt-get, as root or through sudo. If it can
# do neither, it prints what to install and ends with an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tests=OFF
long=OFF
simulation=OFF
petsc=OFF
docs=OFF
check_only=no
for argument in "$@"; do
  case $argument in
    --tests) tests=ON; petsc=ON ;;
    --long) long=ON; tests=ON; petsc=ON; docs=ON ;;
    --docs) docs=ON ;;
    --petsc) petsc=ON ;;
    --simulation) simulation=ON ;;
    --check) check_only=yes ;;
    -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "unknown option $argument (see --help)" >&2; exit 2 ;;
  esac
done

# need -> Debian and Ubuntu packages
packages_of() {
  case $1 in
    c++ | c++20) echo g++ ;;
    cmake) echo cmake ;;
    make) echo make ;;
    pkg-config) echo pkg-config ;;
    mpi) echo openmpi-bin libopenmpi-dev ;;
    openmp) echo g++ ;;
    hdf5) echo libhdf5-openmpi-dev ;;
    fftw) echo libfftw3-dev ;;
    eigen) echo libeigen3-dev ;;
    lapack) echo libopenblas-dev liblapack-dev ;;
    cli11) echo libcli11-dev ;;
    nlohmann-json) echo nlohmann-json3-dev ;;
    fmt) echo libfmt-dev ;;
    petsc) echo petsc-dev libpetsc-real-dev ;;
    googletest) echo libgtest-dev ;;
    python3) echo python3 ;;
    matplotlib) echo python3-matplotlib ;;
    h5py) echo python3-h5py ;;
    hdf5-tools) echo hdf5-tools ;;
    iproute2) echo iproute2 ;;
    simgrid) echo libsimgrid-dev ;;
    clang) echo clang libomp-dev libclang-rt-dev ;;
    analysis) echo clang-tidy cppcheck lcov ;;
    mpich) echo mpich libmpich-dev libhdf5-mpich-dev ;;
    aarch64) echo g++-aarch64-linux-gnu qemu-user ;;
    docs) echo doxygen python3-sphinx python3-myst-parser python3-breathe furo ;;
  esac
}

# need -> Spack specs
specs_of() {
  case $1 in
    c++ | c++20 | openmp) echo gcc@12: ;;
    cmake) echo cmake ;;
    make) echo gmake ;;
    pkg-config) echo pkgconf ;;
    mpi) echo openmpi ;;
    hdf5) echo 'hdf5+mpi^openmpi' ;;
    fftw) echo fftw ;;
    eigen) echo eigen ;;
    lapack) echo openblas ;;
    cli11) echo cli11 ;;
    nlohmann-json) echo nlohmann-json ;;
    fmt) echo fmt ;;
    petsc) echo 'petsc~complex+mpi^openmpi' ;;
    googletest) echo googletest ;;
    python3) echo python ;;
    matplotlib) echo py-matplotlib ;;
    h5py) echo py-h5py ;;
    hdf5-tools) echo 'hdf5+mpi+tools^openmpi' ;;
    iproute2) echo iproute2 ;;
    simgrid) echo simgrid ;;
    clang) echo llvm+clang+omp_as_runtime ;;
    mpich) echo 'hdf5+mpi^mpich' ;;
    analysis) echo cppcheck lcov ;;
    docs) echo doxygen py-sphinx py-breathe py-furo ;;
  esac
}

libraries=(mpi hdf5 fftw eigen lapack cli11 nlohmann-json fmt)
if [ "$simulation" = ON ]; then
  [ "$tests$petsc" = OFFOFF ] || { echo "--simulation excludes --tests and --petsc (see --help)" >&2; exit 2; }
  libraries=(simgrid fftw eigen lapack cli11 nlohmann-json fmt)
elif [ "$tests" = ON ]; then
  libraries+=(googletest python3 matplotlib h5py hdf5-tools iproute2 simgrid)
fi
# The stages of tests/long/ and the programs by which they are recognised. MPICH is installed beside Open MPI, which stays
# what mpicc and mpirun mean.
long_tools() {
  case $1 in
    clang) echo clang++ ;;
    mpich) echo mpicxx.mpich mpiexec.mpich h5pcc.mpich ;;
    aarch64) echo aarch64-linux-gnu-g++ qemu-aarch64 ;;
    analysis) echo clang-tidy cppcheck lcov ;;
  esac
}
if [ "$long" = ON ]; then
  long_needs=(clang mpich aarch64 analysis)
  libraries+=("${long_needs[@]}")
fi
if [ "$petsc" = ON ]; then
  libraries+=(petsc)
fi
if [ "$docs" = ON ]; then
  libraries+=(docs)
fi

# version_at_least A B: A >= B
version_at_least() {
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

# Sets the array `missing`. The libraries are asked for by the project's own CMake files, which need the tools.
look() {
  missing=()
  command -v "${CXX:-c++}" g++ clang++ >/dev/null || missing+=(c++)
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  command -v make >/dev/null || command -v ninja >/dev/null || missing+=(make)
  if ! command -v cmake >/dev/null || ! version_at_least "$(cmake --version | awk 'NR == 1 { print $3 }')" 3.22; then
    missing+=(cmake)
  fi
  if [ ${#missing[@]} -gt 0 ]; then
    missing+=("${libraries[@]}")  # cannot be checked yet; to install what is present does no harm
    return
  fi
  if [ "$simulation" = OFF ] && { ! command -v mpirun || ! command -v mpicxx; } >/dev/null; then
    missing+=(mpi)
  fi
  if [ "$tests" = ON ]; then
    command -v python3 >/dev/null || missing+=(python3)
    python_has matplotlib h5py || missing+=(matplotlib h5py)
    { command -v h5diff && command -v h5dump; } >/dev/null || missing+=(hdf5-tools)
    { command -v ip && command -v tc; } >/dev/null || missing+=(iproute2)
  fi

  if [ "$long" = ON ]; then
    local need tool
    for need in "${long_needs[@]}"; do
      for tool in $(long_tools "$need"); do
        command -v "$tool" >/dev/null || { missing+=("$need"); break; }
      done
    done
    clang_links || missing+=(clang)
  fi

  if [ "$docs" = ON ]; then
    { command -v doxygen && command -v sphinx-build && python_has myst_parser breathe furo; } >/dev/null || missing+=(docs)
  fi
  probe -DOCTOPOLE_TESTS="$tests" -DOCTOPOLE_SMPI="$simulation" -DOCTOPOLE_PETSC="$petsc"
  if [ "$tests" = ON ]; then
    probe -DOCTOPOLE_SMPI=ON  # one of the tests runs the program on SimGrid
  fi
}

# python_has MODULE...: any Python that the tests would take (tests/support/needs.sh): a package of the distribution
# serves its own Python alone.
python_has() {
  local python modules
  modules=$(IFS=,; echo "$*")
  for python in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3; do
    if "$python" -c "import $modules" >/dev/null 2>&1; then return; fi
  done
  return 1
}

# Whether Clang, if installed, has its OpenMP, sanitizers and fuzzer.
clang_links() {
  command -v clang++ >/dev/null || return 0
  clang++ -fopenmp -x c++ -o /dev/null - 2>/dev/null <<<'int main() {}' &&
    clang++ -fsanitize=fuzzer,address -x c++ -o /dev/null - 2>/dev/null \
      <<<'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'
}

# probe OPTIONS...: adds to `missing` what the project's CMake files do not find.
probe() {
  local folder output name
  folder=$(mktemp -d)
  output=$(cmake -S cmake/probe -B "$folder" "$@" 2>&1) || true
  rm -rf "$folder"
  case $output in
    *"octopole-probe: done"*) ;;
    *)
      printf '%s\n' "$output" >&2
      echo "CMake cannot use the compiler here; its output is above." >&2
      missing+=(c++)
      ;;
  esac
  while IFS= read -r name; do
    missing+=("$name")
  done < <(printf '%s\n' "$output" | sed -n 's/^octopole-missing: //p')
}

# What to install for all that is missing, each name once.
packages() {
  local name
  for name in "${missing[@]}"; do packages_of "$name"; done | tr ' ' '\n' | awk 'NF && !seen[$0]++' | paste -sd ' ' -
}
specs() {
  local name
  for name in "${missing[@]}"; do specs_of "$name"; done | awk 'NF && !seen[$0]++' | paste -sd ' ' -
}

say_what_to_install() {
  {
    echo "Missing: ${missing[*]}"
    echo
    echo "On Debian or Ubuntu, as root:"
    echo "  apt-get update && apt-get install --no-install-recommends $(packages)"
    echo "Elsewhere, with Spack:"
    echo "  spack install $(specs)"
    echo "  spack load $(specs)"
    if [ "$simulation" = ON ]; then
      echo "Needed: a C++20 compiler (GCC 11 or later), CMake 3.22, pkg-config, SimGrid 3.32 with SMPI, FFTW 3,"
      echo "Eigen 3.4, BLAS and LAPACK, CLI11, nlohmann-json 3.9, fmt."
      return
    fi
    echo "Needed: a C++20 compiler (GCC 11 or later) with OpenMP, CMake 3.22, pkg-config, an MPI 3.1 library, HDF5 built"
    echo "with that MPI, FFTW 3, Eigen 3.4, BLAS and LAPACK, CLI11, nlohmann-json 3.9, fmt."
    if [ "$petsc" = ON ]; then
      echo "Also PETSc 3.15 or later, built with that MPI, real scalars in double precision."
    fi
    if [ "$tests" = ON ]; then
      echo "For the tests also GoogleTest, Python 3 with matplotlib and h5py, HDF5's tools (h5diff, h5dump),"
      echo "iproute2, SimGrid 3.32 with SMPI."
    fi
  } >&2
}

look
if [ ${#missing[@]} -eq 0 ]; then
  echo "All that octopole needs is installed."
  exit 0
fi
if [ "$check_only" = yes ]; then
  say_what_to_install
  exit 1
fi

as_root=()
if ! command -v apt-get >/dev/null; then
  say_what_to_install
  echo "(This is not Debian or Ubuntu: there is no apt-get, so nothing was installed.)" >&2
  exit 1
elif [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  elif command -v sudo >/dev/null && [ -t 0 ] && [ -t 2 ]; then
    echo "Installing packages needs root: sudo may ask for your password." >&2
    as_root=(sudo)
  else
    say_what_to_install
    echo "(Nothing was installed: that needs root, and sudo cannot be used here.)" >&2
    exit 1
  fi
fi

echo "Missing: ${missing[*]}"
read -r -a wanted <<<"$(packages)"
apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
printf '+ apt-get update; apt-get install %s\n' "${wanted[*]}"
if ! "${apt_get[@]}" -q update; then
  echo "apt-get update failed; trying with the present package lists." >&2
fi
if ! "${apt_get[@]}" -q -y install --no-install-recommends "${wanted[@]}"; then
  say_what_to_install
  echo "(apt-get could not install this; its output is above. On Ubuntu the packages are in 'universe'.)" >&2
  exit 1
fi

hash -r
look
if [ ${#missing[@]} -gt 0 ]; then
  say_what_to_install
  echo "(The distribution's packages are installed and do not suffice: octopole needs Debian 12, Ubuntu 22.04 or later.)" >&2
  exit 1
fi
echo "All that octopole needs is installed now."
