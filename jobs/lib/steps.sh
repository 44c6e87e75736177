# shellcheck shell=bash
# Sourced by the scripts: reports which step runs, and which one failed.

octopole_step="starting"

# step TEXT: begins a step of the script.
step() {
  octopole_step=$1
  printf '\n== %s\n' "$1"
}

# run COMMAND...: shows a command, then runs it.
run() {
  printf '+ %s\n' "$*"
  "$@"
}

# fail TEXT: ends the script with a message.
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  trap - EXIT
  exit 1
}

octopole_ended() {
  local status=$?
  if [ "$status" -ne 0 ]; then
    printf '\n%s failed (exit code %d) in the step: %s\n' "$(basename "$0")" "$status" "$octopole_step" >&2
  fi
}
trap octopole_ended EXIT
