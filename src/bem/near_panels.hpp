// The panels that a rank needs for its near pairs: its own and those of other ranks.
#pragma once

#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "bem/panel_integrals.hpp"
#include "bem/panels.hpp"
#include "mpi/comm.hpp"

namespace octopole::bem {

/// Panels as columns, in global row order; this rank's own are consecutive.
struct Columns {
  Index own_begin = 0;
  std::vector<Index> row;          // (columns) global row
  AlignedVector<double> corners;   // (columns, 3, 3)
  AlignedVector<double> centroid;  // (columns, 3)
  AlignedVector<double> radius2;   // (columns) square of the distance within which a panel is near

  Index count() const { return static_cast<Index>(row.size()); }
  /// Whether panel `source` is near the centroid of `target`.
  bool near(Index target, Index source) const {
    const double* t = centroid.data() + 3 * target;
    const double* s = centroid.data() + 3 * source;
    const double x = t[0] - s[0], y = t[1] - s[1], z = t[2] - s[2];
    return x * x + y * y + z * z < radius2[static_cast<std::size_t>(source)];
  }
};

/// Near pairs by own panel: the columns near panel i are columns[begin[i]] .. columns[begin[i + 1] - 1],
/// ascending.
struct NearPattern {
  AlignedVector<Index> begin;  // (n + 1)
  AlignedVector<std::int32_t> columns;
};

/// Gathers this rank's panels and all panels of other ranks that may be near one of them. Collective.
Columns gather_columns(const mpi::Comm& comm, const Panels& panels, double multiple);

/// Finds the near pairs of this rank's `count` panels, and drops other ranks' columns that are in no pair.
/// Threaded.
NearPattern find_near(Columns& columns, Index count);

}  // namespace octopole::bem
