#include "petsc/near_blocks.hpp"
#include "base/parallel_for.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "linalg/blas.hpp"
#include "linalg/lu.hpp"

namespace octopole::petsc {
namespace {

using Points = std::vector<Index>;  // indices in LeafPoints::numbers

/// Points of a block, and the groups that they belong to.
struct Part {
  Points own;
  std::vector<Index> groups;
};

std::vector<Part> cut(const LeafPoints& g, Index largest) {
  std::vector<Part> parts;
  for (Index group = 0; group < g.owned; ++group) {
    const Index begin = g.offsets[static_cast<std::size_t>(group)],
                count = g.offsets[static_cast<std::size_t>(group) + 1] - begin;
    if (count <= largest) {
      if (parts.empty() || static_cast<Index>(parts.back().own.size()) + count > largest)
        parts.emplace_back();
      for (Index i = 0; i < count; ++i) parts.back().own.push_back(begin + i);
      parts.back().groups.push_back(group);
      continue;
    }
    const Index pieces = (count + largest - 1) / largest;
    for (Index piece = 0; piece < pieces; ++piece) {
      Part& part = parts.emplace_back();
      for (Index i = count * piece / pieces; i < count * (piece + 1) / pieces; ++i)
        part.own.push_back(begin + i);
      part.groups = {group};
    }
  }
  return parts;
}

/// Points of the part's groups and of their neighbours, without the part's own points.
Points around(const LeafPoints& g, const Part& part) {
  std::vector<Index> groups = part.groups;
  for (const Index group : part.groups)
    for (const std::int32_t neighbour : g.neighbours_of(group)) groups.push_back(neighbour);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  Points points;
  for (const Index group : groups)
    for (Index p = g.offsets[static_cast<std::size_t>(group)];
         p < g.offsets[static_cast<std::size_t>(group) + 1]; ++p)
      if (!std::binary_search(part.own.begin(), part.own.end(), p)) points.push_back(p);
  return points;
}

/// Keeps the `count` points nearest to the bounding box of the own points.
void keep_nearest(const LeafPoints& g, const Points& own, Index count, Points& points) {
  if (static_cast<Index>(points.size()) <= count) return;
  std::array<double, 3> lower, upper;
  lower.fill(std::numeric_limits<double>::infinity());
  upper.fill(-std::numeric_limits<double>::infinity());
  const auto place = [&g](Index p, std::size_t c) {
    return g.positions[3 * static_cast<std::size_t>(p) + c];
  };
  for (const Index p : own)
    for (std::size_t c = 0; c < 3; ++c) {
      lower[c] = std::min(lower[c], place(p, c));
      upper[c] = std::max(upper[c], place(p, c));
    }
  std::vector<std::pair<double, Index>> by_distance;
  for (const Index p : points) {
    double square = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      const double outside = std::max({lower[c] - place(p, c), place(p, c) - upper[c], 0.0});
      square += outside * outside;
    }
    by_distance.emplace_back(square, p);
  }
  const auto nearer = [&g](const auto& a, const auto& b) {
    return std::pair(a.first, g.numbers[static_cast<std::size_t>(a.second)]) <
           std::pair(b.first, g.numbers[static_cast<std::size_t>(b.second)]);
  };
  std::nth_element(by_distance.begin(), by_distance.begin() + count, by_distance.end(), nearer);
  by_distance.resize(static_cast<std::size_t>(count));
  points.clear();
  for (const auto& [square, p] : by_distance) points.push_back(p);
}

}  // namespace

Blocks cut_blocks(const LeafPoints& g, const BlockRule& rule) {
  if (rule.block < 1 || rule.halo < 0)
    throw Error("octopole_near: blocks of " + std::to_string(rule.block) + " unknowns and a halo of " +
                    std::to_string(rule.halo),
                "a block has at least 1 unknown, a halo at least 0");
  Blocks blocks;
  std::vector<Part> parts = cut(g, rule.block);
  std::vector<Points> halos(parts.size());
  if (rule.overlap) {
    parallel_for(static_cast<Index>(parts.size()), 1, [&](Index part) {
      const auto b = static_cast<std::size_t>(part);
      halos[b] = around(g, parts[b]);
      keep_nearest(g, parts[b].own, rule.halo, halos[b]);
    });
  }
  std::vector<char> used(g.numbers.size(), 0);
  for (std::size_t b = 0; b < parts.size(); ++b) {
    for (const Points* points : {&parts[b].own, &halos[b]})
      for (const Index p : *points) used[static_cast<std::size_t>(p)] = 1;
    blocks.own.push_back(static_cast<Index>(parts[b].own.size()));
    blocks.offsets.push_back(blocks.offsets.back() +
                             static_cast<Index>(parts[b].own.size() + halos[b].size()));
  }
  std::vector<std::pair<Index, std::size_t>> by_number;  // points in any block
  for (std::size_t p = 0; p < used.size(); ++p)
    if (used[p]) by_number.emplace_back(g.numbers[p], p);
  std::sort(by_number.begin(), by_number.end());
  std::vector<Index> place(used.size());  // index of a point in `unknowns`
  for (const auto& [number, p] : by_number) {
    place[p] = static_cast<Index>(blocks.unknowns.size());
    blocks.unknowns.push_back(number);
  }
  blocks.members.resize(static_cast<std::size_t>(blocks.offsets.back()));
#pragma omp parallel for schedule(static)
  for (std::size_t b = 0; b < parts.size(); ++b) {
    auto to = blocks.members.begin() + blocks.offsets[b];
    for (const Points* points : {&parts[b].own, &halos[b]}) {
      const auto first = to;
      for (const Index p : *points) *to++ = place[static_cast<std::size_t>(p)];
      std::sort(first, to);
    }
  }
  return blocks;
}

BlockInverses::BlockInverses(Blocks blocks, const Fill& fill) : blocks_(std::move(blocks)) {
  const Index count = blocks_.count();
  Index total = 0;
  for (Index b = 0; b < count; ++b) {
    const double n = static_cast<double>(blocks_.of(b).size()),
                 own = static_cast<double>(blocks_.own[static_cast<std::size_t>(b)]);
    begin_.push_back(total);
    total += static_cast<Index>(n * own);
    setup_flops_ += 2.0 / 3 * n * n * n + n * n * own;
  }
  values_.resize(static_cast<std::size_t>(total));
  scale_.assign(static_cast<std::size_t>(count), 1);
  Index singular = 0, size = 0;
  const linalg::SerialBlas serial;
  struct State {
    linalg::InverseRows invert;
    AlignedVector<double> matrix, inverse;
  };
  parallel_for(
      count, 1, [] { return State{}; },
      [&](State& state, Index b) {
        const std::span<const Index> members = blocks_.of(b);
        const Index own = blocks_.own[static_cast<std::size_t>(b)];
        state.matrix.resize(members.size() * members.size());
        fill(members, state.matrix.data());
        if (!state.invert(static_cast<Index>(members.size()), own, state.matrix, state.inverse)) {
#pragma omp critical(octopole_near_singular)
          {
            ++singular;
            size = static_cast<Index>(members.size());
          }
          return;
        }
        double largest = 0;
        for (const double x : state.inverse) largest = std::max(largest, std::abs(x));
        const double unit = largest > 0 ? std::ldexp(1.0, std::ilogb(largest)) : 1;  // for float range
        scale_[static_cast<std::size_t>(b)] = unit;
        float* to = values_.data() + begin_[static_cast<std::size_t>(b)];
        for (std::size_t i = 0; i < state.inverse.size(); ++i)
          to[i] = static_cast<float>(state.inverse[i] / unit);
      });
  if (singular > 0)
    throw Error(
        "octopole_near: " + std::to_string(singular) + " of " + std::to_string(count) +
            " blocks are singular, one of them with " + std::to_string(size) + " unknowns",
        "points that coincide make equal rows, and the kernel alone has no diagonal: shift the matrix "
        "(MatShift), or use another preconditioner");
}

void BlockInverses::apply(std::span<const double> x, std::span<double> y) const {
  const Index count = blocks_.count();
  const auto make = [] { return AlignedVector<double>(); };
  parallel_for(count, 4, make, [&](AlignedVector<double>& sums, Index b) {
    const std::span<const Index> members = blocks_.of(b);
    const auto own = static_cast<std::size_t>(blocks_.own[static_cast<std::size_t>(b)]);
    const float* column = values_.data() + begin_[static_cast<std::size_t>(b)];
    sums.assign(own, 0);
    double* const to = sums.data();
    for (const Index member : members) {
      const double value = x[static_cast<std::size_t>(member)];
#pragma omp simd
      for (std::size_t i = 0; i < own; ++i) to[i] += static_cast<double>(column[i]) * value;
      column += own;
    }
    for (std::size_t i = 0; i < own; ++i)
      y[static_cast<std::size_t>(members[i])] = scale_[static_cast<std::size_t>(b)] * to[i];
  });
}

void BlockInverses::apply_transposed(std::span<const double> x, std::span<double> y) const {
  std::fill(y.begin(), y.end(), 0);
  for (Index b = 0; b < blocks_.count(); ++b) {  // serial: several blocks add to the same values
    const std::span<const Index> members = blocks_.of(b);
    const auto own = static_cast<std::size_t>(blocks_.own[static_cast<std::size_t>(b)]);
    const float* column = values_.data() + begin_[static_cast<std::size_t>(b)];
    for (const Index member : members) {
      double sum = 0;
      for (std::size_t i = 0; i < own; ++i)
        sum += static_cast<double>(column[i]) * x[static_cast<std::size_t>(members[i])];
      y[static_cast<std::size_t>(member)] += scale_[static_cast<std::size_t>(b)] * sum;
      column += own;
    }
  }
}

}  // namespace octopole::petsc
