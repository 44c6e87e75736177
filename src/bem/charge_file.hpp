// Writes charge densities on the mesh to files that ParaView opens.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bem/panels.hpp"
#include "io/points_file.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// One number per panel of this rank, under a name that viewers show.
struct PanelField {
  std::string name;
  std::span<const double> values;  // (n)
};

/// Writes the HDF5 file `path` (name ending in .h5) and, beside it, its description under the same name
/// ending in .xdmf, the file to open in ParaView or VisIt. Both are written completely or not at all.
/// Contents, in the order of the surface:
///   /mesh/vertices (vertices, 3) float64
///   /mesh/triangles (n, 3) int64: indices of vertices
///   /mesh/conductor (n) int64: from 0, in the order of Panels::conductors
///   /fields/0, /fields/1, .. (n) float64
/// The files do not depend on the number of ranks. Collective; throws the same Error on all ranks. All ranks
/// pass the same names in the same order; attributes are those of rank 0.
void write_charge_file(const mpi::Comm& comm, const std::string& path, const Panels& panels,
                       std::span<const PanelField> fields, std::span<const Attribute> attributes = {});

/// Name of the description: `path` with .xdmf for .h5. Throws Error unless `path` ends in .h5.
std::string xdmf_path(const std::string& path);

}  // namespace octopole::bem
#pragma GCC visibility pop
