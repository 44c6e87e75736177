// Problems with dipoles, and whole evaluations of them against the direct sum.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/kept_operators.hpp"
#include "tests/support/problem.hpp"

namespace octopole::test {

/// Sources with strengths, and targets, of all ranks.
struct DipoleProblem {
  std::vector<double> sources, targets;  // no targets: sources = targets
  std::vector<double> charges, dipoles;
  int vectors = 1;

  DipoleProblem(const std::string& shape, std::size_t n, SourceKind kind, int v = 1)
      : sources(make_points(shape.c_str(), n)), vectors(v) {
    const auto values = [&](std::size_t size, unsigned seed) {
      std::vector<double> made;
      while (made.size() < size) {
        const std::vector<double> more = make_charges(n, seed++);
        made.insert(made.end(), more.begin(), more.end());
      }
      made.resize(size);
      return made;
    };
    const std::size_t size = n * static_cast<std::size_t>(v);
    if (kind != SourceKind::dipoles) charges = values(size, 3);
    if (kind != SourceKind::charges) dipoles = values(3 * size, 30);
  }
  Strengths strengths() const { return {charges, dipoles, vectors}; }
  const std::vector<double>& places() const { return targets.empty() ? sources : targets; }
};

/// A rank's part of a problem, and its evaluation.
struct DipoleEvaluation {
  Part part = world();
  std::vector<double> charges, dipoles;
  Fmm fmm;

  DipoleEvaluation(const DipoleProblem& p, const AnyKernel& kernel, const Options& options)
      : charges(part.of(p.charges, width(p.vectors))),
        dipoles(part.of(p.dipoles, 3 * width(p.vectors))),
        fmm(MPI_COMM_WORLD, kernel, options, kept_operators()),
        vectors_(p.vectors) {
    if (p.targets.empty())
      fmm.set_points(part.of(p.sources, 3));
    else
      fmm.set_points(part.of(p.sources, 3), part.of(p.targets, 3));
  }
  Strengths strengths() const { return {charges, dipoles, vectors_}; }
  /// The field of all ranks.
  Field field(Output output) { return gather(fmm.evaluate(strengths(), output), part); }

 private:
  static std::size_t width(int vectors) { return static_cast<std::size_t>(vectors); }
  int vectors_;
};

/// Derivatives of charges, dipoles alone and with charges, and both with derivatives.
struct SourcesAndOutput {
  SourceKind kind;
  Output output;
};
inline constexpr SourcesAndOutput kSourcesAndOutputs[] = {
    {SourceKind::charges, Output::potential_gradient_and_hessian},
    {SourceKind::dipoles, Output::potential},
    {SourceKind::dipoles, Output::potential_gradient_and_hessian},
    {SourceKind::charges_and_dipoles, Output::potential},
    {SourceKind::charges_and_dipoles, Output::potential_and_gradient}};

/// Expects errors relative to the results below `tolerance`.
inline void expect_near(const Field& field, const Field& expected, double tolerance) {
  EXPECT_EQ(field.vectors, expected.vectors);
  ASSERT_EQ(field.gradient.size(), expected.gradient.size());
  ASSERT_EQ(field.hessian.size(), expected.hessian.size());
  EXPECT_LT(relative_l2(field.potential, expected.potential), tolerance);
  if (!field.gradient.empty()) {
    EXPECT_LT(relative_l2(field.gradient, expected.gradient), tolerance);
  }
  if (!field.hessian.empty()) {
    EXPECT_LT(relative_l2(field.hessian, expected.hessian), tolerance);
  }
}

inline void check(const DipoleProblem& problem, const AnyKernel& kernel, Options options, SourceKind kind,
                  Output output, double tolerance) {
  options.source_kind = kind;
  options.output = output;
  DipoleEvaluation evaluation(problem, kernel, options);
  expect_near(evaluation.field(output),
              direct(kernel, problem.places(), problem.sources, problem.strengths(), output), tolerance);
}

}  // namespace octopole::test
