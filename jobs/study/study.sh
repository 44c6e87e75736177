#!/usr/bin/env bash
# Runs a scaling study, or one point of it, and appends a record of every run to a .jsonl file.
#
# Usage: jobs/study/study.sh weak|strong|node [--point I | --list]
#   weak     the same number of points per core on increasing numbers of cores
#   strong   the same points on increasing numbers of cores
#   node     the same points on every way to divide cores into ranks x threads
#   --point I   only point I of the sweep (0, 1, ...), as the index of a Slurm array does
#   --list      print the sweep: index, shape, points, ranks, threads
#
# Environment:
#   SHAPES="cube sphere ellipsoid"   distributions of points
#   N=1000000                        points per core (weak), points in total (strong, node)
#   CORES="1 2 4 ..."                numbers of cores (default: powers of two below all cores, and all)
#   THREADS=1                        threads per rank (weak, strong)
#   DIGITS=6 SEED=1 REPEAT=3         as in `octopole run`
#   VERIFY=1000                      targets summed directly for the error; 0: none
#   ARGUMENTS=""                     further arguments of `octopole run`, such as --gradient
#   RECORDS=results/records          directory of the records
# Settings of the machine (launcher, binding, modules, container) are in jobs/cluster/site.sh.
set -euo pipefail
jobs=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=jobs/lib/steps.sh
. "$jobs/lib/steps.sh"
# shellcheck source=jobs/lib/mpi_environment.sh
. "$jobs/lib/mpi_environment.sh"
# shellcheck source=jobs/cluster/site.sh
. "${OCTOPOLE_SITE:-$jobs/cluster/site.sh}"

study=""
point=${SLURM_ARRAY_TASK_ID:-}
list=no
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; trap - EXIT; exit 0 ;;
    --list) list=yes ;;
    --point)
      [ $# -ge 2 ] || fail "--point needs a number (see --help)"
      point=$2
      shift ;;
    weak | strong | node) study=$1 ;;
    *) fail "unknown argument $1 (see --help)" ;;
  esac
  shift
done
[ -n "$study" ] || fail "which study: weak, strong or node? (see --help)"

site_modules

# Cores of one node, and of all nodes this script may use.
cores_per_node=${SITE_CORES_PER_NODE:-${SLURM_CPUS_ON_NODE:-$(octopole_cores)}}
if [ "${SLURM_CPUS_ON_NODE:-$cores_per_node}" -lt "$cores_per_node" ]; then
  cores_per_node=$SLURM_CPUS_ON_NODE  # a job on a part of a node
fi
nodes=${SLURM_JOB_NUM_NODES:-1}

SHAPES=${SHAPES:-cube sphere ellipsoid}
N=${N:-1000000}
THREADS=${THREADS:-1}
DIGITS=${DIGITS:-6}
SEED=${SEED:-1}
REPEAT=${REPEAT:-3}
VERIFY=${VERIFY:-1000}
ARGUMENTS=${ARGUMENTS:-}
RECORDS=${RECORDS:-results/records}
if [ -z "${CORES:-}" ]; then
  CORES=""
  for ((cores = 1; cores < cores_per_node * nodes; cores *= 2)); do CORES+="$cores "; done
  CORES+=$((cores_per_node * nodes))
fi
for value in "$cores_per_node" "$nodes" "$N" "$THREADS" "$DIGITS" "$SEED" "$REPEAT" "$VERIFY" "${point:-0}" $CORES; do
  case $value in
    '' | *[!0-9]*) fail "'$value' is not a whole number (see --help)" ;;
  esac
done
for value in "$cores_per_node" "$N" "$THREADS" "$REPEAT" $CORES; do
  [ "$value" -ge 1 ] || fail "$value must be at least 1 (see --help)"
done

# The sweep: one line per point.
sweep() {
  local shape cores threads
  for shape in $SHAPES; do
    for cores in $CORES; do
      case $study in
        node)
          for ((threads = 1; threads <= cores; ++threads)); do
            [ $((cores % threads)) -ne 0 ] || echo "$shape $N $((cores / threads)) $threads"
          done ;;
        *)
          # The largest divisor of the cores up to THREADS.
          threads=$((THREADS < cores ? THREADS : cores))
          while [ $((cores % threads)) -ne 0 ]; do threads=$((threads - 1)); done
          if [ "$study" = weak ]; then
            echo "$shape $((N * cores)) $((cores / threads)) $threads"
          else
            echo "$shape $N $((cores / threads)) $threads"
          fi ;;
      esac
    done
  done
}
mapfile -t points < <(sweep)
if [ "$list" = yes ]; then
  for i in "${!points[@]}"; do echo "$i ${points[i]}"; done
  exit 0
fi
if [ -n "$point" ] && [ "$point" -ge ${#points[@]} ]; then
  fail "there is no point $point: the sweep has the points 0 to $((${#points[@]} - 1)) (see --list)"
fi

# The program: the site's, the container's, or the one built here.
octopole=$SITE_OCTOPOLE
if [ -z "$octopole" ]; then
  if [ -n "$SITE_CONTAINER" ]; then octopole=octopole; else octopole=$(octopole_program); fi
fi
[ -n "$octopole" ] || fail "there is no octopole: build it (jobs/quickstart.sh), or set SITE_OCTOPOLE in jobs/cluster/site.sh"

launcher=$SITE_LAUNCHER
if [ "$launcher" = auto ]; then
  launcher=mpirun
  if [ -n "${SLURM_JOB_ID:-}" ] && command -v srun >/dev/null && srun --mpi=list 2>&1 | grep -qw "$SITE_SRUN_MPI"; then
    launcher=srun
  fi
fi

# launch RANKS THREADS: exports the ranks' environment and sets the array `launch`. Ranks fill one node after the other.
launch() {
  local ranks=$1 threads=$2 per_node bind=$SITE_BIND
  per_node=$((cores_per_node / threads))
  if [ $((ranks * threads)) -gt $((cores_per_node * nodes)) ] || [ "$per_node" -eq 0 ]; then
    bind=none  # more threads than cores
  elif [ "$launcher" = srun ] && ! scontrol show config 2>/dev/null | grep -q '^TaskPlugin .*affinity'; then
    bind=none  # srun cannot bind here, and OpenMP alone would bind all ranks to the same cores
  fi
  per_node=$((per_node < ranks ? per_node : ranks))
  export OMP_NUM_THREADS=$threads
  if [ "$bind" = cores ]; then
    export OMP_PLACES=cores OMP_PROC_BIND=close
  else
    unset OMP_PLACES OMP_PROC_BIND
  fi
  octopole_mpi_environment "$ranks"
  case $launcher in
    srun)
      launch=(srun "--mpi=$SITE_SRUN_MPI" "--ntasks=$ranks" "--cpus-per-task=$threads" --distribution=block:block)
      if [ "$bind" = cores ]; then
        launch+=("--nodes=$(((ranks + per_node - 1) / per_node))" --cpu-bind=cores)
      else
        launch+=(--overcommit --cpu-bind=none)
      fi ;;
    mpirun)
      launch=("${octopole_mpirun[@]}")
      if [ "$bind" = cores ] && [ ${#launch[@]} -gt 1 ]; then  # Open MPI's flags; others have none here
        launch=("${launch[0]}" --map-by "ppr:$per_node:node:pe=$threads" --bind-to core)
      fi
      launch+=(-n "$ranks") ;;
    *) fail "SITE_LAUNCHER is '$launcher': it must be auto, mpirun or srun" ;;
  esac
  # shellcheck disable=SC2206  # splits into words
  launch+=($SITE_LAUNCHER_FLAGS $SITE_CONTAINER)
}

# One file per job and array task: not all parallel file systems have locks.
mkdir -p "$RECORDS"
records=$RECORDS/$study
if [ -n "${SLURM_JOB_ID:-}" ]; then
  records+=-${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}
fi
records+=.jsonl

failed=()
for i in "${!points[@]}"; do
  [ -z "$point" ] || [ "$i" -eq "$point" ] || continue
  read -r shape n ranks threads <<<"${points[i]}"
  step "Point $i of $study: $n points ($shape) on $ranks ranks x $threads threads"
  launch "$ranks" "$threads"
  command=(run --shape "$shape" -n "$n" --seed "$SEED" --digits "$DIGITS" --threads "$threads" --repeat "$REPEAT")
  [ "$VERIFY" -eq 0 ] || command+=(--verify "$VERIFY")
  # shellcheck disable=SC2206
  command+=($ARGUMENTS)
  if ! run "${launch[@]}" "$octopole" "${command[@]}" --record "$records" --study "$study" --launcher "${launch[*]}"; then
    failed+=("$i")
  fi
done
step "Done"
if [ ${#failed[@]} -gt 0 ]; then
  fail "points that failed: ${failed[*]} (the others are in $records)"
fi
echo "Records in $records; jobs/study/plot_scaling.py makes a report of them."
