#include "operators/net_charge.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/threads.hpp"
#include "linalg/product.hpp"
#include "operators/columns.hpp"

namespace octopole {

template <class Real>
NetCharge<Real>::NetCharge(const AnyKernel& kernel, double half, const Translations<Real>& t)
    : rate_(kernel.translation_kernel().in_units_of(half).decay_rate()) {
  if (!matters()) return;
  const AnyKernel scaled = kernel.translation_kernel().in_units_of(half);
  for (const Real x : t.upward_equivalent.x) {
    weights_.push_back(weight(static_cast<double>(x)));
    child_weights_.push_back(weight(0.5 * static_cast<double>(x)));
  }
  const Surface<Real>& check = t.upward_check;
  std::vector<Real> potential, projected(static_cast<std::size_t>(t.upward_rank)), charges(weights_.size());
  for (std::size_t i = 0; i < check.x.size(); ++i) {
    const double x = static_cast<double>(check.x[i]), y = static_cast<double>(check.y[i]),
                 z = static_cast<double>(check.z[i]), r2 = x * x + y * y + z * z;
    potential.push_back(static_cast<Real>(scaled.at(r2, 1 / std::sqrt(r2), 0).potential));
  }
  linalg::multiply(t.upward_rank, 1, t.upward_check_size(), t.upward_first.data(), potential.data(),
                   projected.data());
  linalg::multiply(t.equivalent_size(), 1, t.upward_rank, t.upward_second.data(), projected.data(),
                   charges.data());
  const double total = of(charges.data());
  for (const Real charge : charges) unit_.push_back(static_cast<double>(charge) / total);
}

template <class Real>
double NetCharge<Real>::weight(double x) const {
  return std::exp(rate_ * x);
}

template <class Real>
double NetCharge<Real>::sum(const std::vector<double>& weights, const Real* row) const {
  return std::inner_product(weights.begin(), weights.end(), row, 0.0);
}

template <class Real>
double NetCharge<Real>::of_child(const Real* row, std::uint8_t octant) const {
  return weight(0.5 * octant_centre(octant)[0]) * sum(child_weights_, row);
}

template <class Real>
void NetCharge<Real>::set(Real* row, double wanted) const {
  const double missing = wanted - of(row);
  for (std::size_t i = 0; i < unit_.size(); ++i)
    row[i] = static_cast<Real>(static_cast<double>(row[i]) + missing * unit_[i]);
  // What rounding to Real leaves, to which the smallest charges can be adjusted most finely.
  for (int pass = 0; pass < 2; ++pass) {
    Real* const smallest =
        std::min_element(row, row + unit_.size(), [](Real a, Real b) { return std::abs(a) < std::abs(b); });
    *smallest = static_cast<Real>(static_cast<double>(*smallest) +
                                  (wanted - of(row)) / weights_[static_cast<std::size_t>(smallest - row)]);
  }
}

template <class Real>
void net_charges_of_sources(const NetCharge<Real>& net, std::span<const NodeIndex> leaves, const Box* boxes,
                            const PointsByNode& sources, StrengthsOf<Real> strengths, Real* multipoles) {
  if (!net.matters()) return;
  const int charges = strengths.kind == SourceKind::dipoles ? 0 : 1;
  const bool dipoles = strengths.kind != SourceKind::charges && net.rate() > 0;
  parallel_for(static_cast<Index>(leaves.size()), 16, [&](Index l) {
    const NodeIndex leaf = leaves[static_cast<std::size_t>(l)];
    const Box& box = boxes[leaf];
    for (int v = 0; v < strengths.vectors; ++v) {
      double total = 0;
      for (Index i = sources.begin[leaf]; i < sources.end[leaf]; ++i) {
        const double charge = charges ? static_cast<double>(strengths.of(0, v)[i]) : 0.0;
        // Two opposite charges at a distance: the derivative of the weight.
        const double dipole =
            dipoles ? static_cast<double>(strengths.of(charges, v)[i]) * net.rate() / box.half : 0;
        if (net.rate() > 0)
          total += (charge + dipole) * net.weight((sources.x[i] - box.x) / box.half);
        else
          total += charge;
      }
      net.set(multipoles + (Index{leaf} * strengths.vectors + v) * net.size(), total);
    }
  });
}

template <class Real>
void net_charges_of_children(const NetCharge<Real>& net, std::span<const NodeIndex> parents,
                             const NodeIndex* children, const std::uint8_t* has_source, Real* multipoles,
                             int vectors) {
  if (!net.matters()) return;
  parallel_for(static_cast<Index>(parents.size()), 4, [&](Index p) {
    const NodeIndex parent = parents[static_cast<std::size_t>(p)];
    for (int v = 0; v < vectors; ++v) {
      const auto row = [&](NodeIndex node) { return multipoles + (Index{node} * vectors + v) * net.size(); };
      double total = 0;
      for (int octant = 0; octant < 8; ++octant) {
        const NodeIndex child = children[Index{8} * parent + octant];
        if (child != kNoNode && has_source[child])
          total += net.of_child(row(child), static_cast<std::uint8_t>(octant));
      }
      net.set(row(parent), total);
    }
  });
}

#define OCTOPOLE_INSTANTIATE(Real)                                                                     \
  template class NetCharge<Real>;                                                                      \
  template void net_charges_of_sources(const NetCharge<Real>&, std::span<const NodeIndex>, const Box*, \
                                       const PointsByNode&, StrengthVectors<Real>, Real*);             \
  template void net_charges_of_children(const NetCharge<Real>&, std::span<const NodeIndex>,            \
                                        const NodeIndex*, const std::uint8_t*, Real*, int);
OCTOPOLE_INSTANTIATE(double)
OCTOPOLE_INSTANTIATE(float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
