#include "bem/write_mesh.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "bem/mesh_format.hpp"
#include "io/atomic_file.hpp"
#include "tree/root_cube.hpp"

namespace octopole::bem {
namespace {

/// Output buffer of text and bytes.
class Output {
 public:
  template <class... Values>
  void text(fmt::format_string<Values...> format, Values&&... values) {
    bytes_ += fmt::format(format, std::forward<Values>(values)...);
  }
  template <class T>
  void raw(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Numbers of a Gmsh section, as lines of text or as bytes.
class Section {
 public:
  Section(Output& out, bool binary) : out_(out), binary_(binary) {}

  Section& size(std::size_t value) {
    if (binary_)
      out_.raw(static_cast<std::uint64_t>(value));
    else
      out_.text("{} ", value);
    return *this;
  }
  Section& integer(std::int32_t value) {
    if (binary_)
      out_.raw(value);
    else
      out_.text("{} ", value);
    return *this;
  }
  Section& real(double value) {
    if (binary_)
      out_.raw(value);
    else
      out_.text("{} ", value);
    return *this;
  }
  void end_line() {
    if (!binary_) out_.text("\n");
  }

 private:
  Output& out_;
  bool binary_;
};

std::vector<std::vector<Index>> by_conductor(const Surface& surface) {
  std::vector<std::vector<Index>> triangles(surface.conductors.size());
  for (Index t = 0; t < surface.size(); ++t)
    triangles[static_cast<std::size_t>(surface.conductor[static_cast<std::size_t>(t)])].push_back(t);
  return triangles;
}

std::string gmsh(const Surface& surface, bool binary) {
  Output out;
  const auto conductors = by_conductor(surface);
  const std::size_t n = surface.triangles.size(), nodes = surface.vertices.size();
  out.text("$MeshFormat\n4.1 {} 8\n", binary ? 1 : 0);
  if (binary) {
    out.raw(std::int32_t{1});
    out.text("\n");
  }
  out.text("$EndMeshFormat\n$PhysicalNames\n{}\n", conductors.size());
  for (std::size_t c = 0; c < conductors.size(); ++c) out.text("2 {} \"{}\"\n", c + 1, surface.conductors[c]);
  out.text("$EndPhysicalNames\n$Entities\n");

  Section section(out, binary);
  section.size(0).size(0).size(conductors.size()).size(0).end_line();
  for (std::size_t c = 0; c < conductors.size(); ++c) {
    morton::Bounds bounds = morton::Bounds::empty();
    for (const Index t : conductors[c])
      for (int corner = 0; corner < 3; ++corner) bounds.include(surface.corner(t, corner));
    const auto tag = static_cast<std::int32_t>(c + 1);
    section.integer(tag);
    for (const double x : bounds.lower) section.real(x);
    for (const double x : bounds.upper) section.real(x);
    section.size(1).integer(tag).size(0).end_line();
  }
  out.text("{}$EndEntities\n$Nodes\n", binary ? "\n" : "");
  section.size(1).size(nodes).size(1).size(nodes).end_line();
  section.integer(2).integer(1).integer(0).size(nodes).end_line();
  for (std::size_t v = 0; v < nodes; ++v) section.size(v + 1).end_line();
  for (const Point& p : surface.vertices) section.real(p[0]).real(p[1]).real(p[2]).end_line();
  out.text("{}$EndNodes\n$Elements\n", binary ? "\n" : "");
  section.size(conductors.size()).size(n).size(1).size(n).end_line();
  std::size_t tag = 0;
  for (std::size_t c = 0; c < conductors.size(); ++c) {
    section.integer(2)
        .integer(static_cast<std::int32_t>(c + 1))
        .integer(2)
        .size(conductors[c].size())
        .end_line();
    for (const Index t : conductors[c]) {
      section.size(++tag);
      for (const std::int32_t v : surface.triangles[static_cast<std::size_t>(t)])
        section.size(static_cast<std::size_t>(v) + 1);
      section.end_line();
    }
  }
  out.text("{}$EndElements\n", binary ? "\n" : "");
  return out.bytes();
}

std::string obj(const Surface& surface) {
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

void write_surface(const std::string& path, const Surface& surface, MeshEncoding encoding) {
  const bool binary = encoding == MeshEncoding::binary;
  switch (mesh_format(path)) {
    case MeshFormat::gmsh:
      return write_text_file(path, gmsh(surface, binary));
    case MeshFormat::obj:
      return write_text_file(path, obj(surface));
    case MeshFormat::stl:
      return write_text_file(path, binary ? stl_binary(surface) : stl_ascii(surface));
  }
}

}  // namespace octopole::bem
