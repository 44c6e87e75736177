// Sums for several vectors of charges and dipoles, with derivatives, against plain sums, on every instruction
// set of this machine.
#include "kernels/tile_sums.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "octopole/kernels.hpp"
#include "simd/isa.hpp"

using namespace octopole;

namespace {

/// Random points in a cube, with vectors of strengths; padded with copies of the last one without strength.
/// Of side b, dipoles have the opposite sign.
template <class Real>
struct Points {
  Index count, end;
  TileTask task;
  int vectors, rows;  // of strengths
  double dipole_sign;
  std::vector<Real> x, y, z, x_low, y_low, z_low, least, strengths, sums;

  Points(Index n, const TileTask& of, bool is_a, unsigned seed)
      : count(n),
        end(padded(n)),
        task(of),
        vectors(of.vectors),
        rows(SourceParts(of.kind).count() * of.vectors),
        dipole_sign(is_a ? 1 : -1),
        strengths(static_cast<std::size_t>(end * rows)) {
    const double shift = is_a ? 0 : 0.5;
    std::mt19937 generator(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (Index i = 0; i < end; ++i)
      for (auto [high, low] : {std::pair(&x, &x_low), std::pair(&y, &y_low), std::pair(&z, &z_low)}) {
        const double place = uniform(generator) + (high == &x ? shift : 0);
        high->push_back(i < n ? static_cast<Real>(place) : (*high)[static_cast<std::size_t>(n - 1)]);
        low->push_back(static_cast<Real>(place - static_cast<double>(high->back())));
      }
    for (Index i = n; i < end; ++i)
      for (auto* low : {&x_low, &y_low, &z_low})
        (*low)[static_cast<std::size_t>(i)] = (*low)[static_cast<std::size_t>(n - 1)];
    for (int k = 0; k < rows; ++k)
      for (Index i = 0; i < n; ++i)
        strengths[static_cast<std::size_t>(k * end + i)] = static_cast<Real>(uniform(generator));
    clear();
    least.assign(static_cast<std::size_t>(end), Real(kLeast));
  }
  static constexpr double kLeast = 1e-4;

  void clear() { sums.assign(static_cast<std::size_t>(10 * vectors * end), 0); }
  std::array<double, 3> place(Index i, bool split) const {
    const auto at = static_cast<std::size_t>(i);
    const double low = split ? 1 : 0;
    return {static_cast<double>(x[at]) + low * static_cast<double>(x_low[at]),
            static_cast<double>(y[at]) + low * static_cast<double>(y_low[at]),
            static_cast<double>(z[at]) + low * static_cast<double>(z_low[at])};
  }
  /// The charge (part 0) or a component of the dipole.
  double strength(int part, int vector, Index i) const {
    const Index row = Index{part - SourceParts(task.kind).first} * vectors + vector;
    return (part > 0 ? dipole_sign : 1) *
           static_cast<double>(strengths[static_cast<std::size_t>(row * end + i)]);
  }
  double sum(int part, int vector, Index i) const {
    return static_cast<double>(sums[static_cast<std::size_t>((part * vectors + vector) * end + i)]);
  }
  TileSide<Real> side(bool is_a, bool wanted = true) {
    return {{x.data(),
             y.data(),
             z.data(),
             is_a ? end : count,
             {x_low.data(), y_low.data(), z_low.data()},
             is_a ? least.data() : nullptr},
            {strengths.data(), end},
            {wanted ? sums.data() : nullptr, end}};
  }
};

using Pairs = std::set<std::pair<Index, Index>>;
void take(void* to, Index a, Index b) {
  EXPECT_TRUE(static_cast<Pairs*>(to)->insert({a, b}).second) << "reported twice: " << a << ' ' << b;
}

/// Expects the sums of one side of the pairs that are not left out; `sign` is that of first derivatives.
template <class Real>
void expect_side(const AnyKernel& kernel, const Points<Real>& to, const Points<Real>& from, bool split,
                 double sign, double tolerance, const Pairs& left_out, bool to_a) {
  const SourceParts parts(to.task.kind);
  const int results = kPartsUpTo[static_cast<std::size_t>(to.task.order)];
  for (Index i = 0; i < to.count; ++i)
    for (int v = 0; v < to.vectors; ++v) {
      double expected[10] = {}, bound[3] = {};  // bounds by order
      for (Index j = 0; j < from.count; ++j) {
        if (left_out.count(to_a ? std::pair(i, j) : std::pair(j, i)) > 0) continue;
        const auto p = to.place(i, split), q = from.place(j, split);
        const std::array<double, 3> d = {p[0] - q[0], p[1] - q[1], p[2] - q[2]};
        const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        if (r2 == 0) continue;
        const RadialFactors factors = kernel.at(r2, 1 / std::sqrt(r2));
        const std::array<double, 20> derivative = derivatives_of(factors, d, 1 / std::sqrt(r2));
        const double size[4] = {std::abs(factors.potential),
                                std::abs(factors.gradient_factor) * std::sqrt(r2),
                                std::abs(factors.hessian_factor), std::abs(factors.third_factor)};
        for (int part = parts.first; part < parts.end; ++part) {
          const double strength = from.strength(part, v, j);
          for (int result = 0; result < results; ++result)
            expected[result] += (part > 0 ? -1 : 1) * strength * (order_of_part(result) == 1 ? sign : 1) *
                                derivative[static_cast<std::size_t>(product_of_parts(result, part))];
          for (int order = 0; order <= to.task.order; ++order)
            bound[order] += std::abs(strength) * size[order + (part > 0 ? 1 : 0)];
        }
      }
      for (int result = 0; result < results; ++result)
        ASSERT_NEAR(to.sum(result, v, i), expected[result], tolerance * bound[order_of_part(result)])
            << "part " << result << ", vector " << v << ", point " << i;
    }
}

template <class Real>
void compare(const AnyKernel& kernel, TileForm form, double tolerance) {
  const bool split = form == TileForm::two_floats, guarded = form != TileForm::any;
  for (const auto& [m, n] : {std::pair<Index, Index>{1, 1}, {3, 40}, {70, 17}, {300, 35}})
    for (const TileTask& task : {TileTask{SourceKind::charges, 1, 0},
                                 {SourceKind::charges, 2, 1},
                                 {SourceKind::charges, 8, 0},
                                 {SourceKind::charges, 3, 1},
                                 {SourceKind::charges, 1, 2},
                                 {SourceKind::dipoles, 1, 0},
                                 {SourceKind::dipoles, 2, 1},
                                 {SourceKind::dipoles, 1, 2},
                                 {SourceKind::charges_and_dipoles, 3, 0},
                                 {SourceKind::charges_and_dipoles, 1, 1},
                                 {SourceKind::charges_and_dipoles, 2, 2}}) {
      SCOPED_TRACE(::testing::Message()
                   << static_cast<int>(form) << ", " << m << " x " << n << ", kind "
                   << static_cast<int>(task.kind) << ", " << task.vectors << ", order " << task.order);
      Points<Real> a(m, task, true, 1), b(n, task, false, 2);
      // A coincident pair, and one that is too close for guarded forms.
      a.x[0] = b.x[0], a.y[0] = b.y[0], a.z[0] = b.z[0];
      a.x_low[0] = b.x_low[0], a.y_low[0] = b.y_low[0], a.z_low[0] = b.z_low[0];
      if (m > 2 && n > 2) {
        a.x[2] = b.x[2] + Real(0.001), a.y[2] = b.y[2], a.z[2] = b.z[2];
        a.x_low[2] = b.x_low[2], a.y_low[2] = b.y_low[2], a.z_low[2] = b.z_low[2];
      }
      Pairs left_out;
      TileSums<Real> tiles;
      const ClosePairs close{take, &left_out};
      tiles.add(kernel, form, task, a.side(true), b.side(false), close);
      Pairs of_points;
      for (const auto& pair : left_out)
        if (pair.first < m) of_points.insert(pair);
      EXPECT_EQ(of_points.count({0, 0}), guarded ? 1 : 0);
      if (m > 2 && n > 2) {
        EXPECT_EQ(of_points.count({2, 2}), guarded ? 1 : 0);
      }
      for (const auto& [i, j] : of_points) {
        const auto p = a.place(i, true), q = b.place(j, true);
        EXPECT_LT(std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]), std::sqrt(Points<Real>::kLeast) * 1.01);
      }
      expect_side(kernel, a, b, split, 1, tolerance, of_points, true);
      expect_side(kernel, b, a, split, -1, tolerance, of_points, false);
      // One side alone.
      const std::vector<Real> both = a.sums, of_b = b.sums;
      a.clear();
      left_out.clear();
      tiles.add(kernel, form, task, a.side(true), b.side(false, false), close);
      EXPECT_EQ(a.sums, both);
      EXPECT_EQ(b.sums, of_b);
    }
}

class TileSum : public ::testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override { simd::force_isa(GetParam()); }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_ = simd::active_isa();
};

TEST_P(TileSum, AgreesWithPlainSums) {
  for (const AnyKernel& kernel : {AnyKernel(Laplace{}), AnyKernel(Yukawa{1.5})}) {
    compare<double>(kernel, TileForm::any, 3e-13);
    compare<float>(kernel, TileForm::any, 2e-5);
    compare<float>(kernel, TileForm::two_floats, 4e-6);
    compare<float>(kernel, TileForm::one_float, 2e-5);
    compare<float>(kernel, TileForm::estimate, 5e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, TileSum, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& isa) { return std::string(simd::isa_name(isa.param)); });

}  // namespace
