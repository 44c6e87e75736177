// octopole generate mesh: test surfaces for `octopole capacitance` in a file.
#include <fmt/core.h>

#include <algorithm>

#include "app/program.hpp"
#include "bem/generate_mesh.hpp"
#include "bem/mesh_file.hpp"

namespace octopole::app {
namespace {

class GenerateMesh : public Command {
 public:
  explicit GenerateMesh(CLI::App& generate)
      : parser_(generate.add_subcommand("mesh",
                                        "Write the triangle mesh of a test geometry (.msh, .obj, .stl)")) {
    parser_->add_option("geometry", geometry_, "sphere, cube, two-spheres, plates or bus")
        ->required()
        ->check(CLI::IsMember({"sphere", "cube", "two-spheres", "plates", "bus"}));
    add("-n,--refine", shape_.refine,
        "Parts of an edge of the icosahedron (20 n^2 triangles per sphere), cells of an edge of cube and "
        "plates, "
        "cells across a bar",
        {"sphere", "two-spheres", "cube", "plates", "bus"});
    add("--radius", shape_.radius, "Radius of the (first) sphere", {"sphere", "two-spheres"});
    add("--radius2", shape_.radius2, "Radius of the second sphere", {"two-spheres"});
    add("--gap", shape_.gap, "Gap between two spheres, plates, or the bus's layers",
        {"two-spheres", "plates", "bus"});
    add("--side", shape_.side, "Side of cube or plates, width of a bar", {"cube", "plates", "bus"});
    add("--thickness", shape_.thickness, "Thickness of the plates; 0: open sheets", {"plates"});
    add("--grading", shape_.grading, "1: uniform cells; 2, 3: narrower towards edges",
        {"cube", "plates", "bus"});
    add("--bars", shape_.bars, "Number of bars of each layer of the bus", {"bus"});
    parser_->add_option("-o,--output", output_, "File to write: .msh (Gmsh 4.1), .obj or .stl")->required();
    parser_->add_flag("--ascii", ascii_, "Write .msh and .stl as text");
    parser_->add_flag("-q,--quiet", quiet_, "Print nothing");
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    for (const auto& [option, geometries] : options_)
      if (option->count() > 0 &&
          std::find(geometries.begin(), geometries.end(), geometry_) == geometries.end())
        throw UsageError(fmt::format("{} does not apply to the geometry {}", option->get_name(), geometry_));
    bem::Surface surface;
    mpi::collectively(comm, [&] {
      if (!comm.is_root()) return;
      surface = bem::make_mesh(geometry_, shape_);
      bem::write_surface(output_, surface, ascii_ ? bem::MeshEncoding::ascii : bem::MeshEncoding::binary);
    });
    if (comm.is_root() && !quiet_)
      fmt::print("{}: {} triangles, {} {} in {}\n", geometry_, surface.size(), surface.conductors.size(),
                 surface.conductors.size() == 1 ? "conductor" : "conductors", output_);
    return kSuccess;
  }

 private:
  template <class T>
  void add(const char* name, T& value, const char* text, std::vector<std::string> geometries) {
    options_.emplace_back(parser_->add_option(name, value, text)->capture_default_str(),
                          std::move(geometries));
  }

  CLI::App* parser_;
  std::string geometry_, output_;
  bem::MeshShape shape_;
  std::vector<std::pair<CLI::Option*, std::vector<std::string>>> options_;
  bool ascii_ = false, quiet_ = false;
};

}  // namespace

std::unique_ptr<Command> make_generate_mesh(CLI::App& generate) {
  return std::make_unique<GenerateMesh>(generate);
}

}  // namespace octopole::app
