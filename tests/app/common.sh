# Shared by the tests of the program: $1 is the program, MPIEXEC the command that starts it (mpiexec).
# Every command has to end within a minute (time_limit): a hang is a failure. `needs TOOL...` says what a script needs.
set -u
source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
. "$source_tree/tests/support/needs.sh"
read -ra mpiexec <<<"${MPIEXEC:-mpiexec}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0
time_limit=60
[ -z "${OCTOPOLE_SANITIZE:-}" ] || time_limit=600  # measuring the throughput alone takes minutes
export OCTOPOLE_THROUGHPUT=reference  # no timing decides what is tested

fail() {
  echo "FAILED: $*"
  [ -s out ] && sed 's/^/  out: /' out
  [ -s err ] && sed 's/^/  err: /' err
  failures=$((failures + 1))
}

# octopole RANKS ARGUMENTS...: runs the program; sets `status`, leaves what it prints in the files out and err.
octopole() {
  local ranks=$1
  shift
  timeout "$time_limit" "${mpiexec[@]}" -n "$ranks" "$program" "$@" >out 2>err </dev/null
  status=$?
  [ "$status" -ne 124 ] || fail "no end within $time_limit s: octopole on $ranks ranks: $*"
}

# expect STATUS RANKS ARGUMENTS... One rank that is to fail starts without mpiexec, which waits two seconds after an error.
expect() {
  local wanted=$1
  shift
  if [ "$wanted" -ne 0 ] && [ "$1" -eq 1 ]; then
    timeout "$time_limit" "$program" "${@:2}" >out 2>err </dev/null
    status=$?
  else
    octopole "$@"
  fi
  [ "$status" -eq "$wanted" ] || fail "exit code $status instead of $wanted: octopole on $*"
}

# needs_module MODULE NAME OPTION COMMAND...: in a build without the module (OCTOPOLE_WITHOUT, which tests/CMakeLists.txt
# sets: a crash is not a missing module) the command is refused by name and CMake option, and the script ends.
needs_module() {
  local module=$1 name=$2 option=$3
  shift 3
  [[ " ${OCTOPOLE_WITHOUT?} " = *" $module "* ]] || return 0
  expect 2 2 "$@"
  shows err "octopole: error: " "built without $name" "$option"
  finish
}

# shows FILE WORDS...: the file holds every one of the words.
shows() {
  local file=$1 word
  shift
  for word in "$@"; do grep -qF -- "$word" "$file" || fail "'$word' is not in $file"; done
}

finish() {
  [ "$failures" -eq 0 ] || exit 1
  echo "all as expected"
  exit 0
}
