#include "bem/overlaps.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/threads.hpp"
#include "bem/box_tree.hpp"
#include "tree/morton.hpp"
#include "tree/root_cube.hpp"

namespace octopole::bem {
namespace {

/// Distances below this fraction of the triangles' size count as zero.
constexpr double kTolerance = 1e-9;

Point minus(const Point& a, const Point& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
double dot(const Point& a, const Point& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
Point cross(const Point& a, const Point& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
double norm(const Point& a) {
  return std::sqrt(dot(a, a));
}

using Triangle = std::array<Point, 3>;

Triangle triangle_of(const Surface& surface, Index t) {
  return {surface.corner(t, 0), surface.corner(t, 1), surface.corner(t, 2)};
}

Point unit_normal(const Triangle& t) {
  Point n = cross(minus(t[1], t[0]), minus(t[2], t[0]));
  const double length = norm(n);
  for (double& x : n) x /= length;
  return n;
}

/// Heights of b's vertices above a's plane.
std::array<double, 3> heights(const Triangle& a, const Point& normal, const Triangle& b) {
  return {dot(minus(b[0], a[0]), normal), dot(minus(b[1], a[0]), normal), dot(minus(b[2], a[0]), normal)};
}

/// Whether a side of b passes through a.
bool side_pierces(const Triangle& a, const Point& normal, const Triangle& b,
                  const std::array<double, 3>& height, double tolerance) {
  for (std::size_t s = 0; s < 3; ++s) {
    const std::size_t e = (s + 1) % 3;
    if (!((height[s] > tolerance && height[e] < -tolerance) ||
          (height[s] < -tolerance && height[e] > tolerance)))
      continue;
    const double t = height[s] / (height[s] - height[e]);
    Point p;
    for (std::size_t d = 0; d < 3; ++d) p[d] = b[s][d] + t * (b[e][d] - b[s][d]);
    bool inside = true;
    for (std::size_t c = 0; c < 3; ++c) {
      const Point side = minus(a[(c + 1) % 3], a[c]);
      inside &= dot(cross(normal, side), minus(p, a[c])) >= -tolerance * norm(side);
    }
    if (inside) return true;
  }
  return false;
}

/// For coplanar triangles: whether no side of a separates it from b.
bool no_side_parts(const Triangle& a, const Point& normal, const Triangle& b, double tolerance) {
  for (std::size_t c = 0; c < 3; ++c) {
    const Point side = minus(a[(c + 1) % 3], a[c]), inward = cross(normal, side);
    double most = -Box::kInfinity;
    for (const Point& p : b) most = std::max(most, dot(inward, minus(p, a[c])));
    if (most <= tolerance * norm(side)) return false;
  }
  return true;
}

/// Whether two triangles with a common side are folded flat onto each other.
bool folded(const Surface& surface, Index a, Index b, const std::array<std::int32_t, 2>& side) {
  const auto across = [&](Index t) {
    const Point& from = surface.vertices[static_cast<std::size_t>(side[0])];
    const Point edge = minus(surface.vertices[static_cast<std::size_t>(side[1])], from);
    for (int c = 0; c < 3; ++c) {
      const std::int32_t v = surface.triangles[static_cast<std::size_t>(t)][static_cast<std::size_t>(c)];
      if (v == side[0] || v == side[1]) continue;
      Point w = minus(surface.corner(t, c), from);
      const double along = dot(w, edge) / dot(edge, edge);
      for (std::size_t d = 0; d < 3; ++d) w[d] -= along * edge[d];
      return w;
    }
    return Point{};
  };
  const Point u = across(a), v = across(b);
  return dot(u, v) > 0 && norm(cross(u, v)) <= 1e-6 * norm(u) * norm(v);
}

}  // namespace

bool overlap(const Surface& surface, Index a, Index b) {
  const Corners &va = surface.triangles[static_cast<std::size_t>(a)],
                &vb = surface.triangles[static_cast<std::size_t>(b)];
  std::array<std::int32_t, 2> common{};
  std::size_t shared = 0;
  for (const std::int32_t v : va)
    if (std::find(vb.begin(), vb.end(), v) != vb.end() && shared < 2) common[shared++] = v;
  if (shared == 2) return folded(surface, a, b, common);

  const Triangle ta = triangle_of(surface, a), tb = triangle_of(surface, b);
  const Point na = unit_normal(ta), nb = unit_normal(tb);
  double size = 0;
  for (std::size_t c = 0; c < 3; ++c)
    size = std::max({size, norm(minus(ta[(c + 1) % 3], ta[c])), norm(minus(tb[(c + 1) % 3], tb[c]))});
  const double tolerance = kTolerance * size;
  const auto apart = [&](const std::array<double, 3>& h) {
    return std::all_of(h.begin(), h.end(), [&](double x) { return x > tolerance; }) ||
           std::all_of(h.begin(), h.end(), [&](double x) { return x < -tolerance; });
  };
  const auto flat = [&](const std::array<double, 3>& h) {
    return std::all_of(h.begin(), h.end(), [&](double x) { return std::abs(x) <= tolerance; });
  };
  const std::array<double, 3> hb = heights(ta, na, tb);
  if (apart(hb)) return false;
  if (flat(hb)) return no_side_parts(ta, na, tb, tolerance) && no_side_parts(tb, nb, ta, tolerance);
  const std::array<double, 3> ha = heights(tb, nb, ta);
  if (apart(ha)) return false;
  return side_pierces(ta, na, tb, hb, tolerance) || side_pierces(tb, nb, ta, ha, tolerance);
}

std::vector<std::pair<Index, Index>> find_overlaps(const Surface& surface, const std::vector<char>& skip,
                                                   std::size_t limit, Index& count) {
  const std::size_t n = surface.triangles.size();
  std::vector<double> centres;
  centres.reserve(3 * n);
  for (Index t = 0; t < surface.size(); ++t)
    for (std::size_t d = 0; d < 3; ++d)
      centres.push_back((surface.corner(t, 0)[d] + surface.corner(t, 1)[d] + surface.corner(t, 2)[d]) / 3);
  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(centres);
  AlignedVector<morton::Code> codes = morton::encode(morton::RootCube::enclosing(bounds), centres);
  const AlignedVector<PointIndex> order = morton::sort_codes(codes);
  const auto box_of = [&](Index i) {
    Box box;
    for (int c = 0; c < 3; ++c) box.include(surface.corner(order[static_cast<std::size_t>(i)], c).data(), 0);
    return box;
  };
  const BoxTree tree(static_cast<Index>(n), box_of);

  std::vector<std::pair<Index, Index>> pairs;
  std::mutex mutex;
  parallel_for(static_cast<Index>(n), 256, [&](Index i) {
    const Index a = order[static_cast<std::size_t>(i)];
    if (skip[static_cast<std::size_t>(a)]) return;
    const Box box = box_of(i);
    tree.search(
        [&](const Box& other) { return box.meets(other); },
        [&](Index j) {
          const Index b = order[static_cast<std::size_t>(j)];
          if (b <= a || skip[static_cast<std::size_t>(b)] || !box.meets(box_of(j)) || !overlap(surface, a, b))
            return;
          const std::lock_guard lock(mutex);  // few pairs overlap
          pairs.emplace_back(a, b);
        });
  });
  count = static_cast<Index>(pairs.size());
  std::sort(pairs.begin(), pairs.end());
  pairs.resize(std::min(pairs.size(), limit));
  return pairs;
}

}  // namespace octopole::bem
