// The preconditioner "octopole_near": restricted additive Schwarz with dense blocks of near unknowns.
#pragma once

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// PETSc's name of it.
inline constexpr char kNearType[] = "octopole_near";

/// Makes -pc_type octopole_near known (PCRegister); initialize() does it. Options, read by PCSetFromOptions:
///   -pc_octopole_near_overlap 0|1   blocks with neighbours: restricted additive Schwarz; 0: block Jacobi
///   -pc_octopole_near_block n       most unknowns of a block's own
///   -pc_octopole_near_halo n        most unknowns that overlap adds to a block
/// It works for Mats of make_shell whose operator has NearEntries, and for any other with set_near_entries;
/// entries are scaled as the Mat is, and the diagonal is MatGetDiagonal's. Applied with its transpose.
void register_near();

}  // namespace octopole::petsc
#pragma GCC visibility pop
