// Charges, dipoles and sums of derivatives as operators take them, for their tests.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "kernels/derivatives.hpp"
#include "uniform_tree.hpp"

namespace octopole::testing {

/// Strengths of `count` points as operators take them, (parts, vectors, points), and as callers pass them.
template <class Real>
struct RandomStrengths {
  SourceKind kind;
  int vectors;
  Index count;
  std::vector<double> charges, dipoles;
  std::vector<Real> by_part;

  RandomStrengths(SourceKind what, int v, Index n) : kind(what), vectors(v), count(n) {
    const SourceParts parts(kind);
    const auto size = static_cast<std::size_t>(n * v);
    if (parts.first == 0) charges.resize(size);
    if (parts.end > 1) dipoles.resize(3 * size);
    const auto values = random_values(size * static_cast<std::size_t>(parts.count()), -1, 1, 11);
    by_part.assign(values.begin(), values.end());
    for (int part = parts.first; part < parts.end; ++part)
      for (int w = 0; w < v; ++w)
        for (Index i = 0; i < n; ++i) {
          const Real value = by_part[static_cast<std::size_t>(((part - parts.first) * v + w) * n + i)];
          if (part == 0)
            charges[static_cast<std::size_t>(i * v + w)] = double(value);
          else
            dipoles[static_cast<std::size_t>((3 * i + part - 1) * v + w)] = double(value);
        }
  }
  StrengthVectors<Real> view() const { return {by_part.data(), count, vectors, kind}; }
  Strengths as_passed() const { return {charges, dipoles, vectors}; }
};

/// Sums with derivatives up to an order, in several vectors.
struct AllSums {
  Index count;
  int vectors, order;
  std::vector<double> values;  // (parts, vectors, points)

  AllSums(Index n, int v, int o)
      : count(n),
        vectors(v),
        order(o),
        values(static_cast<std::size_t>(n * v * kPartsUpTo[static_cast<std::size_t>(o)])) {}
  TargetSums view() {
    TargetSums sums{{{}, {1, order}}, count, vectors};
    for (int p = 0; p < sums.count(); ++p)
      sums.results.parts[static_cast<std::size_t>(p)] = values.data() + Index{p} * vectors * count;
    return sums;
  }
  /// The derivatives of one order as a Field has them.
  std::vector<double> of_order(int o) const {
    const int first = first_part(o), end = kPartsUpTo[static_cast<std::size_t>(o)];
    std::vector<double> table;
    for (Index i = 0; i < count; ++i)
      for (int p = first; p < end; ++p)
        for (int v = 0; v < vectors; ++v)
          table.push_back(values[static_cast<std::size_t>((Index{p} * vectors + v) * count + i)]);
    return table;
  }
  void expect(const Field& field, double tolerance) const {
    EXPECT_LT(relative_error(of_order(0), field.potential), tolerance);
    if (order > 0) {
      EXPECT_LT(relative_error(of_order(1), field.gradient), 3 * tolerance);
    }
    if (order > 1) {
      EXPECT_LT(relative_error(of_order(2), field.hessian), 10 * tolerance);
    }
  }
};

inline constexpr SourceKind kKinds[] = {SourceKind::charges, SourceKind::dipoles,
                                        SourceKind::charges_and_dipoles};

}  // namespace octopole::testing
