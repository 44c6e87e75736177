// Wavefront OBJ: vertices, faces, objects and groups; statements about appearance are skipped.
#include <algorithm>
#include <cmath>

#include "bem/mesh_formats.hpp"

namespace octopole::bem {
namespace {

std::string_view next_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

class ObjReader {
 public:
  explicit ObjReader(Scanner& file) : file_(file) {}

  RawMesh read() {
    while (!file_.at_end()) {
      std::string_view line = file_.line();
      if (!line.empty() && line.back() == '\\') file_.fail("continued lines are not supported");
      const std::string_view keyword = next_word(line);
      if (keyword == "v")
        read_vertex(line);
      else if (keyword == "f")
        read_face(line);
      else if (keyword == "o" || keyword == "g")
        name_ = use_name(keyword == "o", line);
      else if (keyword == "cstype" || keyword == "curv" || keyword == "surf" || keyword == "curv2")
        file_.fail("free-form curves and surfaces are not read", "export the mesh as triangles");
    }
    if (mesh_.triangles.empty()) throw Error("'" + file_.path() + "' holds no faces");
    return std::move(mesh_);
  }

 private:
  /// Objects take precedence over groups: from the first object on, groups are ignored.
  std::int32_t use_name(bool object, std::string_view line) {
    if (!object && objects_) return name_;
    if (object && !objects_) {
      objects_ = true;
      mesh_.groups.clear();
      std::fill(mesh_.group.begin(), mesh_.group.end(), kNoGroup);
    }
    const std::size_t begin = line.find_first_not_of(" \t");
    std::string name(begin == std::string_view::npos ? "" : line.substr(begin));
    if (name.empty()) name = "default";
    auto known = std::find(mesh_.groups.begin(), mesh_.groups.end(), name);
    if (known == mesh_.groups.end()) known = mesh_.groups.insert(known, name);
    return static_cast<std::int32_t>(known - mesh_.groups.begin());
  }

  void read_vertex(std::string_view line) {
    Point& point = mesh_.vertices.emplace_back();
    for (double& x : point) {
      const std::string_view word = next_word(line);
      if (!parse(word, x)) file_.fail("'" + std::string(word.substr(0, 40)) + "' is not a coordinate");
      file_.check_finite(x);
    }
  }

  std::int32_t vertex(std::string_view word) const {
    const std::string_view first = word.substr(0, word.find('/'));
    std::int64_t number = 0;
    if (!parse(first, number))
      file_.fail("'" + std::string(word.substr(0, 40)) + "' is not a vertex of a face");
    const auto known = static_cast<std::int64_t>(mesh_.vertices.size());
    const std::int64_t place = number < 0 ? known + number : number - 1;
    if (number == 0 || place < 0 || place >= known)
      file_.fail("a face has vertex " + std::to_string(number) + ", and there are " + std::to_string(known) +
                 " so far");
    return checked_cast<std::int32_t>(place, "number of a vertex");
  }

  void read_face(std::string_view line) {
    std::vector<std::int32_t> polygon;
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
      if (word[0] == '#') break;
      polygon.push_back(vertex(word));
    }
    if (polygon.size() < 3) file_.fail("a face has " + std::to_string(polygon.size()) + " vertices");
    if (polygon.size() > 3 && !flat_and_convex(polygon))
      file_.fail("a face of " + std::to_string(polygon.size()) + " vertices is not flat and convex",
                 "export the mesh as triangles");
    for (std::size_t k = 2; k < polygon.size(); ++k) {
      mesh_.triangles.push_back({polygon[0], polygon[k - 1], polygon[k]});
      mesh_.group.push_back(name_);
    }
  }

  /// Whether every corner turns in the sense of the polygon's normal, and all vertices lie in its plane to
  /// 1e-6 of the size.
  bool flat_and_convex(const std::vector<std::int32_t>& polygon) const {
    const auto point = [&](std::size_t k) {
      return mesh_.vertices[static_cast<std::size_t>(polygon[k % polygon.size()])];
    };
    const auto turn = [&](const Point& a, const Point& b, const Point& c) {
      const Point u = {b[0] - a[0], b[1] - a[1], b[2] - a[2]}, v = {c[0] - b[0], c[1] - b[1], c[2] - b[2]};
      return Point{u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
    };
    const auto dot = [](const Point& a, const Point& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; };
    Point normal{};
    double extent = 0;
    for (std::size_t k = 1; k + 1 < polygon.size(); ++k) {
      const Point part = turn(point(0), point(k), point(k + 1));
      for (std::size_t d = 0; d < 3; ++d) normal[d] += part[d];
      for (std::size_t d = 0; d < 3; ++d) extent = std::max(extent, std::abs(point(k)[d] - point(0)[d]));
    }
    const double length = std::sqrt(dot(normal, normal));
    for (std::size_t k = 0; k < polygon.size(); ++k) {
      if (dot(turn(point(k), point(k + 1), point(k + 2)), normal) < 0) return false;
      const Point p = point(k), o = point(0), step = {p[0] - o[0], p[1] - o[1], p[2] - o[2]};
      if (std::abs(dot(step, normal)) > 1e-6 * extent * length) return false;
    }
    return length > 0;
  }

  Scanner& file_;
  RawMesh mesh_;
  std::int32_t name_ = kNoGroup;
  bool objects_ = false;
};

}  // namespace

RawMesh read_obj(Scanner& file) {
  return ObjReader(file).read();
}

std::string write_obj(const Surface& surface) {
  Output out;
  for (const Point& p : surface.vertices) out.text("v {} {} {}\n", p[0], p[1], p[2]);
  const auto conductors = by_conductor(surface);
  for (std::size_t c = 0; c < conductors.size(); ++c) {
    out.text("o {}\n", surface.conductors[c]);
    for (const Index t : conductors[c]) {
      const Corners& v = surface.triangles[static_cast<std::size_t>(t)];
      out.text("f {} {} {}\n", v[0] + 1, v[1] + 1, v[2] + 1);
    }
  }
  return out.bytes();
}

}  // namespace octopole::bem
