#!/usr/bin/env bash
# Several hosts on one machine: each with its own network stack, name and /dev/shm, joined by a switch, for mpirun over TCP.
#
# Usage: jobs/cluster/hosts.sh [options] COMMAND [ARGUMENT...]
#        jobs/cluster/hosts.sh --check
#
# Runs COMMAND on host1 and ends with its exit code. Every mpirun in it (Open MPI) starts its ranks on all hosts, as in
# the allocation of a batch system; ranks of different hosts share no memory and communicate over TCP. The machine's cores,
# files and memory are shared.
#
#   -n, --hosts N             hosts host1 .. hostN (default 2, at most 200)
#   -s, --slots N             ranks that mpirun puts on each host (default 1)
#   -r, --rate RATE           line rate of each host, in both directions: 1gbit, 200mbit, .. (default: no limit)
#   -e, --env HOST:NAME=VALUE environment of one host, as in 2:OCTOPOLE_SIMD=avx2; may be repeated
#   -p, --private DIRECTORY   every host has a directory of its own there, initially empty; may be repeated
#   --check                   only report whether hosts can be created here, and why not
#   -h, --help
#
# Example: two runs that share one operator database and store the throughput on each host:
#   jobs/cluster/hosts.sh -n 4 -r 1gbit -p ~/.cache -- bash -c 'for i in 1 2; do
#     mpirun octopole run --shape cube -n 100000 -d 6 --operators operators.h5 --verify 1000; done'
#
# Needs Linux, iproute2, util-linux 2.36 and Open MPI; root, or a system that allows user namespaces. Everything is
# in process and network namespaces of its own: nothing is named system-wide, so concurrent runs do not interfere, and
# nothing remains when the command ends, fails or is interrupted.
set -euo pipefail

hosts=2 slots=1 rate='' check=no
environments=() private=()
fail() {
  echo "hosts.sh: $*" >&2
  exit 2
}
help() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; }
self=$(readlink -f "${BASH_SOURCE[0]}")

# Inside the namespaces: creates the hosts, runs the command. The folder $1 belongs to the hosts.
inside() {
  local folder=$1 host pid base directory setting name start
  shift
  # shellcheck source=/dev/null
  . "$folder/settings"
  ip link set lo up
  ip link add switch type bridge
  ip link set switch up
  printf '127.0.0.1 localhost\n' >"$folder/etc-hosts"
  for ((host = 1; host <= hosts; ++host)); do printf '10.0.0.%d host%d\n' $host $host; done >>"$folder/etc-hosts"

  for ((host = 1; host <= hosts; ++host)); do
    base=$folder/host$host
    mkdir -p "$base"
    unshare --net --uts --mount --propagation private sleep infinity </dev/null >/dev/null 2>&1 &
    pid=$!
    start=(nsenter --target "$pid" --net --uts --mount)
    # unshare has finished once the process is `sleep`.
    until [ "$(cat /proc/$pid/comm 2>/dev/null)" = sleep ]; do
      kill -0 $pid 2>/dev/null || fail "host$host cannot be created"
      sleep 0.01
    done
    ip link add port$host type veth peer name eth0 netns $pid
    ip link set port$host master switch up
    "${start[@]}" hostname host$host
    "${start[@]}" ip address add 10.0.0.$host/24 dev eth0
    "${start[@]}" ip link set lo up
    "${start[@]}" ip link set eth0 up
    "${start[@]}" mount --bind "$folder/etc-hosts" /etc/hosts
    "${start[@]}" mount -t tmpfs tmpfs /dev/shm
    for directory in ${private[@]+"${private[@]}"}; do
      mkdir -p "$base/private$directory"
      "${start[@]}" mount --bind "$base/private$directory" "$directory"
    done
    # What a host sends goes through eth0, what it receives through its port of the switch.
    if [ -n "$rate" ]; then
      "${start[@]}" tc qdisc add dev eth0 root tbf rate "$rate" burst 125kb latency 100ms
      tc qdisc add dev port$host root tbf rate "$rate" burst 125kb latency 100ms
    fi
    # Runs a command on the host; mpirun calls it like `ssh`.
    {
      echo '#!/usr/bin/env bash'
      for setting in ${environments[@]+"${environments[@]}"}; do
        name=${setting#*:}
        [ "${setting%%:*}" = $host ] || printf 'unset %q\n' "${name%%=*}"
      done
      for setting in ${environments[@]+"${environments[@]}"}; do
        [ "${setting%%:*}" != $host ] || printf 'export %q\n' "${setting#*:}"
      done
      # shellcheck disable=SC2016
      printf 'exec nsenter --target %d --net --uts --mount --wd="$PWD" "$@"\n' $pid
    } >"$base/on"
    chmod +x "$base/on"
    printf 'host%d slots=%d\n' $host "$slots"
  done >"$folder/hostfile"
  # shellcheck disable=SC2016
  printf '#!/usr/bin/env bash\nhost=$1\nshift\nexec %q/"$host"/on bash -c "$*"\n' "$folder" >"$folder/remote-shell"
  chmod +x "$folder/remote-shell"

  export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent="$folder/remote-shell" OMPI_MCA_orte_default_hostfile="$folder/hostfile"
  export OMPI_MCA_pml=ob1 OMPI_MCA_btl=tcp,vader,self OMPI_MCA_btl_tcp_if_include=eth0 OMPI_MCA_oob_tcp_if_include=eth0
  export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
  if [ "$(id -u)" -eq 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
  local code=0
  "$folder/host1/on" "$@" || code=$?
  exit $code
}

if [ "${1:-}" = --inside ]; then
  shift
  inside "$@"
fi

while [ $# -gt 0 ]; do
  case $1 in
    -n | --hosts | -s | --slots | -r | --rate | -e | --env | -p | --private)
      [ $# -ge 2 ] || fail "$1 needs a value (see --help)" ;;
  esac
  case $1 in
    -n | --hosts) hosts=$2; shift 2 ;;
    -s | --slots) slots=$2; shift 2 ;;
    -r | --rate) rate=$2; shift 2 ;;
    -e | --env) environments+=("$2"); shift 2 ;;
    -p | --private) private+=("$(realpath -m "$2")"); shift 2 ;;
    --check) check=yes; shift ;;
    -h | --help) help; exit 0 ;;
    --) shift; break ;;
    -*) fail "unknown option $1 (see --help)" ;;
    *) break ;;
  esac
done
if ! { [[ $hosts =~ ^[0-9]+$ ]] && [ "$hosts" -ge 1 ] && [ "$hosts" -le 200 ]; }; then
  fail "--hosts is a number from 1 to 200, not '$hosts'"
fi
[[ $slots =~ ^[1-9][0-9]*$ ]] || fail "--slots is a number of ranks, not '$slots'"
for setting in ${environments[@]+"${environments[@]}"}; do
  [[ $setting =~ ^([0-9]+):[A-Za-z_][A-Za-z0-9_]*= ]] || fail "--env is HOST:NAME=VALUE, not '$setting'"
  { [ "${BASH_REMATCH[1]}" -ge 1 ] && [ "${BASH_REMATCH[1]}" -le "$hosts" ]; } || fail "--env names no host: '$setting'"
done

# Root needs no user namespace; others become root in one.
separate=(unshare --net --mount --pid --fork --kill-child --mount-proc)
[ "$(id -u)" -eq 0 ] || separate=(unshare --user --map-root-user "${separate[@]:1}")
reason_against() {
  local tool words
  for tool in ip tc unshare nsenter mpirun hostname; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; return; }
  done
  if ! mpirun --version 2>/dev/null | grep -qE 'Open MPI|OpenRTE'; then echo "mpirun is not Open MPI's"; return; fi
  words=$("${separate[@]}" sh -c 'ip link add probe0 type veth peer name probe1 && ip link add probe2 type bridge && unshare --net --uts --mount true &&
    tc qdisc add dev probe0 root tbf rate 1gbit burst 125kb latency 100ms' 2>&1) || echo "namespaces cannot be created: ${words//$'\n'/; }"
}
reason=$(reason_against)
if [ "$check" = yes ]; then
  if [ -n "$reason" ]; then
    echo "$reason"
    exit 1
  fi
  echo "hosts can be created here"
  exit 0
fi
[ -z "$reason" ] || fail "$reason"
[ $# -gt 0 ] || fail "a command is needed (see --help)"
for directory in ${private[@]+"${private[@]}"}; do mkdir -p "$directory"; done

folder=$(mktemp -d "${TMPDIR:-/tmp}/octopole-hosts.XXXXXX")
worker=
# shellcheck disable=SC2317
clean_up() {
  # The first process of the namespace dies with unshare, and with it every other one.
  if [ -n "$worker" ]; then
    kill -KILL "$worker" 2>/dev/null || true
    wait "$worker" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
declare -p hosts slots rate environments private | sed 's/^declare /declare -g /' >"$folder/settings"
"${separate[@]}" bash "$self" --inside "$folder" "$@" <&0 &
worker=$!
code=0
wait "$worker" || code=$?
worker=
exit "$code"
