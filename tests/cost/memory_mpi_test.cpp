// Estimates of memory, and refusal, on all ranks alike, of a set-up that would not fit.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/machine.hpp"
#include "base/threads.hpp"
#include "fmm/set_points.hpp"
#include "kernels/any_kernel.hpp"
#include "operators/operator_set.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

constexpr Index kMebi = Index{1} << 20;

/// A root folder for memory_bounds, one per rank: a node with this number of bytes available.
class Machine {
 public:
  explicit Machine(Index available) {
    std::string name = (std::filesystem::temp_directory_path() / "octopole-memory-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    root = name;
    write("/proc/meminfo",
          "MemTotal: 99999999 kB\nMemAvailable: " + std::to_string(available / 1024) + " kB\n");
  }
  ~Machine() { std::filesystem::remove_all(root); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root + path).parent_path());
    std::ofstream(root + path) << text;
  }
  std::string root;
};

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const AgreedError& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Expects the same text on all ranks.
void expect_agreed(const std::string& text) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  std::string first = text;
  comm.broadcast(first);
  EXPECT_EQ(text, first);
}

std::vector<double> own_points(std::size_t n) {
  const test::Part part = test::world();
  return part.of(test::make_points("cube", n * static_cast<std::size_t>(part.ranks)), 3);
}

Parameters parameters_of(int digits, Output output = Output::potential) {
  Options options;
  options.digits = digits;
  options.output = output;
  return resolve(options, Laplace::name);
}

TEST(MemoryLimit, RefusesOperatorsAndPointsBeforeTheyAreThere) {
  Options options;
  options.digits = 6;
  options.ncrit = 300;
  options.memory_limit = kMebi;
  const std::string of_operators = error_of([&] { const Fmm fmm(MPI_COMM_WORLD, Laplace{}, options); });
  EXPECT_TRUE(has(of_operators, "before the operators")) << of_operators;
  expect_agreed(of_operators);

  const std::vector<double> points = test::make_points("cube", 300'000);
  options.memory_limit = 20 * kMebi;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  const Index before = peak_resident_bytes();
  const std::string of_points = error_of([&] { fmm.set_points(points); });
  EXPECT_TRUE(has(of_points, "before the points are sorted")) << of_points;
  EXPECT_TRUE(has(of_points, "its limit is 20.0 MiB")) << of_points;
  EXPECT_TRUE(has(of_points, "use more ranks or a higher limit")) << of_points;
  expect_agreed(of_points);
  EXPECT_LT(peak_resident_bytes() - before, 6 * kMebi) << "sorting alone takes 13 MB";
}

TEST(MemoryLimit, NoneIsNoLimitAndARefusedSetUpLeavesTheOldOne) {
  const test::Part part = test::world();
  Options options;
  options.digits = 3;
  options.memory_limit = kNoMemoryLimit;
  const std::vector<double> few = own_points(2000), many = own_points(60'000);
  const std::vector<double> charges(few.size() / 3, 1.0);
  Fmm unlimited(MPI_COMM_WORLD, Laplace{}, options);
  unlimited.set_points(many);
  const Index needed = unlimited.summary().memory_estimate.peak();
  unlimited.set_points(few);
  EXPECT_GT(unlimited.summary().memory_estimate.replaced, 0)
      << "the old set-up is kept until the new one is complete";

  options.memory_limit = needed - 1;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  fmm.set_points(few);
  const Field before = fmm.evaluate(charges);
  expect_agreed(error_of([&] { fmm.set_points(many); }));
  EXPECT_FALSE(error_of([&] { fmm.set_points(many); }).empty());
  EXPECT_EQ(fmm.evaluate(charges).potential, before.potential);

  options.memory_limit = part.rank + 1;
  const std::string differs = error_of([&] { const Fmm other(MPI_COMM_WORLD, Laplace{}, options); });
  EXPECT_TRUE(part.ranks == 1 || has(differs, "memory_limit")) << differs;
}

TEST(MemoryOfNodes, RanksOfANodeAddUp) {
  const test::Part part = test::world();
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const Parameters parameters = parameters_of(6);
  const std::vector<double> points = own_points(20'000);
  const auto set_up = [&](Index available) {
    const Machine machine(available);
    MemoryCheck check(comm, parameters, machine.root);
    check.begin(0);
    set_points(comm, parameters, points, std::nullopt, nullptr, &check);
    return check.estimate();
  };
  const MemoryEstimate estimate = set_up(Index{1} << 40);
  const Index one = comm.max(estimate.peak());
  set_up(part.ranks * one + kMebi);
  const std::string text =
      error_of([&] { set_up(one * 9 / 10 * part.ranks - part.ranks * estimate.operators); });
  EXPECT_TRUE(has(text, std::to_string(part.ranks) + (part.ranks == 1 ? " rank on " : " ranks on "))) << text;
  EXPECT_TRUE(has(text, host_name())) << text;
  EXPECT_TRUE(has(text, "of the node")) << text;
  EXPECT_TRUE(has(text, "use more nodes or fewer ranks per node")) << text;
  expect_agreed(text);
}

// The ranks compute the operators of levels in turn, when the points are set up.
TEST(MemoryOfNodes, RanksThatComputeOperatorsNeedScratch) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  Options options;
  options.digits = 12;
  Parameters parameters = resolve(options, Yukawa::name);
  set_kernel_parameters(Yukawa{2}, parameters);
  const Machine machine(Index{1} << 40);
  MemoryCheck check(comm, parameters, machine.root);
  check.begin(0);
  const PointSetup s = set_points(comm, parameters, own_points(4000), std::nullopt, nullptr, &check);
  const int sets = operator_sets(parameters.operators, tree::kFirstLevel, s.levels);
  const Index scratch = comm.rank() < sets ? operator_scratch_bytes(parameters.operators) : 0;
  EXPECT_GE(check.estimate().set_up, check.estimate().stays + scratch);
}

TEST(MemoryOfNodes, OneRanksCgroupOrLimitRefusesAll) {
  const test::Part part = test::world();
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const Parameters parameters = parameters_of(6);
  const std::vector<double> points = own_points(20'000);
  const Machine machine(Index{1} << 40);
  const auto set_up = [&] {
    return error_of([&] {
      MemoryCheck check(comm, parameters, machine.root);
      check.begin(0);
      set_points(comm, parameters, points, std::nullopt, nullptr, &check);
    });
  };
  EXPECT_EQ(set_up(), "");
  const bool last = part.rank + 1 == part.ranks;
  if (last) {
    machine.write("/proc/self/mountinfo", "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    machine.write("/proc/self/cgroup", "0::/jobs/tight\n");
    machine.write("/sys/fs/cgroup/jobs/tight/memory.max", "2000000\n");
    machine.write("/sys/fs/cgroup/jobs/tight/memory.current", "1000000\n");
  }
  const std::string of_cgroup = set_up();
  EXPECT_TRUE(has(of_cgroup, "cgroup /jobs/tight")) << of_cgroup;
  EXPECT_TRUE(has(of_cgroup, "1 rank on ")) << of_cgroup;
  EXPECT_TRUE(has(of_cgroup, "rank " + std::to_string(part.ranks - 1) + " alone")) << of_cgroup;
  expect_agreed(of_cgroup);

  machine.write("/proc/self/cgroup", "");
  machine.write("/proc/self/status", "VmSize: 1000 kB\n");
  if (last)
    machine.write("/proc/self/limits",
                  "Max address space         1500000              unlimited     bytes\n");
  const std::string of_limit = set_up();
  EXPECT_TRUE(has(of_limit, "ulimit -v")) << of_limit;
  expect_agreed(of_limit);
}

struct Case {
  std::string shape;
  int digits;
  bool gradient, distinct;
};

class Estimates : public testing::TestWithParam<Case> {};

// Early estimates are lower bounds, and the one before the ghosts is close to the final estimate.
TEST_P(Estimates, ComeCloserFromStageToStage) {
  const auto& [shape, digits, gradient, distinct] = GetParam();
  const test::Part part = test::world();
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const Parameters parameters =
      parameters_of(digits, gradient ? Output::potential_and_gradient : Output::potential);
  const std::vector<double> sources = part.of(test::make_points(shape, 60'000), 3),
                            targets = part.of(test::make_points("plummer", 40'000), 3);

  class Recorder : public MemoryCheck, public WorkObserver {
   public:
    using MemoryCheck::MemoryCheck;
    void preparing(SetupStage stage) override {  // after the stage's own check: the estimate so far
      if (stage == SetupStage::distribute || stage == SetupStage::ghosts) seen.push_back(estimate());
    }
    void prepared(SetupStage, Index) override {}
    void evaluated(const PointSetup&, Phase, std::size_t) override {}
    void copied(Index) override {}
    std::vector<MemoryEstimate> seen;
  } check(comm, parameters);
  check.begin(0);
  const PointSetup s =
      set_points(comm, parameters, sources,
                 distinct ? std::optional<std::span<const double>>(targets) : std::nullopt, &check, &check);
  ASSERT_GE(check.seen.size(), 3u);
  const Index of_points = comm.max(check.seen.front().peak()), of_lists = comm.max(check.seen.back().peak()),
              of_plan = comm.max(s.memory.peak());
  EXPECT_EQ(s.memory, check.estimate());
  EXPECT_LE(of_points, of_lists);
  EXPECT_GE(of_points, of_lists / 8);
  EXPECT_NEAR(static_cast<double>(of_lists) / static_cast<double>(of_plan), 1, 0.1);
  EXPECT_EQ(s.memory.operators, operator_bytes(parameters.operators));
}

INSTANTIATE_TEST_SUITE_P(PointDistributions, Estimates,
                         testing::Values(Case{"cube", 3, false, false}, Case{"sphere", 6, true, false},
                                         Case{"plummer", 9, true, false}, Case{"cube", 12, false, true},
                                         Case{"sphere", 6, false, true}));

TEST(OperatorBytes, AreWhatTheArraysTake) {
  for (const auto& [digits, m2l] : {std::pair{3, M2lMethod::fft}, {9, M2lMethod::fft}, {6, M2lMethod::svd}}) {
    Options options;
    options.digits = digits;
    options.precision = Precision::double_precision;
    options.m2l = m2l;
    const OperatorKey key = resolve(options, Laplace::name).operators;
    auto set = make_operators<double>(Laplace{}, key);
    Index bytes = 0;
    set.for_each_array([&]<class T>(const std::string&, AlignedVector<T>& values) {
      bytes += static_cast<Index>(values.size() * sizeof(T));
    });
    EXPECT_NEAR(static_cast<double>(operator_bytes(key)) / static_cast<double>(bytes), 1, 0.25) << digits;
  }
}

}  // namespace
}  // namespace octopole
