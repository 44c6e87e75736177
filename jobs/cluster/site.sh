# shellcheck shell=bash disable=SC2034
# What differs from one machine to the next. Edit this file, or a copy that OCTOPOLE_SITE names; the other scripts in
# jobs/ need no change. Each setting may also come from the environment.

# Runs before anything else, here and on the compute node.
site_modules() {
  # module purge && module load gcc openmpi hdf5/parallel fftw openblas
  :
}

# Where jobs go. sbatch reads these variables; they win over the #SBATCH lines of the scripts.
# export SBATCH_PARTITION=standard
# export SBATCH_ACCOUNT=project
# export SBATCH_TIMELIMIT=00:30:00

# Cores (not hardware threads) of a node. Empty: those of the machine the script runs on.
SITE_CORES_PER_NODE=${SITE_CORES_PER_NODE:-}

# What starts the ranks: mpirun, srun, or auto (srun inside a Slurm job if it knows SITE_SRUN_MPI, else mpirun).
SITE_LAUNCHER=${SITE_LAUNCHER:-auto}
# How srun wires MPI up: one of `srun --mpi=list`.
SITE_SRUN_MPI=${SITE_SRUN_MPI:-pmix}
# More flags for the launcher, such as: --mca pml ucx
SITE_LAUNCHER_FLAGS=${SITE_LAUNCHER_FLAGS:-}

# Ranks and threads on cores of their own (cores), or where the system puts them (none).
SITE_BIND=${SITE_BIND:-cores}

# The program, and the container it is run in (none if empty): apptainer exec octopole.sif
SITE_OCTOPOLE=${SITE_OCTOPOLE:-}
SITE_CONTAINER=${SITE_CONTAINER:-}
