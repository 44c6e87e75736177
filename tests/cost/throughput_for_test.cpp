// The throughput of kernels and of several vectors of charges, from that of Laplace with one.
#include <gtest/gtest.h>

#include "cost/operation_counts.hpp"
#include "octopole/kernels.hpp"

using namespace octopole;

namespace {

Parameters parameters_for(std::string_view kernel, int vectors) {
  Options options;
  options.digits = 6;
  options.vectors = vectors;
  return resolve(options, kernel);
}

double seconds(const Parameters& p, OperationKind kind) {
  return 1 / throughput_for(p, reference_throughput()).of(kind, Precision::double_precision);
}

TEST(ThroughputFor, OneVectorOfLaplaceIsWhatIsMeasured) {
  const Throughput measured = reference_throughput(),
                   same = throughput_for(parameters_for("laplace", 1), measured);
  EXPECT_EQ(same.in_double, measured.in_double);
  EXPECT_EQ(same.in_single, measured.in_single);
  EXPECT_EQ(same.in_one_float, measured.in_one_float);
  EXPECT_EQ(same.in_estimate, measured.in_estimate);
}

TEST(ThroughputFor, PairsOfMoreVectorsTakeLessEach) {
  for (const std::string_view kernel : {"laplace", "yukawa"})
    for (const OperationKind kind : {OperationKind::near_pairs, OperationKind::pairs,
                                     OperationKind::near_gradient_pairs, OperationKind::gradient_pairs}) {
      double each = seconds(parameters_for(kernel, 1), kind);
      for (const int vectors : {3, 4, 8}) {
        const double next = seconds(parameters_for(kernel, vectors), kind) / vectors;
        EXPECT_LT(next, each) << kernel << ", " << vectors << " vectors";
        each = next;
      }
      // Two equal passes take twice as long as one.
      EXPECT_NEAR(seconds(parameters_for(kernel, 16), kind), 2 * seconds(parameters_for(kernel, 8), kind),
                  1e-12 * seconds(parameters_for(kernel, 16), kind));
    }
}

// P2P takes two vectors with the gradient one by one.
TEST(ThroughputFor, TwoVectorsWithTheGradient) {
  const OperationKind kind = OperationKind::near_gradient_pairs;
  EXPECT_DOUBLE_EQ(seconds(parameters_for("yukawa", 2), kind),
                   2 * seconds(parameters_for("yukawa", 1), kind));
}

TEST(ThroughputFor, TranslationsTakeTheSameForEachVector) {
  for (const OperationKind kind : {OperationKind::gemm, OperationKind::transform, OperationKind::sweep})
    EXPECT_DOUBLE_EQ(seconds(parameters_for("laplace", 5), kind),
                     5 * seconds(parameters_for("laplace", 1), kind));
}

/// Seconds of one pair of P2P.
double pair_seconds(SourceKind kind, Output output) {
  Options options;
  options.digits = 3;  // all in single precision
  options.source_kind = kind;
  options.output = output;
  const Parameters p = resolve(options, "laplace");
  constexpr auto p2p = static_cast<std::size_t>(Phase::p2p);
  OperationsByPhase operations{};
  operations[p2p].pairs = 1;
  return seconds_of(operations, p, p.throughput, true)[p2p];
}

// More strengths and more results take longer, but not longer than one loop over charges for each product of
// both.
TEST(SecondsOf, DipolesAndHessians) {
  using enum SourceKind;
  using enum Output;
  const double one = pair_seconds(charges, potential);
  for (const Output output : {potential, potential_and_gradient, potential_gradient_and_hessian}) {
    EXPECT_GT(pair_seconds(dipoles, output), pair_seconds(charges, output));
    EXPECT_GE(pair_seconds(charges_and_dipoles, output), pair_seconds(dipoles, output));
    EXPECT_LT(pair_seconds(charges_and_dipoles, output), 4 * 10 * one);
  }
  for (const SourceKind kind : {charges, dipoles, charges_and_dipoles})
    EXPECT_GT(pair_seconds(kind, potential_gradient_and_hessian), pair_seconds(kind, potential_and_gradient));
}

}  // namespace
