// Several vectors of charges at once: the fields of single vectors, whatever the options, on any ranks.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "octopole/error.hpp"
#include "octopole/verify.hpp"
#include "tests/support/kept_operators.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

/// Charges (n, vectors) of all ranks: each vector has another seed and another magnitude, one is zero.
std::vector<double> make_vectors(std::size_t n, int vectors) {
  std::vector<double> charges(n * static_cast<std::size_t>(vectors));
  for (int v = 0; v < vectors; ++v) {
    const std::vector<double> one = make_charges(n, 10 + static_cast<unsigned>(v));
    const double magnitude = v == 1 ? 0 : std::pow(10.0, v % 3 == 2 ? 30 : -20 * (v % 3));
    for (std::size_t i = 0; i < n; ++i)
      charges[i * static_cast<std::size_t>(vectors) + static_cast<std::size_t>(v)] = magnitude * one[i];
  }
  return charges;
}

/// Column v of a table (rows, width, vectors).
std::vector<double> vector_of(const std::vector<double>& table, int v, int vectors) {
  std::vector<double> column;
  for (std::size_t i = static_cast<std::size_t>(v); i < table.size(); i += static_cast<std::size_t>(vectors))
    column.push_back(table[i]);
  return column;
}

struct Case {
  AnyKernel kernel = Laplace{};
  Problem problem;
  Options options;
};

/// An evaluation of several vectors.
struct Batch {
  int vectors;
  Output output;
};
constexpr Output kBoth = Output::potential_and_gradient;

void set_points(Fmm& fmm, const Problem& problem, const Part& part) {
  if (problem.targets.empty())
    fmm.set_points(part.of(problem.sources, 3));
  else
    fmm.set_points(part.of(problem.sources, 3), part.of(problem.targets, 3));
}

/// Expects the fields of each batch to be those of single vectors to `tolerance`.
void expect_fields_of_single_vectors(const Case& c, const std::vector<Batch>& batches, double tolerance) {
  const Part part = world();
  Fmm fmm(MPI_COMM_WORLD, c.kernel, c.options, kept_operators());
  set_points(fmm, c.problem, part);
  for (const auto& [vectors, output] : batches) {
    SCOPED_TRACE(::testing::Message() << vectors << " vectors");
    const std::vector<double> charges =
        part.of(make_vectors(c.problem.sources.size() / 3, vectors), static_cast<std::size_t>(vectors));
    const Field mine = fmm.evaluate(charges, output, vectors);
    EXPECT_EQ(mine.vectors, vectors);
    const std::vector<double> potential = gather(mine.potential, part),
                              gradient = gather(mine.gradient, part);
    for (int v = 0; v < vectors; ++v) {
      if (v > 1 && v < vectors - 2) continue;  // the first and the last two have all magnitudes
      if (v == 1) {                            // without charges
        for (const double u : vector_of(potential, v, vectors)) ASSERT_EQ(u, 0);
        continue;
      }
      const Field alone = fmm.evaluate(vector_of(charges, v, vectors), output);
      EXPECT_LT(relative_l2(vector_of(potential, v, vectors), gather(alone.potential, part)), tolerance)
          << "vector " << v;
      if (output == kBoth) {
        EXPECT_LT(relative_l2(vector_of(gradient, v, vectors), gather(alone.gradient, part)), 10 * tolerance)
            << "vector " << v;
      }
    }
  }
}

TEST(Vectors, FieldsAreThoseOfSingleVectors) {
  for (const bool distinct : {false, true})
    for (const int digits : {3, 5, 9}) {
      SCOPED_TRACE(::testing::Message() << distinct << ' ' << digits);
      Case c{Laplace{}, make_problem("plummer", 1200), {}};
      if (distinct) c.problem.targets = make_points("cube", 700);
      c.options.digits = digits;
      c.options.ncrit = digits < 9 ? 30 : 60;
      const double tolerance = digits == 3 ? 2e-4 : digits == 5 ? 3e-6 : 1e-13;
      expect_fields_of_single_vectors(c, {{3, kBoth}, {6, kBoth}, {3, Output::potential}}, tolerance);
    }
}

// One pass takes eight vectors: nine are five and four.
TEST(Vectors, InSeveralPasses) {
  Case c{Laplace{}, make_problem("sphere", 1000), {}};
  c.options.digits = 7;
  c.options.ncrit = 40;
  expect_fields_of_single_vectors(c, {{8, kBoth}, {9, kBoth}, {17, Output::potential}}, 1e-13);
  c.options.digits = 6;  // P2P in single precision, with strengths of its own
  c.options.output = kBoth;
  expect_fields_of_single_vectors(c, {{9, kBoth}, {2, kBoth}}, 1e-6);
}

TEST(Vectors, WithEveryKindOfOperators) {
  for (const AnyKernel& kernel : {AnyKernel(Laplace{}), AnyKernel(Yukawa{3})})
    for (const M2lMethod m2l : {M2lMethod::fft, M2lMethod::svd})
      for (const Precision precision : {Precision::single_precision, Precision::double_precision}) {
        SCOPED_TRACE(::testing::Message() << kernel.name() << m2l_name(m2l) << precision_name(precision));
        Case c{kernel, make_problem("plummer", 800), {}};
        c.options.digits = 4;
        c.options.ncrit = 25;
        c.options.m2l = m2l;
        c.options.precision = precision;
        expect_fields_of_single_vectors(c, {{5, kBoth}},
                                        precision == Precision::single_precision ? 1e-5 : 1e-13);
      }
  Case mixed{Laplace{}, make_problem("plummer", 1200), {}};
  mixed.options.digits = 5;
  mixed.options.ncrit = 25;
  mixed.options.precision = Precision::double_precision;
  mixed.options.m2l_precision = mixed.options.near_precision = Precision::single_precision;
  for (const NearForm form : {NearForm::one_float, NearForm::two_floats}) {
    mixed.options.near_form = form;
    expect_fields_of_single_vectors(mixed, {{4, kBoth}}, 1e-5);
  }
  mixed.options.precision = Precision::single_precision;
  mixed.options.digits = 4;
  expect_fields_of_single_vectors(mixed, {{4, kBoth}}, 1e-5);
}

// Against the direct sum, with the tree that the cost model chooses for the vectors.
TEST(Vectors, DigitsAreReached) {
  const Part part = world();
  const int vectors = 6;
  for (const char* shape : {"cube", "sphere", "plummer"})
    for (const int digits : {3, 6, 9, 12}) {
      if (digits == 12 && std::string(shape) != "cube") continue;
      SCOPED_TRACE(::testing::Message() << shape << ' ' << digits);
      Problem problem = make_problem(shape, 2000);
      problem.charges = make_vectors(2000, vectors);
      Options options;
      options.digits = digits;
      options.vectors = vectors;
      options.throughput = reference_throughput();
      Fmm fmm(MPI_COMM_WORLD, Laplace{}, options, kept_operators());
      const std::vector<double> points = part.of(problem.sources, 3), charges = part.of(problem.charges, 6);
      fmm.set_points(points);
      const Field field = fmm.evaluate(charges, Output::potential, vectors);
      const std::vector<double> all = gather(field.potential, part);
      for (const int v : {0, 2, 4}) {
        const Problem one{problem.sources, vector_of(problem.charges, v, vectors), {}};
        EXPECT_LT(relative_l2(vector_of(all, v, vectors), direct(one).potential), std::pow(10.0, -digits))
            << "vector " << v;
      }
      const Verification verified = verify(MPI_COMM_WORLD, Laplace{}, points, charges, points, field, 300);
      EXPECT_TRUE(reaches(verified, digits));
    }
}

// The verification of a sum of all vectors finds an error in one of them.
TEST(Vectors, VerificationSeesEveryVector) {
  const Part part = world();
  const Problem problem = make_problem("cube", 1000);
  const int vectors = 4;
  std::vector<double> all(4000);
  for (std::size_t i = 0; i < all.size(); ++i)  // the last one has a single charge
    all[i] = i % 4 == 3 ? (i == 403 ? 1 : 0) : problem.charges[i / 4] * (i % 4 == 1 ? 1e9 : -1);
  Options options;
  options.digits = 9;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  const std::vector<double> points = part.of(problem.sources, 3), charges = part.of(all, 4);
  fmm.set_points(points);
  const Field right = fmm.evaluate(charges, kBoth, vectors);
  const auto error = [&](const Field& field) {
    return verify(MPI_COMM_WORLD, Laplace{}, points, charges, points, field, 200);
  };
  EXPECT_LT(error(right).potential.relative_l2, 1e-9);
  EXPECT_LT(error(right).gradient->relative_l2, 1e-9);
  for (std::size_t v = 0; v < 4; ++v) {
    Field wrong = right;
    for (std::size_t i = v; i < wrong.potential.size(); i += 4) wrong.potential[i] *= 1 + 1e-4;
    for (std::size_t i = v; i < wrong.gradient.size(); i += 4) wrong.gradient[i] *= 1 + 1e-4;
    EXPECT_GT(error(wrong).potential.relative_l2, 1e-6) << v;
    EXPECT_GT(error(wrong).gradient->relative_l2, 1e-6) << v;
  }
}

// Long sums in single precision would lose digits: leaves of thousands of points.
TEST(Vectors, LargeLeavesKeepTheirDigits) {
  const Part part = world();
  Problem problem = make_problem("cube", 4000);
  for (double& q : problem.charges) q = std::abs(q);
  std::vector<double> charges;
  for (const double q : part.of(problem.charges, 1)) charges.insert(charges.end(), {q, 2 * q, -q});
  const std::vector<double> exact = direct(problem).potential;
  for (const std::optional<NearForm> form :
       {std::optional<NearForm>(), std::optional(NearForm::two_floats)}) {
    Options options;
    options.digits = 6;
    options.ncrit = 100000;
    options.near_form = form;
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(part.of(problem.sources, 3));
    const Field field = fmm.evaluate(charges, Output::potential, 3);
    const std::vector<double> all = gather(field.potential, part);
    EXPECT_LT(relative_l2(vector_of(all, 0, 3), exact), 3e-7);
  }
}

// In single precision the magnitudes of several vectors take a reduction of their own.
TEST(Vectors, NumbersOfReductions) {
  const Part part = world();
  const Problem problem = make_problem("cube", 300);
  for (const int digits : {4, 9}) {
    Options options;
    options.digits = digits;
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(part.of(problem.sources, 3));
    for (const int vectors : {1, 2}) {
      fmm.evaluate(part.of(make_vectors(300, vectors), static_cast<std::size_t>(vectors)), Output::potential,
                   vectors);
      EXPECT_EQ(fmm.summary().communication.reductions, digits == 4 && vectors == 2 ? 2 : 1);
    }
  }
}

// More vectors than Options::vectors are checked against the limit of memory before anything is allocated.
TEST(Vectors, MemoryOfMoreVectorsIsChecked) {
  const Part part = world();
  if (part.ranks > 3) return;  // more ranks have too little each
  const Problem problem = make_problem("cube", 3000);
  Options options;
  options.digits = 3;
  options.memory_limit = Index{24} << 20;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  fmm.set_points(part.of(problem.sources, 3));
  EXPECT_NO_THROW(fmm.evaluate(part.of(problem.charges, 1)));
  const std::vector<double> many = part.of(make_vectors(3000, 3000), 3000);
  try {
    fmm.evaluate(many, Output::potential, 3000);
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("not enough memory, as estimated for 3000 vectors"),
              std::string::npos)
        << error.what();
  }
  EXPECT_NO_THROW(fmm.evaluate(part.of(problem.charges, 1)));
}

// A workspace is used again for another number of vectors.
TEST(Vectors, NumbersOfVectorsMayChange) {
  const Part part = world();
  const Problem problem = make_problem("sphere", 1500);
  Options options;
  options.digits = 9;
  options.ncrit = 40;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  fmm.set_points(part.of(problem.sources, 3));
  const std::vector<double> mine = part.of(problem.charges, 1);
  const Field once = fmm.evaluate(mine);
  Field field;
  for (const int vectors : {2, 9, 1, 3, 8, 1}) {
    std::vector<double> charges;
    for (const double q : mine) charges.insert(charges.end(), static_cast<std::size_t>(vectors), q);
    fmm.evaluate(charges, field, vectors == 3 ? kBoth : Output::potential, vectors);
    for (int v = 0; v < vectors; ++v)
      EXPECT_LT(
          relative_l2(gather(vector_of(field.potential, v, vectors), part), gather(once.potential, part)),
          1e-13)
          << v << " of " << vectors;
    EXPECT_EQ(field.gradient.empty(), vectors != 3 || mine.empty());
  }
}

void expect_agreed_error(const std::function<void()>& call, const std::string& part_of_message) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << part_of_message;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part_of_message), std::string::npos) << error.what();
  }
}

TEST(Vectors, BadInputIsTheSameErrorOnAllRanks) {
  const Part part = world();
  const Problem problem = make_problem("cube", 400);
  Options options;
  options.digits = 3;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  fmm.set_points(part.of(problem.sources, 3));
  std::vector<double> charges = part.of(make_vectors(400, 3), 3);
  expect_agreed_error([&] { fmm.evaluate(charges, Output::potential, 2); }, "2 vectors of");
  expect_agreed_error([&] { fmm.evaluate(charges, Output::potential, 0); }, "at least one");
  expect_agreed_error([&] { fmm.evaluate(charges, Output::potential, -1); }, "at least one");
  expect_agreed_error([&] { fmm.evaluate(charges, Output::potential, 2000000000); }, "at most 1000000");
  if (part.rank == part.ranks - 1 && !charges.empty())
    charges.back() = std::numeric_limits<double>::quiet_NaN();
  expect_agreed_error([&] { fmm.evaluate(charges, Output::potential, 3); }, "399");
  charges = part.of(make_vectors(400, 3), 3);
  if (part.ranks > 1)
    expect_agreed_error(
        [&] {
          if (part.rank == 0)
            fmm.evaluate(part.of(problem.charges, 1));
          else
            fmm.evaluate(charges, Output::potential, 3);
        },
        "the number of vectors");
  EXPECT_EQ(fmm.evaluate(charges, Output::potential, 3).potential.size(), charges.size());
  options.vectors = 0;
  expect_agreed_error([&] { Fmm(MPI_COMM_WORLD, Laplace{}, options); }, "vectors = 0");
}

}  // namespace
}  // namespace octopole
