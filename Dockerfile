# The program octopole on Debian, run as a user without rights:
#
#   docker build -t octopole .
#   docker run --rm -v "$PWD:/work" octopole mpirun -n 2 octopole run --input sphere.h5 --digits 6 --output out.h5
#   docker run --rm octopole octopole-check            # do mpirun and octopole work in here?
#   docker build --target cluster -t octopole-cluster .   # with sshd, for many machines: docs/cluster.md
#
# The directory mounted at /work must be writable to the user in the container (add --user "$(id -u):$(id -g)").

FROM debian:bookworm AS build
WORKDIR /octopole
# What the build needs comes first and from few files, so that a change of the sources does not install it again.
COPY cmake cmake
COPY jobs/install_dependencies.sh jobs/
COPY jobs/containers/build.sh jobs/containers/
RUN jobs/containers/build.sh packages
COPY CMakeLists.txt ./
COPY include include
COPY src src
COPY jobs/study/machines jobs/study/machines
# The commit that reports name; .git is not copied.  --build-arg GIT_DESCRIBE="$(git describe --tags --always)"
ARG GIT_DESCRIBE=""
RUN jobs/containers/build.sh program "${GIT_DESCRIBE}"

FROM debian:bookworm-slim AS runtime
COPY --from=build /usr/local/bin/octopole /usr/local/bin/octopole
COPY jobs/containers/runtime.sh /tmp/
RUN bash /tmp/runtime.sh && rm /tmp/runtime.sh \
    && useradd --create-home --shell /bin/bash octopole && mkdir /work && chown octopole:octopole /work
# The studies of docs/cluster.md, and the check.
COPY jobs/lib /usr/local/share/octopole/jobs/lib
COPY jobs/cluster /usr/local/share/octopole/jobs/cluster
COPY jobs/study/study.sh /usr/local/share/octopole/jobs/study/
RUN ln -s ../share/octopole/jobs/cluster/check.sh /usr/local/bin/octopole-check
# One container is one machine: ranks may outnumber its cores, threads are not bound, and ranks do not read one
# another's memory, which containers forbid.
ENV OMPI_MCA_rmaps_base_oversubscribe=1 \
    OMPI_MCA_hwloc_base_binding_policy=none \
    OMPI_MCA_btl_vader_single_copy_mechanism=none
USER octopole
WORKDIR /work
CMD ["octopole", "--help"]

# The same on many machines that mpirun reaches by ssh, as in Kubernetes under the MPI operator. sshd runs without rights;
# the keys are mounted in ~/.ssh when the containers start.
FROM runtime AS cluster
USER root
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openssh-server openssh-client \
    && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* && mkdir -p /run/sshd
COPY --chown=octopole jobs/containers/sshd_config /home/octopole/.sshd_config
COPY jobs/containers/ssh_config /etc/ssh/ssh_config.d/octopole.conf
# Machines and their cores are the scheduler's business here.
ENV OMPI_MCA_rmaps_base_oversubscribe=0
USER octopole
CMD ["/usr/sbin/sshd", "-De", "-f", "/home/octopole/.sshd_config"]

FROM runtime
