#include "operators/translations.hpp"

#include <algorithm>

#include "linalg/product.hpp"
#include "linalg/svd.hpp"
#include "operators/kernel_matrix.hpp"
#include "operators/surface.hpp"

namespace octopole {
namespace {

constexpr int kMinOrder = 2, kMaxOrder = 32;

void check_key(const OperatorKey& key, int bytes) {
  for (const int order : {key.order, key.check_order, key.downward_check_order})
    if (order < kMinOrder || order > kMaxOrder)
      throw Error("a surface of " + std::to_string(order) + " points per edge is not possible",
                  "choose orders from " + std::to_string(kMinOrder) + " to " + std::to_string(kMaxOrder));
  if (!(key.inner_radius > 0) || !(key.outer_radius > key.inner_radius))
    throw Error("the outer surface must enclose the inner one: radii " + std::to_string(key.inner_radius) +
                ", " + std::to_string(key.outer_radius));
  if (!(key.outer_grading >= 0 && key.outer_grading < 1.5))
    throw Error("the grading of the outer surfaces must be from 0 to below 1.5, not " +
                std::to_string(key.outer_grading));
  if (key.check_order < key.order || key.downward_check_order < key.order)
    throw Error("a check surface has fewer points than the equivalent surface",
                "give the check surfaces at least the order of the equivalent ones");
  if (static_cast<int>(key.precision) != bytes)
    throw Error("operators of another precision than their key's");
}

template <class Real>
AlignedVector<Real> rounded(const AlignedVector<double>& values) {
  return AlignedVector<Real>(values.begin(), values.end());
}

/// Maximum number of columns solved for together.
constexpr Index kSolved = 64;

/// second * (first * matrix), where matrix is check x equivalent. Threaded over columns.
AlignedVector<double> solve(const linalg::PseudoInverse& inverse, Index check, Index equivalent,
                            const AlignedVector<double>& matrix) {
  AlignedVector<double> projected(static_cast<std::size_t>(inverse.rank * equivalent));
  AlignedVector<double> result(static_cast<std::size_t>(equivalent * equivalent));
#pragma omp parallel for schedule(dynamic)
  for (Index first = 0; first < equivalent; first += kSolved) {
    const Index columns = std::min(kSolved, equivalent - first);
    double* const part = projected.data() + first * inverse.rank;
    linalg::multiply(inverse.rank, columns, check, inverse.first.data(), matrix.data() + first * check, part);
    linalg::multiply(equivalent, columns, inverse.rank, inverse.second.data(), part,
                     result.data() + first * equivalent);
  }
  return result;
}

}  // namespace

double effective_pinv_tolerance(const OperatorKey& key) {
  if (key.pinv_tolerance > 0) return key.pinv_tolerance;
  return key.precision == Precision::double_precision ? 3e-14 : 3e-8;
}

template <class Real>
void lay_out_surfaces(const OperatorKey& key, Translations<Real>& t) {
  check_key(key, sizeof(Real));
  t.key = key;
  t.upward_equivalent = make_surface<Real>(key.order, key.inner_radius);
  t.upward_check = make_surface<Real>(key.check_order, key.outer_radius, key.outer_grading);
  t.downward_equivalent = make_surface<Real>(key.order, key.outer_radius, key.outer_grading);
  t.downward_check = make_surface<Real>(key.downward_check_order, key.inner_radius);
  t.mirror = mirror_maps(key.order);
}

template <class Real>
Translations<Real> make_translations(const AnyKernel& kernel, const OperatorKey& key) {
  Translations<Real> t;
  lay_out_surfaces(key, t);
  const auto upward_equivalent = make_surface<double>(key.order, key.inner_radius);
  const auto upward_check = make_surface<double>(key.check_order, key.outer_radius, key.outer_grading);
  const auto downward_equivalent = make_surface<double>(key.order, key.outer_radius, key.outer_grading);
  const auto downward_check = make_surface<double>(key.downward_check_order, key.inner_radius);
  const double tolerance = effective_pinv_tolerance(key);
  const Index n = upward_equivalent.size();

  const auto upward_svd = mirrored_svd(key.check_order, key.order,
                                       kernel_matrix(kernel, upward_check, {}, upward_equivalent, {}));
  const auto upward = linalg::pseudo_inverse(upward_svd, tolerance);
  // With equal orders the downward matrix is the transpose of the upward one, since f is even.
  const bool transposed = key.check_order == key.order && key.downward_check_order == key.order;
  const auto downward =
      transposed ? linalg::transposed_pseudo_inverse(upward_svd, tolerance)
                 : linalg::pseudo_inverse(
                       mirrored_svd(key.downward_check_order, key.order,
                                    kernel_matrix(kernel, downward_check, {}, downward_equivalent, {})),
                       tolerance);

  const Placement child{{-0.5, -0.5, -0.5}, 0.5};         // octant 0, in the parent's frame
  const Placement parent_of_child{{1.0, 1.0, 1.0}, 2.0};  // the parent, in the frame of its octant 0
  t.m2m = rounded<Real>(solve(upward, upward_check.size(), n,
                              kernel_matrix(kernel, upward_check, {}, upward_equivalent, child)));
  t.l2l =
      rounded<Real>(solve(downward, downward_check.size(), n,
                          kernel_matrix(kernel, downward_check, {}, downward_equivalent, parent_of_child)));
  t.upward_rank = upward.rank;
  t.downward_rank = downward.rank;
  t.upward_first = rounded<Real>(upward.first);
  t.upward_second = rounded<Real>(upward.second);
  t.downward_first = rounded<Real>(downward.first);
  t.downward_second = rounded<Real>(downward.second);
  return t;
}

template void lay_out_surfaces(const OperatorKey&, Translations<double>&);
template void lay_out_surfaces(const OperatorKey&, Translations<float>&);
template Translations<double> make_translations<double>(const AnyKernel&, const OperatorKey&);
template Translations<float> make_translations<float>(const AnyKernel&, const OperatorKey&);

}  // namespace octopole
