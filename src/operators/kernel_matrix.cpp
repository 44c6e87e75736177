#include "operators/kernel_matrix.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/threads.hpp"
#include "operators/surface.hpp"

namespace octopole {
namespace {

/// A point and its mirror images, each with the reflections that produce it.
struct Orbit {
  struct Image {
    std::int32_t point;
    int mirrored;  // bit a: reflected in axis a
  };
  std::vector<Image> images;  // distinct points; the first is not reflected
  int central = 0;            // bit a: at the middle of axis a, where odd functions vanish
};

std::vector<Orbit> orbits_of(int order) {
  const auto grid = surface_grid(order);
  const MirrorMaps maps = mirror_maps(order);
  std::vector<Orbit> orbits;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    Orbit orbit;
    bool first = true;
    for (int axis = 0; axis < 3; ++axis) {
      const int opposite = order - 1 - grid[i][static_cast<std::size_t>(axis)];
      first &= grid[i][static_cast<std::size_t>(axis)] >= opposite;
      if (grid[i][static_cast<std::size_t>(axis)] == opposite) orbit.central |= 1 << axis;
    }
    if (!first) continue;
    for (int mirrored = 0; mirrored < 8; ++mirrored)
      if ((mirrored & orbit.central) == 0)
        orbit.images.push_back({maps[static_cast<std::size_t>(mirrored)][i], mirrored});
    orbits.push_back(orbit);
  }
  return orbits;
}

/// The orbits on which functions that are odd in the axes of `odd` may be non-zero.
std::vector<const Orbit*> carriers(const std::vector<Orbit>& orbits, int odd) {
  std::vector<const Orbit*> result;
  for (const Orbit& orbit : orbits)
    if ((orbit.central & odd) == 0) result.push_back(&orbit);
  return result;
}

double sign(int odd, int mirrored) {
  const int flips = odd & mirrored;
  return (flips ^ flips >> 1 ^ flips >> 2) & 1 ? -1 : 1;
}

/// Absolute value, at an orbit's points, of the normalised function supported on the orbit.
double weight(const Orbit& orbit) {
  return 1 / std::sqrt(static_cast<double>(orbit.images.size()));
}

struct Block {
  std::vector<const Orbit*> rows, columns;
  linalg::Svd svd;
};

Block decompose(const std::vector<Orbit>& rows, const std::vector<Orbit>& columns, int odd, Index stride,
                const AlignedVector<double>& matrix) {
  Block block{carriers(rows, odd), carriers(columns, odd), {}};
  const std::size_t m = block.rows.size(), n = block.columns.size();
  AlignedVector<double> reduced(m * n);
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t i = 0; i < m; ++i) {
      const std::int32_t row = block.rows[i]->images.front().point;
      double sum = 0;
      for (const Orbit::Image& image : block.columns[j]->images)
        sum += sign(odd, image.mirrored) * matrix[static_cast<std::size_t>(image.point * stride + row)];
      reduced[j * m + i] = sum * weight(*block.columns[j]) / weight(*block.rows[i]);
    }
  if (n > 0) block.svd = linalg::thin_svd(static_cast<Index>(m), static_cast<Index>(n), reduced.data());
  return block;
}

}  // namespace

AlignedVector<double> kernel_matrix(const AnyKernel& kernel, const Surface<double>& rows,
                                    const Placement& row_place, const Surface<double>& columns,
                                    const Placement& column_place) {
  const Index m = rows.size();
  AlignedVector<double> matrix(static_cast<std::size_t>(m * columns.size()));
  const auto differences = [m, &row_place](const AlignedVector<double>& from, double scaled_column,
                                           std::size_t axis, double centre, AlignedVector<double>& to) {
    const double x = scaled_column + (centre - row_place.centre[axis]);
    for (Index i = 0; i < m; ++i) to[i] = row_place.scale * from[i] - x;
  };
  struct State {
    AlignedVector<double> dx, dy, dz;
  };
  const auto make = [m] {
    const AlignedVector<double> column(static_cast<std::size_t>(m));
    return State{column, column, column};
  };
  parallel_for(columns.size(), 8, make, [&](State& state, Index j) {
    const auto& centre = column_place.centre;
    differences(rows.x, column_place.scale * columns.x[j], 0, centre[0], state.dx);
    differences(rows.y, column_place.scale * columns.y[j], 1, centre[1], state.dy);
    differences(rows.z, column_place.scale * columns.z[j], 2, centre[2], state.dz);
    kernel.potentials(m, state.dx.data(), state.dy.data(), state.dz.data(), matrix.data() + j * m);
  });
  return matrix;
}

linalg::Svd mirrored_svd(int row_order, int column_order, const AlignedVector<double>& matrix) {
  const std::vector<Orbit> rows = orbits_of(row_order), columns = orbits_of(column_order);
  const Index m = surface_size(row_order), n = surface_size(column_order);
  std::array<Block, 8> blocks;
  parallel_for(8, 1, [&](Index odd) {
    blocks[static_cast<std::size_t>(odd)] = decompose(rows, columns, static_cast<int>(odd), m, matrix);
  });
  struct Place {
    double value;
    int odd;
    Index column;
  };
  std::vector<Place> places;
  for (int odd = 0; odd < 8; ++odd) {
    const linalg::Svd& svd = blocks[static_cast<std::size_t>(odd)].svd;
    for (Index k = 0; k < svd.size(); ++k) places.push_back({svd.s[static_cast<std::size_t>(k)], odd, k});
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.value > b.value; });

  linalg::Svd svd;
  svd.rows = m;
  svd.columns = n;
  const Index size = static_cast<Index>(places.size());
  svd.s.resize(places.size());
  svd.u.assign(static_cast<std::size_t>(m * size), 0);
  svd.vt.assign(static_cast<std::size_t>(size * n), 0);
#pragma omp parallel for schedule(static)
  for (Index k = 0; k < size; ++k) {
    const Place& place = places[static_cast<std::size_t>(k)];
    const Block& block = blocks[static_cast<std::size_t>(place.odd)];
    svd.s[static_cast<std::size_t>(k)] = place.value;
    for (std::size_t i = 0; i < block.rows.size(); ++i)
      for (const Orbit::Image& image : block.rows[i]->images)
        svd.u[static_cast<std::size_t>(k * m + image.point)] =
            sign(place.odd, image.mirrored) * weight(*block.rows[i]) *
            block.svd.u[static_cast<std::size_t>(place.column) * block.rows.size() + i];
    for (std::size_t j = 0; j < block.columns.size(); ++j)
      for (const Orbit::Image& image : block.columns[j]->images)
        svd.vt[static_cast<std::size_t>(image.point * size + k)] =
            sign(place.odd, image.mirrored) * weight(*block.columns[j]) *
            block.svd.vt[static_cast<std::size_t>(static_cast<Index>(j) * block.svd.size() + place.column)];
  }
  return svd;
}

}  // namespace octopole
