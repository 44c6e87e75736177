// Charge densities on the mesh in files that ParaView opens.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bem/panels.hpp"
#include "io/points_file.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// A number a panel of this rank, under a name that viewers show.
struct PanelField {
  std::string name;
  std::span<const double> values;  // (n)
};

/// Writes `path`, an HDF5 file (name ending in .h5), and beside it a description of the same name that ends
/// in .xdmf, the file to open in ParaView or VisIt. Both are complete or not there at all. In the order of
/// the surface:
///   /mesh/vertices (vertices, 3) float64, /mesh/triangles (n, 3) int64, places in the former,
///   /mesh/conductor (n) int64, from 0 in the order of Panels::conductors, /fields/0, /fields/1, .. (n)
///   float64.
/// Files do not depend on the number of ranks. Collective; the same Error on all ranks. Every rank passes the
/// same names in the same order; attributes count on rank 0.
void write_charge_file(const mpi::Comm& comm, const std::string& path, const Panels& panels,
                       std::span<const PanelField> fields, std::span<const Attribute> attributes = {});

/// The name of the description: `path` with .xdmf for .h5. Throws Error where `path` does not end in .h5.
std::string xdmf_path(const std::string& path);

}  // namespace octopole::bem
#pragma GCC visibility pop
