# shellcheck shell=bash
# Sourced by the scripts that start MPI programs.

# Processors that this shell may use (OMP_NUM_THREADS, which nproc obeys, is ignored), at most a container's quota.
octopole_cores() {
  local cores quota period
  cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc 2>/dev/null || getconf _NPROCESSORS_ONLN || echo 1)
  if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [ "$quota" != max ]; then
    quota=$(((quota + period - 1) / period))
    [ "$quota" -ge "$cores" ] || cores=$quota
  fi
  echo "$cores"
}

# octopole_program: the program that was built in build/ of this source tree, else the one in the path; or nothing.
octopole_program() {
  local built
  built=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/src/octopole
  if [ -x "$built" ]; then
    echo "$built"
  else
    command -v octopole || true
  fi
}

# Number of parallel compilers: one per processor, at most one per 1.5 GiB of free memory.
octopole_build_jobs() {
  local jobs kib
  jobs=$(octopole_cores)
  kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo 2>/dev/null || true)
  if [ -n "$kib" ] && [ $((kib / 1572864)) -lt "$jobs" ]; then
    jobs=$((kib / 1572864))
  fi
  echo $((jobs > 1 ? jobs : 1))
}

# octopole_mpi_environment RANKS: exports the environment of RANKS processes on this machine, and sets the array
# octopole_mpirun to the launcher and its flags. Variables that are set already are kept.
octopole_mpi_environment() {
  local ranks=$1 cores
  cores=$(octopole_cores)
  export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$((cores > ranks ? cores / ranks : 1))}

  octopole_mpirun=("${MPIRUN:-mpirun}")
  case $("${octopole_mpirun[0]}" --version 2>&1) in
    *"Open MPI"* | *OpenRTE*) ;;
    *) return 0 ;;  # the flags and variables below are Open MPI's
  esac

  # Binding would put all threads of a rank on one core, and without --oversubscribe one core runs one rank only.
  octopole_mpirun+=(--oversubscribe --bind-to none)
  if [ "$ranks" -gt "$cores" ]; then
    export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}
  fi
  # Open MPI refuses to run as root unless both are set; in a container root is the usual user.
  if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  # It looks for a remote shell even on a single machine.
  if [ "${SLURM_JOB_NUM_NODES:-1}" -eq 1 ] && ! command -v ssh >/dev/null && ! command -v rsh >/dev/null; then
    export OMPI_MCA_plm=${OMPI_MCA_plm:-isolated}
  fi
  # Containers often forbid one process to read another's memory, by which large messages would go (the component
  # is called vader up to Open MPI 4, sm since 5). A cluster's nodes allow it.
  [ -z "${SLURM_JOB_ID:-}" ] || return 0
  export OMPI_MCA_btl_vader_single_copy_mechanism=${OMPI_MCA_btl_vader_single_copy_mechanism:-none}
  export OMPI_MCA_btl_sm_single_copy_mechanism=${OMPI_MCA_btl_sm_single_copy_mechanism:-none}
}
