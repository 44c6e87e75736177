#!/usr/bin/env bash
# The memory of a cgroup: a run that does not fit is refused with numbers instead of killed. In a real cgroup, or where
# none can be made, in a mount namespace whose cgroup is a folder of files; there also with sanitizers, whose shadow
# memory does not fit into a real one.
. "$(dirname "$0")/common.sh"

folder=/sys/fs/cgroup/memory path=memory limit=memory.limit_in_bytes used=memory.usage_in_bytes
if [ ! -d $folder ]; then folder=/sys/fs/cgroup path="" limit=memory.max used=memory.current; fi
bytes=$((300 * 1024 * 1024))

make_cgroup() {
  group=$folder$(sed -n "s/^[0-9]*:$path://p" /proc/self/cgroup)/octopole-test-$$
  mkdir "$group" 2>/dev/null || return 1
  if (echo $bytes >"$group/$limit" && echo "$BASHPID" >"$group/cgroup.procs") 2>/dev/null; then return 0; fi
  rmdir "$group"
  return 1
}
in_cgroup() (
  echo "$BASHPID" >"$group/cgroup.procs" || exit 125
  exec "$@"
)

make_files() {
  mkdir files
  echo $bytes >files/$limit
  echo 0 >files/$used
  namespace=(unshare --mount)
  [ "$(id -u)" -eq 0 ] || namespace+=(--map-root-user)
  grep -q " $folder .* - cgroup" /proc/self/mountinfo && in_files true 2>/dev/null
}
in_files() {
  # shellcheck disable=SC2016
  "${namespace[@]}" bash -c 'mount --bind "$0" "$1" && exec "${@:2}"' "$PWD/files" "$folder" "$@"
}

if [ -z "${OCTOPOLE_SANITIZE?}" ] && make_cgroup; then
  trap 'rmdir "$group"; rm -rf "$scratch"' EXIT
  within=in_cgroup
elif make_files; then
  within=in_files
else
  skip "neither a cgroup nor a mount namespace with the files of one can be made"
fi
echo "$within"

run() { # POINTS
  $within timeout "$time_limit" "${mpiexec[@]}" -n 2 "$program" run --shape cube -n "$1" --digits 6 --report r.json >out 2>err </dev/null
  status=$?
}
run 100000
[ $status -eq 0 ] || fail "exit code $status instead of 0 in a cgroup of 300 MiB"
run 4000000
[ $status -eq 1 ] || fail "exit code $status instead of 1 in a cgroup of 300 MiB"
shows err "not enough memory" "of the 300.0 MiB of cgroup"
finish
