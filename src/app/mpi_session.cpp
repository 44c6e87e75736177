#include "mpi_session.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "octopole/base/threads.hpp"

namespace octopole::app {

MpiSession::MpiSession(int* argc, char*** argv) {
  int provided = MPI_THREAD_SINGLE;
  const int needed = kThreads ? MPI_THREAD_FUNNELED : MPI_THREAD_SINGLE;
  mpi::check(MPI_Init_thread(argc, argv, needed, &provided), "MPI_Init_thread");
  if (provided < needed) throw Error("this MPI library does not allow threads (MPI_THREAD_FUNNELED)");
}

MpiSession::~MpiSession() {
  MPI_Finalize();
}

Machine describe_machine(const mpi::Comm& comm) {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  comm.broadcast(std::span<char>(name));
  MPI_Comm local = MPI_COMM_NULL;
  mpi::check(MPI_Comm_split_type(comm.handle(), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local),
             "MPI_Comm_split_type");
  int rank = 0, size = 1;
  MPI_Comm_rank(local, &rank);
  MPI_Comm_size(local, &size);
  MPI_Comm_free(&local);
  return {name.data(), comm.sum(rank == 0 ? 1 : 0), comm.max(size), comm.min(processors())};
}

int default_threads(const Machine& machine) {
  if (std::getenv("OMP_NUM_THREADS")) return max_threads();
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  const int share = std::max(1, static_cast<int>(cores / machine.ranks_on_host));
  return std::min(share, processors());
}

}  // namespace octopole::app
