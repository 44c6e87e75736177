# arm64_libraries FOLDER: what octopole is built from, for aarch64, in FOLDER: Debian's packages, fetched and unpacked by an
# apt that knows this folder alone. Nothing is installed, and this machine's architectures stay what they are.
arm64_libraries() {
  local folder=$1 apt=$1.apt lib archive
  [ ! -e "$folder/mpicxx" ] || return 0  # complete
  rm -rf "$folder" "$apt"
  mkdir -p "$folder" "$apt/state/lists/partial" "$apt/cache/archives/partial"
  : >"$apt/status"
  cat >"$apt/apt.conf" <<END
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
END
  (
    export APT_CONFIG=$apt/apt.conf
    apt-get -q update
    # Libraries with all that they need, headers alone.
    apt-get -q -y --download-only install libopenmpi3 libhdf5-openmpi-103-1 libfftw3-double3 libopenblas0-pthread libfmt9
    cd "$apt/cache/archives"
    apt-get -q download libopenmpi-dev libhdf5-openmpi-dev libfftw3-dev libeigen3-dev libopenblas-pthread-dev libfmt-dev libgtest-dev
  )
  for archive in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$archive" "$folder"; done
  rm -rf "$apt"

  # MPI's own compiler is a program for aarch64: CMake asks this one.
  lib=$folder/usr/lib/aarch64-linux-gnu/openmpi
  cat >"$folder/mpicxx.part" <<END
#!/bin/sh
case \$1 in
  -showme:compile) echo "-I$lib/include" ;;
  -showme:link) echo "-L$lib/lib -lmpi" ;;
  *) exec aarch64-linux-gnu-g++ "-I$lib/include" "\$@" "-L$lib/lib" -lmpi ;;
esac
END
  chmod +x "$folder/mpicxx.part"
  mv "$folder/mpicxx.part" "$folder/mpicxx"
}
