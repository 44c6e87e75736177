// M2L by low-rank factorisations of the transfer vectors' matrices.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "operators/translations.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The 316 transfer vectors fall into 16 classes under the 48 symmetries of the cube. Each class keeps one
/// truncated factorisation K = left * right of its representative (check x rank, rank x equivalent); a
/// member's matrix is the representative's with the points of both surfaces permuted by the symmetry.
template <class Real>
struct M2lSvd {
  struct TransferClass {
    std::array<int, 3> representative{};
    Index rank = 0;
    AlignedVector<Real> left, right;  // column-major
  };
  std::array<TransferClass, 16> classes;
  /// The class of transfer vectors between adjacent nodes, which M2L does not use.
  static constexpr std::uint8_t kNoClass = 255;
  // By transfer index (tx + 3) + 7 (ty + 3) + 49 (tz + 3): class and symmetry.
  std::array<std::uint8_t, 343> class_of;
  std::array<std::uint8_t, 343> symmetry_of;
  // equivalent_map[s][i]: index in the representative's problem of surface point i of symmetry s's problem.
  std::array<std::vector<std::int32_t>, 48> equivalent_map, check_map;

  template <class F>
  void for_each_array(F&& f) {
    for (std::size_t c = 0; c < classes.size(); ++c) {
      f("m2l_svd_left_" + std::to_string(c), classes[c].left);
      f("m2l_svd_right_" + std::to_string(c), classes[c].right);
    }
  }
};

template <class Real>
M2lSvd<Real> make_m2l_svd(const AnyKernel& kernel, const OperatorKey& key);

/// Sets classes, symmetries and maps of `key`, all but the factors.
template <class Real>
void lay_out_m2l_svd(const OperatorKey& key, M2lSvd<Real>& op);

/// Adds the potential of the V-list multipoles of each node in `targets` (any levels) to its downward check
/// potentials; rows have `vectors` parts. With `octants`, those of all nodes, the parts are the columns of a
/// vector kernel with moments (operators/columns.hpp). Threaded over blocks of targets.
template <class Real>
void m2l_svd(const M2lSvd<Real>& op, const Translations<Real>& t, std::span<const NodeIndex> targets,
             const ListView& v, const Box* boxes, const Real* multipoles, CheckRowsOf<Real> checks,
             int vectors = 1, const std::uint8_t* octants = nullptr);

}  // namespace octopole
#pragma GCC visibility pop
