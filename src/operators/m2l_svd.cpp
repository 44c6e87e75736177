#include "operators/m2l_svd.hpp"

#include <algorithm>
#include <cmath>

#include "base/threads.hpp"
#include "linalg/svd.hpp"
#include "operators/columns.hpp"
#include "operators/kernel_matrix.hpp"
#include "operators/surface.hpp"
#include "operators/thread_buffers.hpp"

namespace octopole {
namespace {

using Vector = std::array<int, 3>;

/// A symmetry of the cube: a permutation of the axes, then reflections of some of them.
struct Symmetry {
  std::array<int, 3> axis;  // image[i] = sign[i] * v[axis[i]]
  std::array<int, 3> sign;
  Vector apply(const Vector& v) const {
    return {sign[0] * v[static_cast<std::size_t>(axis[0])], sign[1] * v[static_cast<std::size_t>(axis[1])],
            sign[2] * v[static_cast<std::size_t>(axis[2])]};
  }
};

std::array<Symmetry, 48> cube_symmetries() {
  std::array<Symmetry, 48> symmetries;
  std::size_t count = 0;
  std::array<int, 3> axis{0, 1, 2};
  do {
    for (int signs = 0; signs < 8; ++signs)
      symmetries[count++] = {axis, {signs & 1 ? -1 : 1, signs & 2 ? -1 : 1, signs & 4 ? -1 : 1}};
  } while (std::next_permutation(axis.begin(), axis.end()));
  return symmetries;
}

/// Index of the image of every surface point under a symmetry.
std::vector<std::int32_t> surface_map(int order, const Symmetry& symmetry) {
  const auto grid = surface_grid(order);
  std::vector<std::int32_t> point_at(grid_points(order), -1);
  const auto cell = [order](const Vector& g) { return grid_place(order, g[0], g[1], g[2]); };
  for (std::size_t i = 0; i < grid.size(); ++i) point_at[cell(grid[i])] = static_cast<std::int32_t>(i);
  std::vector<std::int32_t> map(grid.size());
  for (std::size_t i = 0; i < grid.size(); ++i) {
    Vector centred;  // twice the coordinate relative to the centre
    for (std::size_t a = 0; a < 3; ++a) centred[a] = 2 * grid[i][a] - (order - 1);
    Vector image = symmetry.apply(centred);
    for (int& coordinate : image) coordinate = (coordinate + order - 1) / 2;
    map[i] = point_at[cell(image)];
  }
  return map;
}

bool is_representative(const Vector& v) {
  return v[0] >= v[1] && v[1] >= v[2] && v[2] >= 0;
}

/// Maximum number of columns per pair of matrix products.
constexpr Index kColumns = 512;
constexpr Index kTargets = 32;

struct Pair {
  NodeIndex target;
  NodeIndex source;
  std::uint8_t symmetry;
};

}  // namespace

template <class Real>
void lay_out_m2l_svd(const OperatorKey& key, M2lSvd<Real>& op) {
  const auto symmetries = cube_symmetries();
  op.class_of.fill(M2lSvd<Real>::kNoClass);
  op.symmetry_of.fill(0);
  std::vector<Vector> representatives;
  for (int x = 2; x <= 3; ++x)
    for (int y = 0; y <= x; ++y)
      for (int z = 0; z <= y; ++z) representatives.push_back({x, y, z});
  for (std::size_t c = 0; c < representatives.size(); ++c) op.classes[c].representative = representatives[c];
  for (int transfer = 0; transfer < 343; ++transfer) {
    const Vector v{transfer % 7 - 3, transfer / 7 % 7 - 3, transfer / 49 - 3};
    if (std::max({std::abs(v[0]), std::abs(v[1]), std::abs(v[2])}) <= 1) continue;
    for (std::size_t s = 0; s < symmetries.size(); ++s) {
      const Vector image = symmetries[s].apply(v);
      if (!is_representative(image)) continue;
      const auto found = std::find(representatives.begin(), representatives.end(), image);
      op.class_of[static_cast<std::size_t>(transfer)] =
          static_cast<std::uint8_t>(found - representatives.begin());
      op.symmetry_of[static_cast<std::size_t>(transfer)] = static_cast<std::uint8_t>(s);
      break;
    }
  }
  for (std::size_t s = 0; s < symmetries.size(); ++s) {
    op.equivalent_map[s] = surface_map(key.order, symmetries[s]);
    op.check_map[s] = surface_map(key.downward_check_order, symmetries[s]);
  }
}

template <class Real>
M2lSvd<Real> make_m2l_svd(const AnyKernel& kernel, const OperatorKey& key) {
  M2lSvd<Real> op;
  lay_out_m2l_svd(key, op);
  const auto equivalent = make_surface<double>(key.order, key.inner_radius);
  const auto check = make_surface<double>(key.downward_check_order, key.inner_radius);
  parallel_for(static_cast<Index>(op.classes.size()), 1, [&](Index c) {
    auto& transfer_class = op.classes[static_cast<std::size_t>(c)];
    const auto& v = transfer_class.representative;
    const auto matrix =
        kernel_matrix(kernel, check, {{2.0 * v[0], 2.0 * v[1], 2.0 * v[2]}, 1.0}, equivalent, Placement{});
    const auto svd = linalg::truncated_svd(check.size(), equivalent.size(), matrix.data(), key.svd_tolerance,
                                           key.svd_rank);
    const Index rank = svd.size();
    transfer_class.rank = rank;
    transfer_class.left.resize(svd.u.size());
    transfer_class.right.resize(svd.vt.size());
    // Both factors get the square roots of the singular values.
    for (Index r = 0; r < rank; ++r) {
      const double root = std::sqrt(svd.s[r]);
      for (Index i = 0; i < check.size(); ++i)
        transfer_class.left[r * check.size() + i] = static_cast<Real>(svd.u[r * check.size() + i] * root);
      for (Index j = 0; j < equivalent.size(); ++j)
        transfer_class.right[j * rank + r] = static_cast<Real>(svd.vt[j * rank + r] * root);
    }
  });
  return op;
}

template <class Real>
void m2l_svd(const M2lSvd<Real>& op, const Translations<Real>& t, std::span<const NodeIndex> targets,
             const ListView& v, const Box* boxes, const Real* multipoles, CheckRowsOf<Real> checks,
             int vectors, const std::uint8_t* octants) {
  const Index count = static_cast<Index>(targets.size()), n = t.equivalent_size(),
              check = t.downward_check_size();
  Index max_rank = 0;
  for (const auto& transfer_class : op.classes) max_rank = std::max(max_rank, transfer_class.rank);
  const auto transfer_index = [boxes](NodeIndex target, NodeIndex source) {
    const Box &a = boxes[target], &b = boxes[source];
    const auto steps = [&a](double difference) { return std::lround(difference / (2 * a.half)); };
    return static_cast<std::size_t>((steps(a.x - b.x) + 3) + 7 * (steps(a.y - b.y) + 3) +
                                    49 * (steps(a.z - b.z) + 3));
  };
  // Centre of the source's parent minus that of the target's, in half their sides.
  const auto between_parents = [boxes, octants](const Pair& pair) {
    const Box &here = boxes[pair.target], &there = boxes[pair.source];
    const std::array<double, 3> from = octant_centre(octants[pair.source]),
                                to = octant_centre(octants[pair.target]);
    const auto component = [&](double difference, std::size_t axis) {
      return static_cast<Real>(std::lround((difference / here.half - from[axis] + to[axis]) / 2));
    };
    return std::array{component(there.x - here.x, 0), component(there.y - here.y, 1),
                      component(there.z - here.z, 2)};
  };
  struct State {
    std::array<std::vector<Pair>, 16> pairs;
    AlignedVector<Real> in, middle, out;
  };
  const auto make = [&] {
    return State{{},
                 AlignedVector<Real>(static_cast<std::size_t>(n * kColumns)),
                 AlignedVector<Real>(static_cast<std::size_t>(max_rank * kColumns)),
                 AlignedVector<Real>(static_cast<std::size_t>(check * kColumns))};
  };
  parallel_for(batch_count(count, kTargets), 1, make, [&](State& state, Index block) {
    auto& pairs = state.pairs;
    AlignedVector<Real>&in = state.in, &middle = state.middle, &out = state.out;
    const Index first = block * kTargets, size = std::min(kTargets, count - first);
    for (auto& list : pairs) list.clear();
    for (Index b = 0; b < size; ++b) {
      const NodeIndex target = targets[static_cast<std::size_t>(first + b)];
      for (const NodeIndex source : v.of(target)) {
        const std::size_t transfer = transfer_index(target, source);
        pairs[static_cast<std::size_t>(op.class_of[transfer])].push_back(
            {target, source, op.symmetry_of[transfer]});
      }
    }
    for (std::size_t c = 0; c < pairs.size(); ++c) {
      const auto& transfer_class = op.classes[c];
      const Index total = static_cast<Index>(pairs[c].size());
      for (int vector = 0; vector < vectors; ++vector)
        for (Index done = 0; done < total; done += kColumns) {
          const Index used = std::min(kColumns, total - done);
          const Pair* piece = pairs[c].data() + done;
          for (Index k = 0; k < used; ++k) {
            const auto& map = op.equivalent_map[static_cast<std::size_t>(piece[k].symmetry)];
            const Real* multipole = multipoles + (Index{piece[k].source} * vectors + vector) * n;
            Real* column = in.data() + k * n;
            for (Index i = 0; i < n; ++i) column[map[static_cast<std::size_t>(i)]] = multipole[i];
            if (!octants || vector != kMomentColumn) continue;
            const std::array<Real, 3> shift = between_parents(piece[k]);
            const Real* const phi = multipole - kMomentColumn * n;
            for (Index i = 0; i < n; ++i)
              column[map[static_cast<std::size_t>(i)]] +=
                  shift[0] * phi[i] + shift[1] * phi[n + i] + shift[2] * phi[2 * n + i];
          }
          linalg::multiply(transfer_class.rank, used, n, transfer_class.right.data(), in.data(),
                           middle.data());
          linalg::multiply(check, used, transfer_class.rank, transfer_class.left.data(), middle.data(),
                           out.data());
          for (Index k = 0; k < used; ++k) {
            const auto& map = op.check_map[static_cast<std::size_t>(piece[k].symmetry)];
            const Real* column = out.data() + k * check;
            Real* sum = checks.row(piece[k].target, vectors * check) + vector * check;
            for (Index i = 0; i < check; ++i) sum[i] += column[map[static_cast<std::size_t>(i)]];
          }
        }
    }
  });
}

template void lay_out_m2l_svd(const OperatorKey&, M2lSvd<double>&);
template void lay_out_m2l_svd(const OperatorKey&, M2lSvd<float>&);
template M2lSvd<double> make_m2l_svd<double>(const AnyKernel&, const OperatorKey&);
template M2lSvd<float> make_m2l_svd<float>(const AnyKernel&, const OperatorKey&);
template void m2l_svd(const M2lSvd<double>&, const Translations<double>&, std::span<const NodeIndex>,
                      const ListView&, const Box*, const double*, CheckRows<double>, int,
                      const std::uint8_t*);
template void m2l_svd(const M2lSvd<float>&, const Translations<float>&, std::span<const NodeIndex>,
                      const ListView&, const Box*, const float*, CheckRows<float>, int, const std::uint8_t*);

}  // namespace octopole
