#!/usr/bin/env bash
# Inside a container image's build: installs what octopole is built from, builds the program, installs it in /usr/local.
#
# Usage: jobs/containers/build.sh packages          only the packages (a separate layer: sources change more often)
#        jobs/containers/build.sh program [COMMIT]  the program; COMMIT is named in reports, since .git is not copied
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
case ${1:-} in
  packages)
    bash jobs/install_dependencies.sh --petsc
    rm -rf /var/lib/apt/lists/* ;;
  program)
    cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=OFF -DOCTOPOLE_PETSC=ON -DCMAKE_INSTALL_PREFIX=/usr/local \
      "-DOCTOPOLE_GIT_DESCRIBE=${2:-}"
    cmake --build build --target octopole_program --parallel "$(nproc)"
    cmake --install build --component program --strip ;;
  *)
    echo "build.sh: packages or program?" >&2
    exit 2 ;;
esac
