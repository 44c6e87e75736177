// Ranks that differ in processors, throughput, threads, options and calls; bad input is the same error on
// all.
#include "fmm/agreement.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <utility>

#include "base/threads.hpp"
#include "simd/isa.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

/// Restores the instruction set and the number of threads.
class Restored {
 public:
  ~Restored() {
    simd::force_isa(isa_);
    set_threads(threads_);
  }

 private:
  simd::Isa isa_ = simd::active_isa();
  int threads_ = max_threads();
};

/// A problem and its exact field.
struct Solved {
  explicit Solved(const char* shape, std::size_t n = 4000)
      : problem(make_problem(shape, n)), exact(direct(problem)) {}
  void expect(const Options& options, int digits, const std::string& what) const {
    const Field field = run(problem, options, world());
    if (world().rank != 0) return;
    EXPECT_LT(relative_l2(field.potential, exact.potential), std::pow(10.0, -digits)) << what;
  }
  Problem problem;
  Field exact;
};

TEST(Agreement, RanksOfDifferentInstructionSets) {
  const Restored restored;
  const std::vector<simd::Isa> isas = simd::available_isas();
  if (isas.size() == 1) GTEST_SKIP() << "this machine has one instruction set: " << simd::isa_name(isas[0]);
  const auto rank = static_cast<std::size_t>(world().rank);
  simd::force_isa(isas[isas.size() - 1 - rank % isas.size()]);
  // Leaves so large that W and X pairs are summed directly by the throughput of one instruction set, but not
  // by those of another.
  const std::vector<std::pair<int, int>> ncrit_of_digits = {{3, 150}, {5, 290}, {6, 420}, {9, 700}};
  for (const char* shape : {"plummer", "sphere"}) {
    const Solved solved(shape, 6000);
    for (const auto& [digits, large] : ncrit_of_digits)
      for (const std::optional<int> ncrit : {std::optional<int>(), std::optional<int>(large)}) {
        Options options;
        options.digits = digits;
        options.ncrit = ncrit;
        solved.expect(options, digits, std::string(shape) + ", digits " + std::to_string(digits));
      }
  }
}

TEST(Agreement, RanksOfDifferentThroughput) {
  const int rank = world().rank;
  const Solved plummer("plummer"), sphere("sphere");
  for (const int digits : {3, 6}) {
    Options options;
    options.digits = digits;
    Throughput throughput = reference_throughput();
    double factor = 1 + 3.0 * rank;
    for (const auto& [name, row] : throughput.rows())
      for (double& rate : *row) rate *= (factor = 5.5 - factor) > 0 ? factor : 0.3;  // differs between kinds
    options.throughput = throughput;
    plummer.expect(options, digits, "digits " + std::to_string(digits));
    if (rank % 2 == 1) options.throughput.reset();
    sphere.expect(options, digits, "a throughput on some ranks alone");
  }
}

TEST(Agreement, MeasuredThroughputServesAllRanks) {
  if (world().ranks > 3) return;  // measuring takes a second per rank; few ranks are enough
  Options options;
  options.digits = 4;
  options.throughput = measure_throughput();
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const Throughput agreed = agree_on_throughput(comm, *options.throughput);
  EXPECT_LE(agreed.of(OperationKind::gemm, Precision::double_precision),
            options.throughput->of(OperationKind::gemm, Precision::double_precision));
  Solved("ellipsoid").expect(options, 4, "measured throughput");
}

TEST(Agreement, RanksOfDifferentThreads) {
  const Restored restored;
  const Part part = world();
  for (const char* shape : {"cube", "plummer"})
    for (const int digits : {3, 6, 9}) {
      Options options;
      options.digits = digits;
      options.ncrit = 40;
      set_threads(1);
      const Field alike = run(make_problem(shape, 2500), options, part);
      set_threads(1 + part.rank % 3);
      const Field unlike = run(make_problem(shape, 2500), options, part);
      EXPECT_LT(relative_l2(unlike.potential, alike.potential), 1e-12) << shape << digits;
      EXPECT_LT(relative_l2(unlike.gradient, alike.gradient), 1e-12) << shape << digits;
    }
}

TEST(Agreement, ParametersAreThoseOfRankZero) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  Options options;
  options.digits = 7;
  options.m2l = M2lMethod::svd;
  const Parameters p = agree_on_parameters(comm, options, Laplace{});
  EXPECT_EQ(p.operators, resolve(options, Laplace::name).operators);
  EXPECT_EQ(p.digits, 7);
  EXPECT_EQ(p.operators.kernel, Laplace::name);
  EXPECT_EQ(p.near_min_separation, comm.of_root(p.near_min_separation));
}

void expect_agreed_error(const std::vector<std::string>& parts, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error: " << parts[0];
  } catch (const AgreedError& error) {
    for (const std::string& text : parts)
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << text << ": " << error.what();
  }
}

TEST(Agreement, EveryUnequalOptionIsNamedWithItsRanks) {
  const Part part = world();
  if (part.ranks == 1) return;
  const bool last = part.rank == part.ranks - 1;
  const std::vector<std::pair<std::string, std::function<void(Options&)>>> changes = {
      {"digits", [](Options& o) { o.digits = 5; }},
      {"order", [](Options& o) { o.order = 5; }},
      {"check_order", [](Options& o) { o.check_order = 8; }},
      {"downward_check_order", [](Options& o) { o.downward_check_order = 8; }},
      {"source_kind", [](Options& o) { o.source_kind = SourceKind::dipoles; }},
      {"vectors", [](Options& o) { o.vectors = 2; }},
      {"ncrit", [](Options& o) { o.ncrit = 31; }},
      {"padding", [](Options& o) { o.padding = 1.5; }},
      {"tune", [](Options& o) { o.tune = false; }},
      {"output", [](Options& o) { o.output = Output::potential_and_gradient; }},
      {"max_level", [](Options& o) { o.max_level = 3; }},
      {"inner_radius", [](Options& o) { o.inner_radius = 1.1; }},
      {"outer_radius", [](Options& o) { o.outer_radius = 2.9; }},
      {"outer_grading", [](Options& o) { o.outer_grading = 0.5; }},
      {"precision", [](Options& o) { o.precision = Precision::double_precision; }},
      {"near_precision", [](Options& o) { o.near_precision = Precision::double_precision; }},
      {"near_form", [](Options& o) { o.near_form = NearForm::two_floats; }},
      {"m2l_precision", [](Options& o) { o.m2l_precision = Precision::double_precision; }},
      {"m2l", [](Options& o) { o.m2l = M2lMethod::svd; }},
      {"svd_tolerance", [](Options& o) { o.svd_tolerance = 1e-5; }},
      {"svd_rank", [](Options& o) { o.svd_rank = 40; }},
      {"two_to_one", [](Options& o) { o.two_to_one = false; }},
      {"direct_leaves", [](Options& o) { o.direct_leaves = false; }},
      {"load_balance", [](Options& o) { o.load_balance = LoadBalance::points; }},
      {"transport", [](Options& o) { o.transport = mpi::Transport::point_to_point; }},
      {"allgather_threshold", [](Options& o) { o.allgather_threshold = 3; }},
      {"memory_limit", [](Options& o) { o.memory_limit = Index{1} << 40; }},
      {"allow_overfull_leaves", [](Options& o) { o.allow_overfull_leaves = true; }}};
  EXPECT_EQ(changes.size(), named_options({}).size());  // a new option needs a line above
  for (const auto& [name, change] : changes) {
    Options options;
    options.digits = 4;
    if (last) change(options);
    expect_agreed_error({name + " is ", "on rank " + std::to_string(part.ranks - 1), "same options"},
                        [&] { Fmm(MPI_COMM_WORLD, Laplace{}, options); });
  }
}

TEST(Agreement, UnequalCallsAreNamed) {
  const Part part = world();
  if (part.ranks == 1) return;
  const bool last = part.rank == part.ranks - 1;
  const Problem problem = make_problem("cube", 600);
  const std::vector<double> points = part.of(problem.sources, 3), charges = part.of(problem.charges, 1);
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(4, 30));
  expect_agreed_error({"set_points(points)", "set_points(sources, targets) on rank"}, [&] {
    if (last)
      fmm.set_points(points, points);
    else
      fmm.set_points(points);
  });
  fmm.set_points(points);
  const Field before = fmm.evaluate(charges);
  expect_agreed_error({"evaluate for the potential on", "potential and gradient on"}, [&] {
    fmm.evaluate(charges, last ? Output::potential : Output::potential_and_gradient);
  });
  expect_agreed_error({"evaluate for the potential on", "summary on"}, [&] {
    if (last)
      fmm.summary();
    else
      fmm.evaluate(charges);
  });
  EXPECT_EQ(fmm.evaluate(charges).potential, before.potential);  // still usable
}

TEST(Agreement, OldPointsStayUntilNewOnesStand) {
  const Part part = world();
  const Problem problem = make_problem("plummer", 900);
  const std::vector<double> charges = part.of(problem.charges, 1);
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(4, 30));
  fmm.set_points(part.of(problem.sources, 3));
  const Field before = fmm.evaluate(charges);
  const std::vector<double> far = {0, 0, 0, 1e200, 0, 0};  // too far apart for any root cube
  EXPECT_THROW(fmm.set_points(far), AgreedError);
  EXPECT_EQ(fmm.evaluate(charges).potential, before.potential);
  EXPECT_EQ(fmm.sources(), part.of(problem.sources, 3));
}

TEST(Agreement, ListsOfRanks) {
  EXPECT_EQ(mpi::list_ranks(std::vector<int>{0}), "0");
  EXPECT_EQ(mpi::list_ranks(std::vector<int>{0, 1, 4, 5, 6, 9}), "0, 1, 4 to 6, 9");
}

void expect_error(const std::string& part_of_message, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error: " << part_of_message;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part_of_message), std::string::npos) << error.what();
  }
}

TEST(BadInput, IsTheSameErrorOnAllRanks) {
  const Part part = world();
  const bool last = part.rank == part.ranks - 1;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(3, 30));
  expect_error("before set_points", [&] { fmm.evaluate({}); });
  expect_error("no sources", [&] { fmm.set_points(std::vector<double>{}); });
  expect_error("no targets", [&] { fmm.set_points(std::vector<double>{1, 2, 3}, {}); });
  expect_error("not three", [&] { fmm.set_points(std::vector<double>(last ? 4 : 3)); });
  std::vector<double> points(30, 0.5);
  if (last) points[17] = std::numeric_limits<double>::quiet_NaN();
  if (last) points[20] = std::numeric_limits<double>::infinity();
  const std::string where =
      "2 NaN or infinite values, the first at index " + std::to_string(10 * (part.ranks - 1) + 5);
  expect_error(where, [&] { fmm.set_points(points); });
  points[17] = points[20] = 0.25;
  fmm.set_points(points);
  expect_error("9 values for 10 sources", [&] { fmm.evaluate(std::vector<double>(last ? 9 : 10)); });
  std::vector<double> charges(10, 1.0);
  if (last) charges[3] = -std::numeric_limits<double>::infinity();
  expect_error("1 NaN or infinite", [&] { fmm.evaluate(charges); });
  EXPECT_EQ(fmm.evaluate(std::vector<double>(10, 1.0)).potential.size(), 10u);  // still usable
}

TEST(BadInput, OptionsOutOfRange) {
  const auto refuse = [](const std::string& message, auto&& set) {
    Options options;
    set(options);
    expect_error(message, [&] { Fmm(MPI_COMM_WORLD, Laplace{}, options); });
  };
  refuse("digits = 13", [](Options& o) { o.digits = 13; });
  refuse("digits = 1 ", [](Options& o) { o.digits = 1; });
  refuse("use double", [](Options& o) { o.digits = 9, o.precision = Precision::single_precision; });
  refuse("order = 1", [](Options& o) { o.order = 1; });
  refuse("order = 40", [](Options& o) { o.order = 40; });
  refuse("check order = 3", [](Options& o) { o.order = 4, o.check_order = 3; });
  refuse("needs them equal",
         [](Options& o) { o.order = 4, o.downward_check_order = 6, o.m2l = M2lMethod::fft; });
  refuse("ncrit = 0", [](Options& o) { o.ncrit = 0; });
  refuse("maximum level = 21", [](Options& o) { o.max_level = 21; });
  refuse("inner radius", [](Options& o) { o.inner_radius = 0.9; });
  refuse("outer radius", [](Options& o) { o.outer_radius = 5; });
  refuse("outer grading", [](Options& o) { o.outer_grading = 1.6; });
  refuse("no meaning", [](Options& o) { o.svd_rank = 10, o.m2l = M2lMethod::fft; });
  refuse("padding = 2.5", [](Options& o) { o.padding = 2.5; });
  refuse("near field or M2L in double", [](Options& o) {
    o.digits = 4, o.precision = Precision::single_precision, o.near_precision = Precision::double_precision;
  });
  refuse("single precision", [](Options& o) { o.digits = 9, o.m2l_precision = Precision::single_precision; });
  refuse("M2L by SVD works in the precision", [](Options& o) {
    o.order = 5, o.m2l = M2lMethod::svd, o.m2l_precision = Precision::single_precision;
  });
  refuse("M2L by SVD works in the precision", [](Options& o) {  // SVD, selected by its tolerance only
    o.precision = Precision::double_precision, o.m2l_precision = Precision::single_precision;
    o.svd_tolerance = 1e-7;
  });
  refuse("SVD tolerance", [](Options& o) { o.m2l = M2lMethod::svd, o.svd_tolerance = 2; });
}

}  // namespace
}  // namespace octopole
