# shellcheck shell=bash disable=SC2034
# Settings that differ between machines. Edit this file, or a copy of it named by OCTOPOLE_SITE; the other scripts in
# jobs/ need no change. Each setting may also come from the environment.

# Called first, here and on the compute node.
site_modules() {
  # module purge && module load gcc openmpi hdf5/parallel fftw openblas
  :
}

# Read by sbatch; these variables override the #SBATCH lines of the scripts.
# export SBATCH_PARTITION=standard
# export SBATCH_ACCOUNT=project
# export SBATCH_TIMELIMIT=00:30:00

# Cores (not hardware threads) per node. Empty: those of the machine on which the script runs.
SITE_CORES_PER_NODE=${SITE_CORES_PER_NODE:-}

# Launcher of the ranks: mpirun, srun, or auto (srun inside a Slurm job if it lists SITE_SRUN_MPI, else mpirun).
SITE_LAUNCHER=${SITE_LAUNCHER:-auto}
# MPI interface of srun: one of `srun --mpi=list`.
SITE_SRUN_MPI=${SITE_SRUN_MPI:-pmix}
# Further flags of the launcher, such as: --mca pml ucx
SITE_LAUNCHER_FLAGS=${SITE_LAUNCHER_FLAGS:-}

# Binding of ranks and threads: to cores of their own (cores), or none.
SITE_BIND=${SITE_BIND:-cores}

# The program, and the command that runs it in a container (none if empty), such as: apptainer exec octopole.sif
SITE_OCTOPOLE=${SITE_OCTOPOLE:-}
SITE_CONTAINER=${SITE_CONTAINER:-}
