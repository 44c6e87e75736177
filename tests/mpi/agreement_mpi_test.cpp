#include "mpi/agreement.hpp"

#include <gtest/gtest.h>

namespace octopole::mpi {
namespace {

TEST(Collectively, AFailureOfOneRankIsEverybodys) {
  const Comm comm = Comm::duplicate(MPI_COMM_WORLD);
  EXPECT_NO_THROW(collectively(comm, [] {}));
  try {
    collectively(comm, [&] {
      if (comm.rank() >= comm.size() / 2) throw Error("rank trouble " + std::to_string(comm.rank()));
    });
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("rank trouble " + std::to_string(comm.size() / 2)),
              std::string::npos);
  }
}

}  // namespace
}  // namespace octopole::mpi
