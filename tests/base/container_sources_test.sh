#!/usr/bin/env bash
# The container images' build stages copy all that the build reads: configures what they copy, and nothing else.
# Usage: container_sources_test.sh PROJECT
set -euo pipefail
project=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Lines "FROM.. TO" of the first stage.
dockerfile() { awk '/^FROM/ && stage++ { exit } /^COPY/ { sub(/^COPY /, ""); print }' "$project/Dockerfile"; }
apptainer() {
  awk '/^Stage: final/ { exit } /^%/ { files = $1 == "%files" && NF == 1; next } files && NF { print }' \
    "$project/jobs/containers/octopole.def" | sed 's| /octopole/| |'
}

for image in dockerfile apptainer; do
  root=$scratch/$image
  "$image" >"$scratch/lines"
  [ -s "$scratch/lines" ] || { echo "FAILED: $image copies nothing"; exit 1; }
  while read -r -a words; do
    to=$root/${words[-1]}
    case ${words[-1]} in
      */) mkdir -p "$to" ;;
      *) mkdir -p "$(dirname "$to")" ;;
    esac
    for from in "${words[@]:0:${#words[@]}-1}"; do cp -r "$project/$from" "$to"; done
  done <"$scratch/lines"
  if ! cmake -S "$root" -B "$root/build" -DOCTOPOLE_TESTS=OFF >"$scratch/log" 2>&1; then
    echo "FAILED: what $image copies cannot be configured"
    tail -n 20 "$scratch/log"
    exit 1
  fi
done
