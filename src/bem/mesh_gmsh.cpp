// Gmsh's MSH format 4.1 (Gmsh reference manual, chapter "Gmsh file formats").
#include <algorithm>
#include <map>
#include <unordered_map>

#include "bem/mesh_formats.hpp"
#include "tree/morton.hpp"

namespace octopole::bem {
namespace {

/// Number of nodes of an element type; 0 for unknown types.
int nodes_of_type(std::int64_t type) {
  constexpr int nodes[] = {0, 2,  3,  4,  4, 8,  6,  5,  3,  6,  9, 10, 27, 18, 14, 1,
                           8, 20, 15, 13, 9, 10, 12, 15, 15, 21, 4, 5,  6,  20, 35, 56};
  if (type >= 1 && type < static_cast<std::int64_t>(std::size(nodes))) return nodes[type];
  return type == 92 ? 64 : type == 93 ? 125 : 0;
}

constexpr int kTriangle = 2;
constexpr const char* kConvert = "convert it with Gmsh: gmsh FILE -save -format msh41 -o NEW.msh";

class GmshReader {
 public:
  explicit GmshReader(Scanner& file) : file_(file) {}

  RawMesh read() {
    read_format();
    while (!file_.peek().empty()) {
      const std::string section(file_.word());
      if (section == "$PhysicalNames")
        read_names();
      else if (section == "$Entities")
        in_encoding([this] { read_entities(); });
      else if (section == "$Nodes")
        in_encoding([this] { read_nodes(); });
      else if (section == "$Elements")
        in_encoding([this] { read_elements(); });
      else if (section == "$PartitionedEntities")
        file_.fail("the mesh is partitioned", "save it without partitions (Mesh > Unpartition in Gmsh)");
      else if (section[0] == '$')
        skip_section(section);
      else
        file_.fail("'" + section.substr(0, 40) + "' instead of a section");
      if (section[0] == '$' && !skipped_) file_.expect("$End" + section.substr(1));
      skipped_ = false;
    }
    if (mesh_.triangles.empty())
      throw Error("'" + file_.path() + "' holds no triangles",
                  "mesh the surfaces in 2D and save them: groups of volumes alone leave them out");
    return std::move(mesh_);
  }

 private:
  void read_format() {
    file_.expect("$MeshFormat");
    const std::string version(file_.word());
    if (version != "4.1") file_.fail("the format is " + version + ", and only 4.1 is read", kConvert);
    binary_ = file_.integer("0 for ASCII or 1 for binary") == 1;
    if (file_.integer("the size of integers") != 8) file_.fail("integers do not have 8 bytes", kConvert);
    if (binary_) {
      file_.line();
      if (file_.binary<std::int32_t>("the byte order") != 1)
        file_.fail("the file was written on a machine of another byte order", kConvert);
    }
    file_.expect("$EndMeshFormat");
  }

  /// Reads a section's numbers; in a binary file they are bytes that begin after the line end.
  template <class Read>
  void in_encoding(Read&& read) {
    if (binary_) {
      file_.line();
      file_.set_binary(true);
    }
    read();
    file_.set_binary(false);
  }

  void skip_section(const std::string& section) {
    const std::string end = "$End" + section.substr(1);
    for (;;) {
      if (file_.at_end()) file_.fail("the file ends in the section " + section);
      if (file_.line() == end) break;
    }
    skipped_ = true;
  }

  std::int64_t size(const char* what) {
    if (!binary_) return file_.integer(what);
    return static_cast<std::int64_t>(file_.binary<std::uint64_t>(what));
  }
  std::int64_t integer(const char* what) {
    return binary_ ? file_.binary<std::int32_t>(what) : file_.integer(what);
  }
  double real(const char* what) { return binary_ ? file_.binary<double>(what) : file_.real(what); }
  void skip_reals(int count) {
    for (int i = 0; i < count; ++i) real("a coordinate");
  }
  std::int64_t count(const char* what) {
    const std::int64_t n = size(what);
    file_.check_count(n, binary_ ? 4 : 1, what);
    return n;
  }

  void read_names() {
    const std::int64_t n = file_.integer("the number of physical names");  // text in binary files too
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t dimension = file_.integer("a dimension"), tag = file_.integer("a physical tag");
      const std::string_view rest = file_.line();
      const std::size_t begin = rest.find('"'), end = rest.rfind('"');
      if (begin == std::string_view::npos || end == begin) file_.fail("a physical name is not in quotes");
      if (dimension == 2) names_[tag] = rest.substr(begin + 1, end - begin - 1);
    }
  }

  void read_entities() {
    std::int64_t counts[4];
    for (std::int64_t& n : counts) n = count("entities");
    for (int dimension = 0; dimension < 4; ++dimension)
      for (std::int64_t i = 0; i < counts[dimension]; ++i) {
        const std::int64_t tag = integer("an entity's tag");
        skip_reals(dimension == 0 ? 3 : 6);
        const std::int64_t groups = count("physical tags");
        for (std::int64_t g = 0; g < groups; ++g) {
          const std::int64_t group = integer("a physical tag");
          if (dimension == 2) groups_of_surface_[tag].push_back(group);
        }
        if (dimension == 0) continue;
        const std::int64_t bounds = count("bounding entities");
        for (std::int64_t b = 0; b < bounds; ++b) integer("a bounding entity's tag");
      }
  }

  void read_nodes() {
    const std::int64_t blocks = count("blocks of nodes"), nodes = count("nodes");
    size("the smallest node tag");
    size("the largest node tag");
    mesh_.vertices.reserve(static_cast<std::size_t>(nodes));
    number_.reserve(static_cast<std::size_t>(nodes));
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t dimension = integer("an entity's dimension");
      integer("an entity's tag");
      const bool parametric = integer("0 or 1 for parametric nodes") != 0;
      const std::int64_t n = count("nodes");
      for (std::int64_t i = 0; i < n; ++i) {
        const auto number = checked_cast<std::int32_t>(mesh_.vertices.size() + static_cast<std::size_t>(i),
                                                       "number of nodes");
        const std::int64_t tag = size("a node's tag");
        if (!number_.try_emplace(tag, number).second)
          file_.fail("node " + std::to_string(tag) + " appears twice");
      }
      for (std::int64_t i = 0; i < n; ++i) {
        Point& point = mesh_.vertices.emplace_back();
        for (double& x : point) {
          x = real("a coordinate");
          file_.check_finite(x);
        }
        if (parametric) skip_reals(static_cast<int>(dimension));
      }
    }
    if (static_cast<std::int64_t>(mesh_.vertices.size()) != nodes)
      file_.fail(std::to_string(nodes) + " nodes are declared, but " + std::to_string(mesh_.vertices.size()) +
                 " are given");
  }

  void read_elements() {
    const std::int64_t blocks = count("blocks of elements");
    count("elements");
    size("the smallest element tag");
    size("the largest element tag");
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t dimension = integer("an entity's dimension"), entity = integer("an entity's tag"),
                         type = integer("an element type"), n = count("elements");
      const int nodes = nodes_of_type(type);
      if (nodes == 0) file_.fail("elements of the unknown type " + std::to_string(type));
      if (dimension == 2 && type != kTriangle)
        file_.fail("surface " + std::to_string(entity) + " has elements of type " + std::to_string(type) +
                       ", and only triangles of 3 nodes (type 2) are read",
                   "mesh with Mesh.ElementOrder = 1 and without recombination");
      const std::int32_t group = type == kTriangle ? group_of(entity) : kNoGroup;
      for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t tag = size("an element's tag");
        if (type == kTriangle)
          read_triangle(tag, group);
        else
          for (int k = 0; k < nodes; ++k) size("a node's tag");
      }
    }
  }

  void read_triangle(std::int64_t tag, std::int32_t group) {
    Corners& corners = mesh_.triangles.emplace_back();
    for (std::int32_t& corner : corners) {
      const std::int64_t node = size("a node's tag");
      const auto place = number_.find(node);
      if (place == number_.end())
        file_.fail("element " + std::to_string(tag) + " has node " + std::to_string(node) +
                   ", which does not exist");
      corner = place->second;
    }
    mesh_.group.push_back(group);
  }

  std::string name_of(std::int64_t group) const {
    const auto name = names_.find(group);
    return name != names_.end() ? name->second : "physical " + std::to_string(group);
  }

  std::int32_t group_of(std::int64_t surface) {
    if (mesh_.groups.empty())
      for (const auto& [tag, name] : names_) mesh_.groups.push_back(name);
    const auto place = groups_of_surface_.find(surface);
    if (place == groups_of_surface_.end() || place->second.empty()) return kNoGroup;
    if (place->second.size() > 1)
      file_.fail("surface " + std::to_string(surface) + " is in the physical groups '" +
                     name_of(place->second[0]) + "' and '" + name_of(place->second[1]) + "'",
                 "a triangle belongs to one conductor");
    const std::string name = name_of(place->second[0]);
    auto known = std::find(mesh_.groups.begin(), mesh_.groups.end(), name);
    if (known == mesh_.groups.end()) known = mesh_.groups.insert(known, name);
    return static_cast<std::int32_t>(known - mesh_.groups.begin());
  }

  Scanner& file_;
  bool binary_ = false, skipped_ = false;
  RawMesh mesh_;
  std::map<std::int64_t, std::string> names_;  // of physical surfaces
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> groups_of_surface_;
  std::unordered_map<std::int64_t, std::int32_t> number_;  // of nodes, by tag
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

}  // namespace

RawMesh read_gmsh(Scanner& file) {
  return GmshReader(file).read();
}

std::string write_gmsh(const Surface& surface, bool binary) {
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

}  // namespace octopole::bem
