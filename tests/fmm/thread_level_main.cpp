// An Fmm after MPI_Init without thread support: refused with several threads, correct with one.
#include <mpi.h>

#include <cstdio>
#include <string>

#include "base/threads.hpp"
#include "mpi/finalize.hpp"
#include "octopole/fmm.hpp"

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int level = MPI_THREAD_MULTIPLE, failures = 0;
  MPI_Query_thread(&level);
  std::string message;
  octopole::set_threads(2);
  try {
    const octopole::Fmm fmm(MPI_COMM_WORLD, octopole::Laplace{});
  } catch (const octopole::AgreedError& error) {
    message = error.what();
  }
  // An MPI that provides more than was requested has nothing to refuse.
  const bool refused = message.find("MPI_THREAD_FUNNELED") != std::string::npos;
  if (refused != (level < MPI_THREAD_FUNNELED)) {
    std::fprintf(stderr, "thread level %d with 2 threads: '%s'\n", level, message.c_str());
    ++failures;
  }
  octopole::set_threads(1);
  octopole::Fmm fmm(MPI_COMM_WORLD, octopole::Laplace{});
  fmm.set_points(std::vector<double>{0, 0, 0, 1, 0, 0});
  if (fmm.evaluate(std::vector<double>{1, 1}).potential.size() != 2) ++failures;
  octopole::mpi::finalize();
  return failures;
}
