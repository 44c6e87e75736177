# The program octopole on Debian, run as a user without rights:
#
#   docker build -t octopole .
#   docker run --rm -v "$PWD:/work" octopole mpirun -n 2 octopole run --input sphere.h5 --digits 6 --output out.h5
#
# The directory mounted at /work must be writable to the user in the container (add --user "$(id -u):$(id -g)").

FROM debian:bookworm AS build
WORKDIR /octopole
# What the build needs comes first and from few files, so that a change of the sources does not install it again.
COPY cmake cmake
COPY jobs/install_dependencies.sh jobs/
RUN jobs/install_dependencies.sh && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt ./
COPY include include
COPY src src
# The commit that reports name; .git is not copied.  --build-arg GIT_DESCRIBE="$(git describe --tags --always)"
ARG GIT_DESCRIBE=""
RUN cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DOCTOPOLE_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr/local \
      "-DOCTOPOLE_GIT_DESCRIBE=${GIT_DESCRIBE}" \
    && cmake --build build --target octopole_program --parallel "$(nproc)" \
    && cmake --install build --component program --strip

FROM debian:bookworm-slim
# openmpi-bin is for mpirun; the rest is what the program is linked with.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
         openmpi-bin libopenmpi3 libhdf5-openmpi-103-1 libfftw3-double3 \
         libopenblas0-pthread libfmt9 libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/octopole /usr/local/bin/octopole
RUN ldd /usr/local/bin/octopole | awk '/not found/ { print; missing = 1 } END { exit missing }' \
    && useradd --create-home --shell /bin/bash octopole && mkdir /work && chown octopole:octopole /work
# One container is one machine: ranks may outnumber its cores, threads are not bound, and ranks do not read one
# another's memory, which containers forbid.
ENV OMPI_MCA_rmaps_base_oversubscribe=1 \
    OMPI_MCA_hwloc_base_binding_policy=none \
    OMPI_MCA_btl_vader_single_copy_mechanism=none
USER octopole
WORKDIR /work
CMD ["octopole", "--help"]
