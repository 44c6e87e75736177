#include "operators/columns.hpp"

#include <cmath>
#include <numeric>

#include "base/threads.hpp"
#include "linalg/product.hpp"

namespace octopole {
namespace {

constexpr Index kAllColumns = kMomentColumn + 1;

/// psi = factor * psi + shift . phi in a node's row, with a shift of `sign` times the octant's centre.
template <class Real>
void shift(std::uint8_t octant, Index n, Real factor, double sign, Real* phi) {
  const std::array<double, 3> centre = octant_centre(octant);
  const Real x = static_cast<Real>(sign * centre[0]), y = static_cast<Real>(sign * centre[1]),
             z = static_cast<Real>(sign * centre[2]);
  Real* const psi = phi + kMomentColumn * n;
  for (Index k = 0; k < n; ++k) psi[k] = factor * psi[k] + (x * phi[k] + y * phi[n + k] + z * phi[2 * n + k]);
}

}  // namespace

// With c the node's centre and C its parent's, (y - C) / (2 h) = ((y - c) / h + (c - C) / h) / 2.

template <class Real>
void moments_to_parents(std::span<const NodeIndex> nodes, const std::uint8_t* octants, Index n,
                        Real* multipoles) {
  parallel_for(static_cast<Index>(nodes.size()), 16, [&](Index i) {
    const NodeIndex node = nodes[static_cast<std::size_t>(i)];
    shift(octants[node], n, Real(0.5), 0.5, multipoles + Index{node} * kAllColumns * n);
  });
}

template <class Real>
ConstantField<Real>::ConstantField(const Translations<Real>& t)
    : at_centre(static_cast<std::size_t>(t.equivalent_size())), density(at_centre.size()) {
  const Surface<Real>& surface = t.downward_equivalent;
  for (std::size_t i = 0; i < at_centre.size(); ++i)
    at_centre[i] =
        static_cast<Real>(1 / std::hypot(static_cast<double>(surface.x[i]), static_cast<double>(surface.y[i]),
                                         static_cast<double>(surface.z[i])));
  const std::vector<Real> ones(static_cast<std::size_t>(t.downward_check_size()), Real{1});
  std::vector<Real> projected(static_cast<std::size_t>(t.downward_rank));
  linalg::multiply(t.downward_rank, 1, t.downward_check_size(), t.downward_first.data(), ones.data(),
                   projected.data());
  linalg::multiply(t.equivalent_size(), 1, t.downward_rank, t.downward_second.data(), projected.data(),
                   density.data());
  const double value = std::inner_product(density.begin(), density.end(), at_centre.begin(), 0.0);
  for (Real& d : density) d = static_cast<Real>(static_cast<double>(d) / value);
}

template <class Real>
void remove_means(const AnyKernel& kernel, std::span<const NodeIndex> nodes, Index check_points,
                  CheckRowsOf<Real> checks) {
  const ColumnRange range = gradient_columns(kernel);
  const Index width = columns_of(kernel) * check_points;
  parallel_for(static_cast<Index>(nodes.size()), 16, [&](Index i) {
    for (int column = range.first; column < range.end; ++column) {
      Real* const values = checks.row(nodes[static_cast<std::size_t>(i)], width) + column * check_points;
      const Real mean = static_cast<Real>(std::accumulate(values, values + check_points, 0.0) /
                                          static_cast<double>(check_points));
      for (Index k = 0; k < check_points; ++k) values[k] -= mean;
    }
  });
}

template <class Real>
void prepare_for_children(const AnyKernel& kernel, const ConstantField<Real>& constant,
                          std::span<const NodeIndex> nodes, const std::uint8_t* octants, Real* locals) {
  const auto n = static_cast<Index>(constant.density.size());
  const ColumnRange range = gradient_columns(kernel);
  const Index width = columns_of(kernel) * n;
  const bool moments = has_moments(kernel);
  parallel_for(static_cast<Index>(nodes.size()), 16, [&](Index i) {
    const NodeIndex node = nodes[static_cast<std::size_t>(i)];
    Real* const phi = locals + Index{node} * width;
    if (moments) shift(octants[node], n, Real(2), -1, phi);
    for (int column = range.first; column < range.end; ++column) {
      Real* const values = phi + column * n;
      const Real value =
          static_cast<Real>(std::inner_product(values, values + n, constant.at_centre.begin(), 0.0));
      for (Index k = 0; k < n; ++k) values[k] -= value * constant.density[static_cast<std::size_t>(k)];
    }
  });
}

template void moments_to_parents(std::span<const NodeIndex>, const std::uint8_t*, Index, double*);
template void moments_to_parents(std::span<const NodeIndex>, const std::uint8_t*, Index, float*);
template struct ConstantField<double>;
template struct ConstantField<float>;
template void remove_means<double>(const AnyKernel&, std::span<const NodeIndex>, Index, CheckRows<double>);
template void remove_means<float>(const AnyKernel&, std::span<const NodeIndex>, Index, CheckRows<float>);
template void prepare_for_children(const AnyKernel&, const ConstantField<double>&, std::span<const NodeIndex>,
                                   const std::uint8_t*, double*);
template void prepare_for_children(const AnyKernel&, const ConstantField<float>&, std::span<const NodeIndex>,
                                   const std::uint8_t*, float*);

}  // namespace octopole
