#include "bem/check_surface.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include "base/threads.hpp"
#include "bem/box_tree.hpp"
#include "bem/surface.hpp"
#include "bem/surface_edges.hpp"
#include "tree/morton.hpp"

namespace octopole::bem {
namespace {

// ---- triangles that intersect or overlap.

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

/// Whether two triangles intersect or overlap outside common vertices and a common edge; touching does not
/// count. Neither may be degenerate, nor may both have the same vertices.
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

/// Finds all such pairs (lower, higher), ascending, except of triangles marked in `skip`. Lists at most
/// `limit` pairs; `count` is the number of all. Threaded.
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

// ---- the check.

constexpr std::size_t kPlaces = 3;

struct Words {
  const char *name, *one, *many;
};
constexpr Words kWords[kDefects] = {
    {"degenerate", "triangle without area", "triangles without area"},
    {"duplicate", "duplicate triangle", "duplicate triangles"},
    {"open", "open edge", "open edges"},
    {"branching", "edge of more than two triangles", "edges of more than two triangles"},
    {"disordered", "edge between triangles that face opposite ways",
     "edges between triangles that face opposite ways"},
    {"inside_out", "part that is inside out", "parts that are inside out"},
    {"overlap", "pair of triangles that overlap", "pairs of triangles that overlap"}};

class Checker {
 public:
  Checker(const Surface& surface, const CheckOptions& options) : surface_(surface), options_(options) {}

  SurfaceReport check() {
    const std::vector<char> flawed = check_triangles();
    check_edges();
    if (options_.find_overlaps) check_overlaps(flawed);
    return std::move(report_);
  }

 private:
  std::string place(Index t) const {
    double centre[3] = {};
    for (int c = 0; c < 3; ++c)
      for (int d = 0; d < 3; ++d) centre[d] += surface_.corner(t, c)[static_cast<std::size_t>(d)] / 3;
    const auto conductor = static_cast<std::size_t>(surface_.conductor[static_cast<std::size_t>(t)]);
    return fmt::format("triangle {} of '{}' at ({:.6g}, {:.6g}, {:.6g})", t + 1,
                       surface_.conductors[conductor], centre[0], centre[1], centre[2]);
  }

  void note(Defect defect, Index t, const std::string& more = {}) {
    Finding& finding = report_[defect];
    ++finding.count;
    if (finding.places.size() < kPlaces) finding.places.push_back(place(t) + more);
  }

  /// Marks triangles to skip in the search for overlaps.
  std::vector<char> check_triangles() {
    const std::size_t n = surface_.triangles.size();
    std::vector<char> flawed(n, 0);
    for (std::size_t t = 0; t < n; ++t)
      if (is_degenerate(surface_, static_cast<Index>(t))) {
        flawed[t] = 1;
        note(Defect::degenerate, static_cast<Index>(t));
      }
    std::vector<Corners> sorted = surface_.triangles;
    for (Corners& v : sorted) std::sort(v.begin(), v.end());
    std::vector<std::int32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    const auto corners = [&](std::int32_t t) -> const Corners& {
      return sorted[static_cast<std::size_t>(t)];
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int32_t a, std::int32_t b) { return corners(a) < corners(b); });
    std::vector<std::int32_t> twice;
    for (std::size_t i = 1; i < n; ++i)
      if (corners(order[i]) == corners(order[i - 1])) twice.push_back(order[i]);
    std::sort(twice.begin(), twice.end());
    for (const std::int32_t t : twice) {
      if (flawed[static_cast<std::size_t>(t)]) continue;
      flawed[static_cast<std::size_t>(t)] = 1;
      note(Defect::duplicate, t);
    }
    return flawed;
  }

  void check_edges() {
    const std::vector<HalfEdge> edges = sorted_edges(surface_);
    for_each_edge(edges, [&](const HalfEdge* first, const HalfEdge* last) {
      if (last - first == 1) {
        if (!options_.allow_open) note(Defect::open, first->triangle);
      } else if (last - first > 2) {
        note(Defect::branching, first->triangle);
      } else if (first[0].forward == first[1].forward) {
        note(Defect::disordered, first->triangle);
      }
    });
    const Pieces pieces = find_pieces(surface_, edges);
    const Facing facing = find_facing(surface_, pieces);
    report_.parts = pieces.count;
    report_.nested = facing.nested;
    if (report_[Defect::disordered].count > 0) return;  // facing is undefined until they are repaired
    std::vector<char> reported(facing.sign.size(), 0);
    for (std::size_t t = 0; t < surface_.triangles.size(); ++t) {
      const auto piece = static_cast<std::size_t>(pieces.of_triangle[t]);
      if (facing.sign[piece] < 0 && !std::exchange(reported[piece], 1))
        note(Defect::inside_out, static_cast<Index>(t));
    }
  }

  void check_overlaps(const std::vector<char>& flawed) {
    Index count = 0;
    for (const auto& [a, b] : find_overlaps(surface_, flawed, kPlaces, count))
      note(Defect::overlap, a, fmt::format(" with triangle {}", b + 1));
    report_[Defect::overlap].count = count;
  }

  const Surface& surface_;
  CheckOptions options_;
  SurfaceReport report_;
};

}  // namespace

std::string_view defect_name(Defect defect) {
  return kWords[static_cast<std::size_t>(defect)].name;
}

bool SurfaceReport::sound() const {
  return std::all_of(findings.begin(), findings.end(), [](const Finding& f) { return f.count == 0; });
}

std::string SurfaceReport::text() const {
  std::string text;
  for (std::size_t d = 0; d < kDefects; ++d) {
    const Finding& finding = findings[d];
    if (finding.count == 0) continue;
    if (!text.empty()) text += "; ";
    text += fmt::format("{} {}: ", finding.count, finding.count == 1 ? kWords[d].one : kWords[d].many);
    for (std::size_t i = 0; i < finding.places.size(); ++i) text += (i ? ", " : "") + finding.places[i];
    if (finding.count > static_cast<Index>(finding.places.size())) text += ", ..";
  }
  return text;
}

SurfaceReport check_surface(const Surface& surface, const CheckOptions& options) {
  return Checker(surface, options).check();
}

void require_sound(const SurfaceReport& report) {
  if (report.sound()) return;
  std::string advice;
  if (report[Defect::degenerate].count + report[Defect::duplicate].count > 0)
    advice = "--repair drops triangles without area and duplicates";  // other defects may be due to them
  else if (report[Defect::overlap].count + report[Defect::branching].count > 0)
    advice = "repair the geometry: conductors must not touch or cross";
  else if (report[Defect::open].count > 0)
    advice = "--weld 1e-6 joins vertices that are almost equal, --open accepts thin sheets";
  else
    advice = "--repair repairs this";
  throw Error("the surface is not sound: " + report.text(), advice);
}

namespace {

/// Keeps the triangles for which `keep` returns true; returns the number removed.
template <class Keep>
Index filter(Surface& surface, Keep&& keep) {
  std::size_t kept = 0;
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    if (!keep(t)) continue;
    surface.triangles[kept] = surface.triangles[t];
    surface.conductor[kept++] = surface.conductor[t];
  }
  const auto gone = static_cast<Index>(surface.triangles.size() - kept);
  surface.triangles.resize(kept);
  surface.conductor.resize(kept);
  return gone;
}

bool has_vertex_twice(const Corners& v) {
  return v[0] == v[1] || v[1] == v[2] || v[2] == v[0];
}

/// The corner where the longest side begins.
std::size_t longest_side(const Surface& surface, Index t) {
  std::size_t longest = 0;
  double most = -1;
  for (std::size_t c = 0; c < 3; ++c) {
    const Point &a = surface.corner(t, static_cast<int>(c)),
                &b = surface.corner(t, static_cast<int>((c + 1) % 3));
    double length = 0;
    for (std::size_t d = 0; d < 3; ++d) length += (a[d] - b[d]) * (a[d] - b[d]);
    if (length > most) {
      most = length;
      longest = c;
    }
  }
  return longest;
}

/// Flips the longest edge of each needle: the needle p m q, whose vertex m lies on its side q p, and the
/// neighbour p q r across that side become p m r and m q r.
Index swap_needles(Surface& surface) {
  const std::vector<HalfEdge> edges = sorted_edges(surface);
  std::map<std::pair<std::int32_t, std::int32_t>, std::pair<const HalfEdge*, const HalfEdge*>> of_needle;
  std::vector<std::int32_t> needles;
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    if (!is_degenerate(surface, static_cast<Index>(t))) continue;
    needles.push_back(static_cast<std::int32_t>(t));
    const std::size_t c = longest_side(surface, static_cast<Index>(t));
    const std::int32_t a = surface.triangles[t][c], b = surface.triangles[t][(c + 1) % 3];
    of_needle[{std::min(a, b), std::max(a, b)}] = {};
  }
  if (needles.empty()) return 0;
  for_each_edge(edges, [&](const HalfEdge* first, const HalfEdge* last) {
    const auto side = of_needle.find({first->low, first->high});
    if (side != of_needle.end() && last - first == 2) side->second = {first, first + 1};
  });
  std::set<std::int32_t> used;
  Index swapped = 0;
  for (const std::int32_t t : needles) {
    const std::size_t c = longest_side(surface, t);
    const Corners v = surface.triangles[static_cast<std::size_t>(t)];
    const std::int32_t q = v[c], p = v[(c + 1) % 3], m = v[(c + 2) % 3];
    const auto [one, two] = of_needle[{std::min(p, q), std::max(p, q)}];
    if (!one) continue;
    const HalfEdge& across = one->triangle == t ? *two : *one;
    const auto other = static_cast<std::size_t>(across.triangle);
    if (across.triangle == t || used.count(t) || used.count(across.triangle)) continue;
    const std::int32_t r = surface.triangles[other][(static_cast<std::size_t>(across.corner) + 2) % 3];
    if (r == m) continue;
    used.insert({t, across.triangle});
    surface.triangles[static_cast<std::size_t>(t)] = {p, m, r};
    surface.triangles[other] = {m, q, r};
    surface.conductor[static_cast<std::size_t>(t)] = surface.conductor[other];
    ++swapped;
  }
  return swapped;
}

Index drop_duplicates(Surface& surface) {
  std::vector<std::pair<Corners, std::size_t>> sorted;
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    sorted.emplace_back(surface.triangles[t], t);
    std::sort(sorted.back().first.begin(), sorted.back().first.end());
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<char> drop(sorted.size(), 0);
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i].first == sorted[i - 1].first) drop[sorted[i].second] = 1;
  return filter(surface, [&](std::size_t t) { return !drop[t]; });
}

Index turn(Surface& surface) {
  const Pieces pieces = find_pieces(surface, sorted_edges(surface));
  const Facing facing = find_facing(surface, pieces);
  // Open pieces have no outside: there the orientation of the majority is kept.
  std::vector<Index> balance(facing.sign.size(), 0);
  for (std::size_t t = 0; t < surface.triangles.size(); ++t)
    balance[static_cast<std::size_t>(pieces.of_triangle[t])] += pieces.turned[t] ? -1 : 1;
  Index turned = 0;
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    const auto piece = static_cast<std::size_t>(pieces.of_triangle[t]);
    if (!pieces.orientable[piece]) continue;
    const bool all = facing.sign[piece] < 0 || (facing.sign[piece] == 0 && balance[piece] < 0);
    if ((pieces.turned[t] != 0) == all) continue;
    std::swap(surface.triangles[t][1], surface.triangles[t][2]);
    ++turned;
  }
  return turned;
}

}  // namespace

Repairs repair_surface(Surface& surface) {
  Repairs repairs;
  repairs.degenerate =
      filter(surface, [&](std::size_t t) { return !has_vertex_twice(surface.triangles[t]); });
  constexpr int kRounds = 10;  // a flip may create another needle
  for (int round = 0; round < kRounds; ++round) {
    const Index swapped = swap_needles(surface);
    repairs.degenerate += swapped;
    if (swapped == 0) break;
  }
  repairs.duplicates = drop_duplicates(surface);
  repairs.turned = turn(surface);
  drop_unused_vertices(surface.vertices, surface.triangles);
  return repairs;
}

std::string Repairs::text() const {
  std::string text;
  const auto add = [&](Index count, const std::string& what) {
    if (count > 0) text += (text.empty() ? "" : ", ") + what;
  };
  add(degenerate, "repaired " + std::to_string(degenerate) + " triangles without area");
  add(duplicates, "left out " + std::to_string(duplicates) + " duplicate triangles");
  add(turned, "reversed " + std::to_string(turned) + " triangles");
  return text.empty() ? "nothing" : text;
}

}  // namespace octopole::bem
