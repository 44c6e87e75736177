#include "mpi/failure.hpp"

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>

#include "base/fault.hpp"

namespace octopole::mpi {
namespace {

constexpr double kPatience = 1;  // seconds for other ranks to fail as well

}  // namespace

std::string message_of(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
    return "memory ran out (use more nodes or fewer ranks on each, fewer digits, or single precision)";
  return error.what();
}

void collectively(const Comm& comm, const std::function<void()>& work) {
  std::string message;
  bool failed = false;
  try {
    fault::at(comm.stage(), comm.rank(), "work");
    work();
  } catch (const std::exception& error) {
    failed = true;
    message = message_of(error);
  }
  const int first = comm.min(failed ? comm.rank() : std::numeric_limits<int>::max());
  if (first == std::numeric_limits<int>::max()) return;
  comm.broadcast(message, first);
  if (comm.size() > 1) message = "rank " + std::to_string(first) + ": " + message;
  throw AgreedError(message);
}

void end_all_ranks(const Comm& comm, std::string_view operation, const std::string& what) {
  const std::string stage = comm.stage().empty() ? std::string() : ", stage " + std::string(comm.stage());
  if (!comm.all_arrive_within(kPatience))
    std::fprintf(stderr,
                 "octopole: error on rank %d of %d in %.*s%s: %s\noctopole: other ranks wait for it, so all "
                 "are ended\n",
                 comm.rank(), comm.size(), static_cast<int>(operation.size()), operation.data(),
                 stage.c_str(), what.c_str());
  else if (comm.is_root())
    std::fprintf(stderr, "octopole: error on all %d ranks in %.*s%s: %s\n", comm.size(),
                 static_cast<int>(operation.size()), operation.data(), stage.c_str(), what.c_str());
  std::fflush(stderr);
  MPI_Abort(comm.handle(), 1);
  std::abort();
}

}  // namespace octopole::mpi
