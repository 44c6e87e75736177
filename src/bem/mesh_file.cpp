#include "bem/mesh_file.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "bem/mesh_formats.hpp"
#include "io/atomic_file.hpp"

namespace octopole::bem {
namespace {

RawMesh read_raw(const std::string& path) {
  Scanner file(path);
  switch (mesh_format(path)) {
    case MeshFormat::gmsh:
      return read_gmsh(file);
    case MeshFormat::obj:
      return read_obj(file);
    default:
      return read_stl(file);
  }
}

std::string stem_of(const std::string& path) {
  return std::filesystem::path(path).stem().string();
}

void name_parts(Surface& surface, const std::string& name) {
  Parts parts = connected_parts(surface.vertices.size(), surface.triangles);
  for (std::int32_t p = 0; p < parts.count; ++p)
    surface.conductors.push_back(parts.count == 1 ? name : name + ":" + std::to_string(p + 1));
  surface.conductor = std::move(parts.of_triangle);
}

/// Assigns conductors by group, in the order of their first triangles.
void name_groups(Surface& surface, const RawMesh& mesh, const std::string& path) {
  std::vector<std::int32_t> number(mesh.groups.size(), -1);
  for (const std::int32_t group : mesh.group) {
    if (group == kNoGroup) {
      const auto outside = std::count(mesh.group.begin(), mesh.group.end(), kNoGroup);
      throw Error("'" + path + "': " + std::to_string(outside) + " of " + std::to_string(mesh.group.size()) +
                      " triangles are in no group",
                  "give every surface a physical group or object, or choose conductors by parts or files");
    }
    const std::string& name = mesh.groups[static_cast<std::size_t>(group)];
    std::int32_t& place = number[static_cast<std::size_t>(group)];
    if (place < 0) {
      auto known = std::find(surface.conductors.begin(), surface.conductors.end(), name);
      if (known == surface.conductors.end()) known = surface.conductors.insert(known, name);
      place = static_cast<std::int32_t>(known - surface.conductors.begin());
    }
    surface.conductor.push_back(place);
  }
  for (const std::string& name : mesh.groups)
    if (std::find(surface.conductors.begin(), surface.conductors.end(), name) == surface.conductors.end())
      surface.conductors.push_back(name);  // reported as empty later, unless it is not selected
}

Surface read_one(const std::string& path, const ReadOptions& options) {
  RawMesh mesh = read_raw(path);
  if (options.weld > 0)
    weld(mesh.vertices, mesh.triangles, options.weld * extent_of(mesh.vertices));
  else if (mesh.weld)
    weld(mesh.vertices, mesh.triangles, 0);
  else
    drop_unused_vertices(mesh.vertices, mesh.triangles);

  Surface surface;
  surface.vertices = std::move(mesh.vertices);
  surface.triangles = std::move(mesh.triangles);
  const bool named =
      std::any_of(mesh.group.begin(), mesh.group.end(), [](std::int32_t g) { return g != kNoGroup; });
  ConductorRule rule = options.conductors;
  if (rule == ConductorRule::automatic) rule = named ? ConductorRule::groups : ConductorRule::parts;
  if (rule == ConductorRule::groups) {
    if (!named)
      throw Error("'" + path + "' defines no groups of triangles", "choose conductors by parts or files");
    name_groups(surface, mesh, path);
  } else if (rule == ConductorRule::parts) {
    name_parts(surface, stem_of(path));
  } else {
    surface.conductors = {stem_of(path)};
    surface.conductor.assign(surface.triangles.size(), 0);
  }
  return surface;
}

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 20; ++i) text += (i ? ", '" : "'") + names[i] + "'";
  return names.size() > 20 ? text + " and " + std::to_string(names.size() - 20) + " more" : text;
}

/// Keeps the conductors of these names, in this order.
void select(Surface& surface, const std::vector<std::string>& names) {
  std::vector<std::int32_t> place(surface.conductors.size(), -1);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto known = std::find(surface.conductors.begin(), surface.conductors.end(), names[i]);
    if (known == surface.conductors.end())
      throw Error("there is no conductor '" + names[i] + "'", "there are " + list(surface.conductors));
    std::int32_t& number = place[static_cast<std::size_t>(known - surface.conductors.begin())];
    if (number >= 0) throw Error("conductor '" + names[i] + "' is requested twice");
    number = static_cast<std::int32_t>(i);
  }
  std::size_t kept = 0;
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    const std::int32_t number = place[static_cast<std::size_t>(surface.conductor[t])];
    if (number < 0) continue;
    surface.triangles[kept] = surface.triangles[t];
    surface.conductor[kept++] = number;
  }
  surface.triangles.resize(kept);
  surface.conductor.resize(kept);
  surface.conductors = names;
  drop_unused_vertices(surface.vertices, surface.triangles);
}

void check_filled(const Surface& surface) {
  std::vector<bool> filled(surface.conductors.size(), false);
  for (const std::int32_t c : surface.conductor) filled[static_cast<std::size_t>(c)] = true;
  std::vector<std::string> empty;
  for (std::size_t c = 0; c < filled.size(); ++c)
    if (!filled[c]) empty.push_back(surface.conductors[c]);
  if (!empty.empty())
    throw Error("no triangle is in conductor " + list(empty), "mesh it, or choose conductors without it");
}

}  // namespace

ConductorRule parse_conductor_rule(std::string_view name) {
  if (name == "auto") return ConductorRule::automatic;
  if (name == "groups") return ConductorRule::groups;
  if (name == "parts") return ConductorRule::parts;
  if (name == "files") return ConductorRule::files;
  throw Error("conductors cannot be chosen by '" + std::string(name) + "'",
              "choose auto, groups, parts or files");
}

Surface read_surface(std::span<const std::string> paths, const ReadOptions& options) {
  if (paths.empty()) throw Error("no mesh is given");
  if (!(options.weld >= 0 && options.weld < 0.1))
    throw Error("the weld distance is " + std::to_string(options.weld) + " of the extent",
                "choose a number from 0 to 0.1");
  for (const std::string& path : paths) mesh_format(path);
  Surface surface = read_one(paths[0], options);
  for (const std::string& path : paths.subspan(1)) append(surface, read_one(path, options));
  if (!options.only.empty()) select(surface, options.only);
  check_filled(surface);
  return surface;
}

Surface read_surface(const mpi::Comm& comm, std::span<const std::string> paths, const ReadOptions& options) {
  Surface surface;
  mpi::collectively(comm, [&] {
    if (comm.is_root()) surface = read_surface(paths, options);
  });
  return surface;
}

void write_surface(const std::string& path, const Surface& surface, MeshEncoding encoding) {
  const bool binary = encoding == MeshEncoding::binary;
  switch (mesh_format(path)) {
    case MeshFormat::gmsh:
      return write_text_file(path, write_gmsh(surface, binary));
    case MeshFormat::obj:
      return write_text_file(path, write_obj(surface));
    case MeshFormat::stl:
      return write_text_file(path, write_stl(surface, binary));
  }
}

}  // namespace octopole::bem
