#include "bem/near_panels.hpp"

#include <algorithm>
#include <cmath>

#include "base/aligned.hpp"
#include "base/threads.hpp"
#include "bem/box_tree.hpp"
#include "distributed/index_map.hpp"
#include "io/points_file.hpp"

namespace octopole::bem {
namespace {

/// A panel sent to a rank where it may be in a near pair.
struct Record {
  double corners[9];
  Index row;
};

double near_radius(const double* panel, double multiple) {
  return multiple * panel_diameter(panel);
}

/// Blocks of consecutive panels of a rank: boxes of their centroids, and boxes of the balls within which they
/// are near.
struct Blocks {
  std::vector<RowBlock> panels;
  std::vector<Box> centres, reach;
};

Blocks make_blocks(const Panels& panels, double multiple, int ranks) {
  constexpr Index kMost = 64, kInAll = Index{1} << 16;  // every rank holds the boxes of all ranks
  const int blocks = static_cast<int>(std::clamp<Index>(kInAll / ranks, 1, kMost));
  Blocks result;
  for (int b = 0; b < blocks; ++b) {
    const RowBlock rows = block_of(panels.count(), b, blocks);
    Box centres, reach;
    for (Index i = rows.first; i < rows.first + rows.count; ++i) {
      const std::array<double, 3> c = panel_centroid(panels.panel(i));
      centres.include(c.data(), 0);
      reach.include(c.data(), near_radius(panels.panel(i), multiple));
    }
    result.panels.push_back(rows);
    result.centres.push_back(centres);
    result.reach.push_back(reach);
  }
  return result;
}

/// Own panels that may be near centroids in the boxes `centres` of another rank, ascending.
std::vector<Index> panels_for(const Panels& panels, const Blocks& mine, double multiple,
                              std::span<const Box> centres) {
  std::vector<Index> wanted;
  for (std::size_t b = 0; b < mine.panels.size(); ++b) {
    std::vector<const Box*> reached;
    for (const Box& box : centres)
      if (mine.reach[b].meets(box)) reached.push_back(&box);
    if (reached.empty()) continue;
    const RowBlock rows = mine.panels[b];
    for (Index i = rows.first; i < rows.first + rows.count; ++i) {
      Box ball;
      ball.include(panel_centroid(panels.panel(i)).data(), near_radius(panels.panel(i), multiple));
      if (std::any_of(reached.begin(), reached.end(), [&](const Box* box) { return ball.meets(*box); }))
        wanted.push_back(i);
    }
  }
  return wanted;
}

void append(Columns& columns, const double* corners, Index row, double multiple) {
  columns.row.push_back(row);
  columns.corners.insert(columns.corners.end(), corners, corners + 9);
  const std::array<double, 3> centre = panel_centroid(corners);
  columns.centroid.insert(columns.centroid.end(), centre.begin(), centre.end());
  const double radius = near_radius(corners, multiple);
  columns.radius2.push_back(radius * radius);
}

}  // namespace

Columns gather_columns(const mpi::Comm& comm, const Panels& panels, double multiple) {
  const Blocks mine = make_blocks(panels, multiple, comm.size());
  const std::vector<Box> centres = comm.gather_all<Box>(mine.centres);
  const std::size_t a_rank = mine.centres.size();

  distributed::ByRank<Record> send(comm.size());
  for (int rank = 0; rank < comm.size(); ++rank) {
    if (rank == comm.rank()) continue;
    const std::span<const Box> theirs(centres.data() + static_cast<std::size_t>(rank) * a_rank, a_rank);
    for (const Index i : panels_for(panels, mine, multiple, theirs)) {
      Record record;
      std::copy_n(panels.panel(i), 9, record.corners);
      record.row = panels.first + i;
      send.add(rank, record);
    }
  }
  const std::vector<Record> others = distributed::all_to_all(comm, send).values;

  Columns columns;  // in rank order, hence in row order
  const auto all = others.size() + static_cast<std::size_t>(panels.count());
  columns.row.reserve(all);
  columns.corners.reserve(9 * all);
  columns.centroid.reserve(3 * all);
  columns.radius2.reserve(all);
  std::size_t next = 0;
  for (; next < others.size() && others[next].row < panels.first; ++next)
    append(columns, others[next].corners, others[next].row, multiple);
  columns.own_begin = columns.count();
  for (Index i = 0; i < panels.count(); ++i) append(columns, panels.panel(i), panels.first + i, multiple);
  for (; next < others.size(); ++next) append(columns, others[next].corners, others[next].row, multiple);
  return columns;
}

namespace {

/// New numbers of the columns, ascending: own columns and those in a pair are kept, others get -1.
std::vector<std::int32_t> renumber(const Columns& columns, Index count, const NearPattern& pattern) {
  std::vector<std::int32_t> number(static_cast<std::size_t>(columns.count()), -1);
  for (const std::int32_t c : pattern.columns) number[static_cast<std::size_t>(c)] = 0;
  std::fill_n(number.begin() + columns.own_begin, count, 0);
  std::int32_t next = 0;
  for (std::int32_t& n : number)
    if (n == 0) n = next++;
  return number;
}

void drop_unused(Columns& columns, const std::vector<std::int32_t>& number) {
  Index kept = 0;
  for (Index c = 0; c < columns.count(); ++c) {
    if (number[static_cast<std::size_t>(c)] < 0) continue;
    columns.row[static_cast<std::size_t>(kept)] = columns.row[static_cast<std::size_t>(c)];
    std::copy_n(columns.corners.begin() + 9 * c, 9, columns.corners.begin() + 9 * kept);
    std::copy_n(columns.centroid.begin() + 3 * c, 3, columns.centroid.begin() + 3 * kept);
    columns.radius2[static_cast<std::size_t>(kept)] = columns.radius2[static_cast<std::size_t>(c)];
    ++kept;
  }
  const auto size = static_cast<std::size_t>(kept);
  columns.row.resize(size);
  columns.corners.resize(9 * size);
  columns.centroid.resize(3 * size);
  columns.radius2.resize(size);
}

}  // namespace

NearPattern find_near(Columns& columns, Index count) {
  checked_cast<std::int32_t>(columns.count(), "number of panels on a rank and near it");
  const BoxTree tree(columns.count(), [&](Index c) {
    Box box;
    // Slightly enlarged, so that rounding loses no pair.
    box.include(columns.centroid.data() + 3 * c,
                std::sqrt(columns.radius2[static_cast<std::size_t>(c)]) * (1 + 1e-12));
    return box;
  });

  NearPattern pattern;
  pattern.begin.resize(static_cast<std::size_t>(count) + 1);
  pattern.begin[0] = 0;
  std::vector<std::vector<std::int32_t>> found(static_cast<std::size_t>(max_threads()));
  ThreadErrors errors;
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < count; ++i)
    errors.keep([&] {
      std::vector<std::int32_t>& mine = found[static_cast<std::size_t>(thread_number())];
      const Index target = columns.own_begin + i;
      const double* point = columns.centroid.data() + 3 * target;
      const std::size_t before = mine.size();
      tree.search([point](const Box& box) { return box.holds(point); },
                  [&](Index c) {
                    if (columns.near(target, c)) mine.push_back(static_cast<std::int32_t>(c));
                  });
      pattern.begin[static_cast<std::size_t>(i) + 1] = static_cast<Index>(mine.size() - before);
    });
  errors.rethrow();
  for (Index i = 0; i < count; ++i)
    pattern.begin[static_cast<std::size_t>(i) + 1] += pattern.begin[static_cast<std::size_t>(i)];
  pattern.columns.reserve(static_cast<std::size_t>(pattern.begin.back()));
  for (std::vector<std::int32_t>& part : found) {  // threads have ascending ranges of rows
    pattern.columns.insert(pattern.columns.end(), part.begin(), part.end());
    release(part);
  }

  const std::vector<std::int32_t> number = renumber(columns, count, pattern);
#pragma omp parallel for schedule(static)
  for (std::int32_t& column : pattern.columns) column = number[static_cast<std::size_t>(column)];
  const Index own_begin = count > 0 ? number[static_cast<std::size_t>(columns.own_begin)] : 0;
  drop_unused(columns, number);
  columns.own_begin = own_begin;
  return pattern;
}

}  // namespace octopole::bem
