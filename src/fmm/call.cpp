#include "fmm/call.hpp"

#include <array>
#include <string>

#include "mpi/agreement.hpp"

namespace octopole {
namespace {

constexpr std::array<const char*, 8> kCallNames = {"set_points(points)",
                                                   "set_points(sources, targets)",
                                                   "evaluate for the potential",
                                                   "evaluate for potential and gradient",
                                                   "summary",
                                                   "sources",
                                                   "targets",
                                                   "leaf_points"};

}  // namespace

CallFacts agree_on_call(const mpi::Comm& comm, Call call, const CallFacts& mine) {
  const double number = static_cast<int>(call);
  std::array<double, 7> most = {number,
                                -number,
                                mine.wrong ? 1.0 : 0.0,
                                mine.not_finite ? 1.0 : 0.0,
                                mine.sources ? 1.0 : 0.0,
                                mine.targets ? 1.0 : 0.0,
                                mine.largest};
  comm.allreduce(std::span<double>(most), MPI_MAX);
  if (most[0] != -most[1]) {
    const mpi::NamedValue value{"the call", kCallNames[static_cast<std::size_t>(call)]};
    mpi::require_equal(comm, std::span<const mpi::NamedValue>(&value, 1),
                       "every rank must make the same collective calls in the same order");
  }
  return {most[2] > 0, most[3] > 0, most[4] > 0, most[5] > 0, most[6]};
}

}  // namespace octopole
