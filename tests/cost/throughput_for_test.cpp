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

}  // namespace
