// Problems of vector kernels, and whole evaluations of them against the direct sum.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/kept_operators.hpp"
#include "tests/support/problem.hpp"

namespace octopole::test {

inline std::vector<AnyKernel> vector_kernels() {
  return {Stokes{0.7}, Elasticity{1.3, 0.3}, BiotSavart{}};
}

/// Sources with strengths (sources, 3, vectors), and targets, of all ranks.
struct VectorProblem {
  std::vector<double> sources, strengths, targets;  // no targets: sources = targets
  int vectors = 1;

  VectorProblem(const std::string& shape, std::size_t n, int v = 1)
      : sources(make_points(shape, n)),
        strengths(make_charges(3 * n * static_cast<std::size_t>(v), 5)),
        vectors(v) {}
  const std::vector<double>& places() const { return targets.empty() ? sources : targets; }
  Field direct(const AnyKernel& kernel, Output output = Output::potential) const {
    return octopole::test::direct(kernel, places(), sources, {strengths, {}, vectors}, output);
  }
};

/// A rank's part of a problem, and its evaluation.
struct VectorEvaluation {
  Part part = world();
  std::vector<double> sources, strengths, targets;
  Fmm fmm;

  VectorEvaluation(const VectorProblem& p, const AnyKernel& kernel, const Options& options)
      : sources(part.of(p.sources, 3)),
        strengths(part.of(p.strengths, 3 * static_cast<std::size_t>(p.vectors))),
        targets(part.of(p.places(), 3)),
        fmm(MPI_COMM_WORLD, kernel, options, kept_operators()) {
    if (p.targets.empty())
      fmm.set_points(sources);
    else
      fmm.set_points(sources, targets);
  }
};

inline void check(const VectorProblem& problem, const AnyKernel& kernel, const Options& options,
                  double tolerance) {
  VectorEvaluation e(problem, kernel, options);
  const Field mine = e.fmm.evaluate(e.strengths, options.output, problem.vectors);
  const std::size_t values = e.targets.size() / 3 * static_cast<std::size_t>(problem.vectors);
  const bool gradient = options.output == Output::potential_and_gradient,
             pressure = kernel.has_pressure() && options.output != Output::potential;
  ASSERT_EQ(mine.potential.size(), 3 * values);
  ASSERT_EQ(mine.gradient.size(), gradient ? 9 * values : 0);
  ASSERT_EQ(mine.pressure.size(), pressure ? values : 0);
  const Field all = gather(mine, e.part), exact = problem.direct(kernel, options.output);
  EXPECT_LT(relative_l2(all.potential, exact.potential), tolerance);
  if (gradient) {
    EXPECT_LT(relative_l2(all.gradient, exact.gradient), tolerance);
  }
  if (pressure) {
    EXPECT_LT(relative_l2(all.pressure, exact.pressure), tolerance);
  }
}

/// The outputs of vector kernels.
inline std::vector<Output> outputs_of(const AnyKernel& kernel) {
  std::vector<Output> outputs = {Output::potential, Output::potential_and_gradient};
  if (kernel.has_pressure()) outputs.push_back(Output::potential_and_pressure);
  return outputs;
}

}  // namespace octopole::test
