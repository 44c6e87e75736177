#include "bem/panels.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "distributed/index_map.hpp"
#include "io/points_file.hpp"
#include "mpi/agreement.hpp"
#include "tree/morton.hpp"

namespace octopole::bem {
namespace {

/// A panel as sent to its owner.
struct Record {
  double corners[9];
  Index number;
  Corners corner_numbers;
  std::int32_t conductor;
};

std::vector<Record> sorted_records(const Surface& surface) {
  const std::size_t n = surface.triangles.size();
  if (n == 0) throw Error("the surface has no triangles");
  std::vector<double> centres(3 * n);
  std::vector<Record> records(n), sorted(n);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) {
    Record& record = records[i];
    for (int c = 0; c < 3; ++c)
      std::copy_n(surface.corner(static_cast<Index>(i), c).data(), 3, record.corners + 3 * c);
    record.number = static_cast<Index>(i);
    record.corner_numbers = surface.triangles[i];
    record.conductor = surface.conductor[i];
    std::copy_n(panel_centroid(record.corners).data(), 3, centres.data() + 3 * i);
  }
  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(centres);
  AlignedVector<morton::Code> codes = morton::encode(morton::RootCube::enclosing(bounds), centres);
  const AlignedVector<PointIndex> order = morton::sort_codes(codes);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) sorted[i] = records[static_cast<std::size_t>(order[i])];
  return sorted;
}

/// Broadcasts names from rank 0; they may have any characters but NUL.
std::vector<std::string> broadcast_names(const mpi::Comm& comm, const std::vector<std::string>& names) {
  std::string text;
  if (comm.is_root())
    for (const std::string& name : names) text += name + '\0';
  comm.broadcast(text);
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\0', begin);
    result.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

Panels distribute_together(const mpi::Comm& comm, const Surface& surface) {
  comm.enter("distribute");
  std::vector<Record> send;
  mpi::collectively(comm, [&] {
    if (comm.is_root()) send = sorted_records(surface);
  });
  Panels panels;
  Index sizes[2] = {static_cast<Index>(send.size()), static_cast<Index>(surface.vertices.size())};
  comm.broadcast(std::span<Index>(sizes));
  panels.total = sizes[0];
  panels.vertex_count = sizes[1];
  panels.first = block_of(panels.total, comm.rank(), comm.size()).first;
  panels.conductors = broadcast_names(comm, surface.conductors);

  distributed::ByRank<Record> to(comm.size());
  to.values = std::move(send);
  if (comm.is_root())
    for (int rank = 0; rank < comm.size(); ++rank)
      to.counts[static_cast<std::size_t>(rank)] = block_of(panels.total, rank, comm.size()).count;
  const std::vector<Record> mine = distributed::all_to_all(comm, to).values;

  const std::size_t n = mine.size();
  panels.corners.resize(9 * n);
  panels.conductor.resize(n);
  panels.number.resize(n);
  panels.corner_numbers.resize(3 * n);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < n; ++i) {
    std::copy_n(mine[i].corners, 9, panels.corners.data() + 9 * i);
    panels.conductor[i] = mine[i].conductor;
    panels.number[i] = mine[i].number;
    std::copy_n(mine[i].corner_numbers.begin(), 3, panels.corner_numbers.begin() + static_cast<Index>(3 * i));
  }
  return panels;
}

}  // namespace

Panels distribute(const mpi::Comm& comm, const Surface& surface) {
  return mpi::or_end_all(comm, "the distribution of panels",
                         [&] { return distribute_together(comm, surface); });
}

std::vector<double> centroids(const Panels& panels) {
  return quadrature_points(panels, triangle_rule(1));
}

std::vector<double> areas(const Panels& panels) {
  const Index n = panels.count();
  std::vector<double> result(static_cast<std::size_t>(n));
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < n; ++i) result[static_cast<std::size_t>(i)] = panel_area(panels.panel(i));
  return result;
}

double relative_size(const mpi::Comm& comm, const Panels& panels) {
  double sums[2] = {0, 0};
  for (Index i = 0; i < panels.count(); ++i) {
    const double area = panel_area(panels.panel(i)), diameter = panel_diameter(panels.panel(i));
    sums[0] += area;
    sums[1] += area * diameter;
  }
  comm.allreduce(std::span<double>(sums), MPI_SUM);
  // Near rules are chosen by it, and MPI does not guarantee equal sums on all ranks.
  return comm.of_root(sums[1] / sums[0] / std::sqrt(sums[0] * 0.25 * std::numbers::inv_pi));
}

std::vector<double> quadrature_points(const Panels& panels, const TriangleRule& rule) {
  const Index n = panels.count(), points = rule.size();
  std::vector<double> result(static_cast<std::size_t>(3 * n * points));
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < points; ++k)
      std::copy_n(rule_point(rule.points[static_cast<std::size_t>(k)], panels.panel(i)).data(), 3,
                  result.data() + 3 * (points * i + k));
  return result;
}

void spread_charges(const TriangleRule& rule, std::span<const double> panel_charges,
                    std::span<double> charges) {
  const std::size_t points = rule.points.size();
  if (charges.size() != points * panel_charges.size())
    throw Error("spread_charges: " + std::to_string(charges.size()) + " charges for " +
                std::to_string(panel_charges.size()) + " panels of " + std::to_string(points) + " points");
#pragma omp parallel for schedule(static)
  for (std::size_t j = 0; j < panel_charges.size(); ++j)
    for (std::size_t k = 0; k < points; ++k)
      charges[points * j + k] = rule.points[k].weight * panel_charges[j];
}

void gather_values(const TriangleRule& rule, std::span<const double> values, std::span<double> panel_values) {
  const std::size_t points = rule.points.size();
  if (values.size() != points * panel_values.size())
    throw Error("gather_values: " + std::to_string(values.size()) + " values for " +
                std::to_string(panel_values.size()) + " panels of " + std::to_string(points) + " points");
#pragma omp parallel for schedule(static)
  for (std::size_t j = 0; j < panel_values.size(); ++j) {
    double sum = 0;
    for (std::size_t k = 0; k < points; ++k) sum += rule.points[k].weight * values[points * j + k];
    panel_values[j] = sum;
  }
}

}  // namespace octopole::bem
