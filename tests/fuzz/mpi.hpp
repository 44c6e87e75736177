// For harnesses of collective readers: MPI on this process only, initialised once.
#pragma once

#include <mpi.h>

#include <cstdlib>

#include "mpi/comm.hpp"

namespace octopole::fuzz {

inline const mpi::Comm& this_process() {
  static const mpi::Comm* const comm = [] {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    return new mpi::Comm(mpi::Comm::duplicate(MPI_COMM_SELF));
  }();
  return *comm;
}

}  // namespace octopole::fuzz
