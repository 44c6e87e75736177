#!/usr/bin/env bash
# Inside a container image's build: installs on a bare Debian what the program in /usr/local/bin needs at run time.
# openmpi-bin provides mpirun; the others are the libraries that the program is linked with. No compiler is installed.
set -euo pipefail
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
  openmpi-bin libopenmpi3 libhdf5-openmpi-103-1 libfftw3-double3 libopenblas0-pthread libfmt9 libgomp1 \
  libpetsc-real3.18
rm -rf /var/lib/apt/lists/*
ldd /usr/local/bin/octopole | awk '/not found/ { print; missing = 1 } END { exit missing }'
