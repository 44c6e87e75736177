# shellcheck shell=bash
# Sourced by the test scripts. In CI a skip is a failure: jobs/install_dependencies.sh --tests brings all that the tests
# need. Elsewhere a test that lacks something ends with ctest's SKIP_RETURN_CODE, and ctest reports it as skipped.

# skip REASON: ends the script.
skip() {
  if [ "${CI:-}" = true ]; then
    echo "FAILED: $1. In CI a skip is a failure; jobs/install_dependencies.sh --tests installs what tests need."
    exit 1
  fi
  echo "skipped: $1"
  exit 77
}

# needs COMMAND...: ends the script if one of the commands is missing.
needs() {
  local command missing=()
  for command in "$@"; do command -v "$command" >/dev/null || missing+=("$command"); done
  [ ${#missing[@]} -eq 0 ] || skip "not found: ${missing[*]}"
}

# python_with MODULE[,MODULE...]: prints a Python that has the modules: $PYTHON, python3, or the system's, for which
# packages install.
python_with() {
  local python
  for python in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3; do
    if "$python" -c "import $1" >/dev/null 2>&1; then
      echo "$python"
      return
    fi
  done
  return 1
}
