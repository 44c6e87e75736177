// The matrix of an FMM as PETSc's: A_ij = K(target i, source j), applied in O(n).
#pragma once

#include <petscmat.h>

#include <memory>
#include <optional>
#include <vector>

#include "octopole/fmm.hpp"
#include "octopole/petsc/options.hpp"
#include "octopole/petsc/shell.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// A Mat of type shell (see make_shell) from an Fmm whose points are set: row i is target i, column j source
/// j, in the caller's layout; any numbers on each rank. The Mat shares the Fmm, which lives at least as long;
/// the caller may go on evaluating it, and must not set other points. Accuracy is the Fmm's. Coincident
/// points contribute nothing, so that the diagonal is zero where the targets are the sources.
/// MatMultTranspose uses the same Fmm there, else a second one that its first call makes. `comm` as in
/// make_shell. Collective; Error on all ranks.
Mat make_mat(MPI_Comm comm, std::shared_ptr<Fmm> fmm);
/// The same of an Fmm that the Mat takes.
Mat make_mat(MPI_Comm comm, Fmm&& fmm);

/// A Mat from points: the Fmm is made when it is first needed, so that its digits can follow from a solver's
/// tolerance (solver.hpp), and set-up is logged. Options that settings leave open are read from PETSc's
/// database (read_options). `sources` and `targets` are (n, 3) interleaved; no targets: they are the sources.
Mat make_mat(MPI_Comm comm, const Settings& settings, std::vector<double> sources,
             std::optional<std::vector<double>> targets = std::nullopt);

}  // namespace octopole::petsc
#pragma GCC visibility pop
