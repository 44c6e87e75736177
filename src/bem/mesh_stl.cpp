// STL, ASCII and binary. Triangles share no vertices in the files: equal coordinates are merged.
#include <cstring>

#include "bem/mesh_formats.hpp"

namespace octopole::bem {
namespace {

constexpr std::size_t kHeader = 80, kFacet = 50;

void add(RawMesh& mesh, std::int32_t group) {
  const auto last = checked_cast<std::int32_t>(mesh.vertices.size() - 1, "number of vertices");
  mesh.triangles.push_back({last - 2, last - 1, last});
  mesh.group.push_back(group);
}

bool has_binary_size(std::string_view bytes) {
  if (bytes.size() < kHeader + 4) return false;
  std::uint32_t facets = 0;
  std::memcpy(&facets, bytes.data() + kHeader, 4);
  return bytes.size() == kHeader + 4 + kFacet * std::size_t{facets};
}

RawMesh read_binary(Scanner& file) {
  file.set_binary(true);
  file.skip_bytes(kHeader, "the number of facets");
  const auto facets = file.binary<std::uint32_t>("the number of facets");
  file.check_count(facets, kFacet, "facets");
  RawMesh mesh;
  mesh.vertices.reserve(3 * std::size_t{facets});
  for (std::uint32_t f = 0; f < facets; ++f) {
    file.skip_bytes(12, "a facet");  // its normal
    for (int corner = 0; corner < 3; ++corner) {
      Point& point = mesh.vertices.emplace_back();
      for (double& x : point) {
        x = file.binary<float>("a facet's vertices");
        file.check_finite(x);
      }
    }
    file.skip_bytes(2, "a facet's attributes");
    add(mesh, kNoGroup);
  }
  return mesh;
}

RawMesh read_ascii(Scanner& file) {
  RawMesh mesh;
  while (!file.peek().empty()) {
    file.expect("solid");
    std::string name(file.line());
    name.erase(0, std::min(name.find_first_not_of(" \t"), name.size()));
    if (name.empty()) name = "solid " + std::to_string(mesh.groups.size() + 1);
    mesh.groups.push_back(std::move(name));
    const auto group = static_cast<std::int32_t>(mesh.groups.size() - 1);
    while (file.peek() == "facet") {
      file.word();
      file.expect("normal");
      for (int d = 0; d < 3; ++d) file.real("a normal");
      file.expect("outer");
      file.expect("loop");
      for (int corner = 0; corner < 3; ++corner) {
        file.expect("vertex");
        Point& point = mesh.vertices.emplace_back();
        for (double& x : point) x = file.coordinate();
      }
      file.expect("endloop");
      file.expect("endfacet");
      add(mesh, group);
    }
    file.expect("endsolid");
    file.line();
  }
  if (mesh.groups.size() == 1) {  // a single name is that of the file, not of a conductor
    mesh.groups.clear();
    mesh.group.assign(mesh.group.size(), kNoGroup);
  }
  return mesh;
}

/// Normals are written as zero; readers then compute them.
std::string stl_ascii(const Surface& surface) {
  Output out;
  const auto conductors = by_conductor(surface);
  for (std::size_t c = 0; c < conductors.size(); ++c) {
    out.text("solid {}\n", surface.conductors[c]);
    for (const Index t : conductors[c]) {
      out.text("facet normal 0 0 0\nouter loop\n");
      for (int corner = 0; corner < 3; ++corner) {
        const Point& p = surface.corner(t, corner);
        out.text("vertex {} {} {}\n", p[0], p[1], p[2]);
      }
      out.text("endloop\nendfacet\n");
    }
    out.text("endsolid {}\n", surface.conductors[c]);
  }
  return out.bytes();
}

std::string stl_binary(const Surface& surface) {
  Output out;
  out.text("{:80}", "octopole");
  out.raw(checked_cast<std::uint32_t>(surface.triangles.size(), "number of facets"));
  for (Index t = 0; t < surface.size(); ++t) {
    for (int d = 0; d < 3; ++d) out.raw(0.0F);
    for (int corner = 0; corner < 3; ++corner)
      for (const double x : surface.corner(t, corner)) out.raw(static_cast<float>(x));
    out.raw(std::uint16_t{0});
  }
  return out.bytes();
}

}  // namespace

RawMesh read_stl(Scanner& file) {
  const std::string_view bytes = file.bytes();
  const bool text = bytes.substr(0, 5) == "solid";
  if (!has_binary_size(bytes) && !text && bytes.size() < kHeader + 4)
    throw Error("'" + file.path() +
                "' is not an STL file: it neither begins with 'solid' nor has a binary header");
  RawMesh mesh = has_binary_size(bytes) || !text ? read_binary(file) : read_ascii(file);
  if (mesh.triangles.empty()) throw Error("'" + file.path() + "' holds no facets");
  mesh.weld = true;
  return mesh;
}

std::string write_stl(const Surface& surface, bool binary) {
  return binary ? stl_binary(surface) : stl_ascii(surface);
}

}  // namespace octopole::bem
