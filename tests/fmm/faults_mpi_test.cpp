// A rank that fails in the local work of a set-up: all ranks get the error, and the old points remain in use.
#include "base/fault.hpp"

#include <gtest/gtest.h>

#include "base/profile.hpp"
#include "base/threads.hpp"
#include "mpi/agreement.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

/// Disarms all faults at the end of a test.
class Disarmed {
 public:
  ~Disarmed() { fault::arm(""); }
};

std::string agreed_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const AgreedError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(Faults, OfEverySetupStageAreThrownOnAllRanksAndOldPointsStand) {
  const Disarmed disarmed;
  const Part part = world();
  const Problem problem = make_problem("plummer", 800);
  const std::vector<double> points = part.of(problem.sources, 3), charges = part.of(problem.charges, 1);
  Options options;
  options.digits = 4;
  options.ncrit = 20;
  for (const bool tuned : {false, true}) {
    if (tuned) options.ncrit.reset();
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(points);
    const Field before = fmm.evaluate(charges);
    for (const std::string_view stage : kSetupStageNames) {
      if (stage == "balance" && part.ranks == 1) continue;  // a single rank has nothing to balance
      if (stage == "tuning" && !tuned) continue;
      for (const int rank : {0, part.ranks - 1})
        for (const std::string kind : {"error", "memory"}) {
          fault::arm(std::string(stage) + "/work@" + std::to_string(rank) + ":" + kind);
          const std::string message = agreed_error([&] { fmm.set_points(points, points); });
          fault::arm("");
          const std::string who = part.ranks > 1 ? "rank " + std::to_string(rank) : "";
          EXPECT_NE(message.find(who), std::string::npos) << message;
          EXPECT_NE(message.find(kind == "error" ? std::string(stage) : "memory ran out"), std::string::npos)
              << message;
          EXPECT_EQ(fmm.evaluate(charges).potential, before.potential) << stage;
        }
    }
    fmm.set_points(points);
    EXPECT_EQ(fmm.evaluate(charges).potential, before.potential);
  }
}

TEST(Faults, OfTheConstructionAreThrownOnAllRanks) {
  const Disarmed disarmed;
  for (const std::string stage : {"options/work", "operators/work"}) {
    fault::arm(stage + "@0");
    EXPECT_NE(agreed_error([&] { Fmm(MPI_COMM_WORLD, Laplace{}); }).find(stage), std::string::npos);
  }
}

TEST(Faults, AreReadFromText) {
  const fault::Fault f = fault::parse("tree/work@12:memory:3");
  EXPECT_EQ(f.stage, "tree/work");
  EXPECT_EQ(f.rank, 12);
  EXPECT_EQ(f.kind, fault::Kind::memory);
  EXPECT_EQ(f.occurrence, 3);
  EXPECT_EQ(fault::parse("p2p@0").kind, fault::Kind::error);
  for (const char* text : {"tree", "@1", "tree@", "tree@x", "tree@1:now", "tree@1:kill:0", "tree@-1"})
    EXPECT_THROW(fault::parse(text), Error) << text;
}

TEST(Faults, OccurOnceAtTheOccurrenceAskedFor) {
  const Disarmed disarmed;
  fault::arm("p2p@4:error:2");
  fault::at("p2p", 4);
  fault::at("p2p", 3);
  fault::at("m2l", 4);
  EXPECT_THROW(fault::at("p2p", 4), Error);
  fault::at("p2p", 4);
}

TEST(ThreadErrors, LeaveTheRegion) {
  const auto loop = [](Index bad) {
    parallel_for(
        100, 3, [] { return 1; },
        [bad](int, Index i) {
          if (i == bad) throw std::bad_alloc();
        });
  };
  EXPECT_NO_THROW(loop(-1));
  EXPECT_THROW(loop(57), std::bad_alloc);
  EXPECT_THROW(parallel_for(
                   10, 1, []() -> int { throw Error("no state"); }, [](int, Index) {}),
               Error);
}

TEST(Mpi, MessagesThatFailAreNamed) {
  std::vector<MPI_Status> statuses(3);
  for (MPI_Status& status : statuses) status.MPI_ERROR = MPI_SUCCESS;
  statuses[1].MPI_ERROR = MPI_ERR_TRUNCATE;
  statuses[1].MPI_SOURCE = 5;
  statuses[2].MPI_ERROR = MPI_ERR_PENDING;
  EXPECT_NO_THROW(mpi::check_statuses(MPI_SUCCESS, statuses, "MPI_Waitall"));
  try {
    mpi::check_statuses(MPI_ERR_IN_STATUS, statuses, "MPI_Waitall");
    ADD_FAILURE() << "a truncated message went unnoticed";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("message 2 of 3 with rank 5"), std::string::npos) << text;
    EXPECT_NE(text.find("trunc"), std::string::npos) << text;
  }
}

TEST(Mpi, ThreadLevelIsChecked) {
  EXPECT_NO_THROW(mpi::require_thread_level(1));
  EXPECT_NO_THROW(mpi::require_thread_level(4));  // these tests initialise MPI with MPI_THREAD_FUNNELED
}

}  // namespace
}  // namespace octopole
