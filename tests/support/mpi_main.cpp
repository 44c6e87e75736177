// main() of the MPI tests: every rank runs the same list of tests, and a failure on any rank is a failure on
// all.
#include <gtest/gtest.h>
#include <mpi.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "mpi/finalize.hpp"
#include "tests/support/run_all_tests.hpp"

namespace {

// Seconds that a rank that failed a test waits for the others before it aborts them all: they may be in a
// collective that this rank will never enter.
constexpr double kPatience = 60;

class RankListener : public testing::EmptyTestEventListener {
 public:
  explicit RankListener(MPI_Comm comm) : comm_(comm) {
    MPI_Comm_rank(comm_, &rank_);
    MPI_Comm_size(comm_, &size_);
  }

  /// Checks that all ranks run the same tests in the same order, else their collectives would not match.
  void OnTestIterationStart(const testing::UnitTest& tests, int) override {
    std::uint64_t hash = 14695981039346656037u;  // FNV-1a over the names
    const auto add = [&hash](const char* name) {
      for (const char* c = name; *c != 0; ++c)
        hash = (hash ^ static_cast<unsigned char>(*c)) * 1099511628211u;
      hash = (hash ^ '\n') * 1099511628211u;
    };
    for (int i = 0; i < tests.total_test_suite_count(); ++i) {
      const testing::TestSuite& suite = *tests.GetTestSuite(i);
      for (int j = 0; j < suite.total_test_count(); ++j) {
        if (!suite.GetTestInfo(j)->should_run()) continue;
        add(suite.name());
        add(suite.GetTestInfo(j)->name());
      }
    }
    std::uint64_t hash_of_rank_0 = hash;
    MPI_Bcast(&hash_of_rank_0, 1, MPI_UINT64_T, 0, comm_);
    if (hash != hash_of_rank_0) {
      std::fprintf(stderr, "rank %d of %d: its list of tests is not that of rank 0\n", rank_, size_);
      MPI_Abort(comm_, 2);
    }
  }

  /// Stores the name, since gtest reports failures under a lock that current_test_info() also takes.
  void OnTestStart(const testing::TestInfo& info) override {
    test_ = std::string(info.test_suite_name()) + "." + info.name();
  }

  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed() || rank_ == 0 || combining_) return;  // gtest's own printer reports on rank 0
    const std::string file = result.file_name() == nullptr ? "unknown file" : result.file_name();
    std::fprintf(stderr, "rank %d of %d: %s: %s:%d: Failure\n%s\n", rank_, size_, test_.c_str(), file.c_str(),
                 result.line_number(), result.message());
    std::fflush(stderr);
  }

  /// Makes the outcome of a test common to all ranks. Runs before gtest's printer says OK or FAILED.
  void OnTestEnd(const testing::TestInfo& info) override {
    const bool failed_here = info.result()->Failed();
    const char mine = failed_here ? 1 : 0;
    std::vector<char> failed(static_cast<std::size_t>(size_), 0);
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Iallgather(&mine, 1, MPI_CHAR, failed.data(), 1, MPI_CHAR, comm_, &request);
    wait(request, failed_here);

    std::string where;
    for (int r = 0; r < size_; ++r)
      if (failed[static_cast<std::size_t>(r)] != 0) where += " " + std::to_string(r);
    test_ = "outside a test";
    if (where.empty() || failed_here) return;
    combining_ = true;
    ADD_FAILURE() << "failed on rank" << where << " of " << size_;
    combining_ = false;
  }

 private:
  void wait(MPI_Request& request, bool failed_here) const {
    const auto start = std::chrono::steady_clock::now();
    for (;;) {
      int done = 0;
      MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      if (done != 0) return;
      const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
      if (failed_here && waited.count() > kPatience) {
        std::fprintf(stderr, "rank %d of %d: failed in %s, and other ranks have not ended it %.0f s later\n",
                     rank_, size_, test_.c_str(), kPatience);
        std::fflush(stderr);
        MPI_Abort(comm_, 3);
      }
      usleep(200);  // the other ranks may need this core
    }
  }

  MPI_Comm comm_;
  int rank_ = 0;
  int size_ = 1;
  bool combining_ = false;
  std::string test_ = "outside a test";
};

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  testing::InitGoogleTest(&argc, argv);
  MPI_Comm comm = MPI_COMM_NULL;  // separate, so that it receives no messages of tests
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  if (provided < MPI_THREAD_FUNNELED) {
    if (rank == 0) std::fprintf(stderr, "this MPI does not support MPI_THREAD_FUNNELED\n");
    MPI_Abort(comm, 2);
  }

  // A shuffle must be the same on all ranks; gtest takes its seed from the clock.
  int seed = testing::FLAGS_gtest_random_seed;
  if (testing::FLAGS_gtest_shuffle && seed == 0) seed = 1 + static_cast<int>(getpid() % 99999);
  MPI_Bcast(&seed, 1, MPI_INT, 0, comm);
  testing::FLAGS_gtest_random_seed = seed;

  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  if (rank != 0) {
    delete listeners.Release(listeners.default_result_printer());
    delete listeners.Release(listeners.default_xml_generator());  // one report, not one per rank
  }
  listeners.Append(new RankListener(comm));

  int failed = 0;
  if (rank == 0 || !testing::FLAGS_gtest_list_tests) failed = octopole::test::run_all_tests();
  int failed_anywhere = 0;
  MPI_Allreduce(&failed, &failed_anywhere, 1, MPI_INT, MPI_MAX, comm);
  MPI_Comm_free(&comm);
  octopole::mpi::finalize();
  return failed_anywhere;
}
