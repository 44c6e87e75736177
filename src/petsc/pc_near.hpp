// The preconditioner "octopole_near": restricted additive Schwarz with dense blocks of near unknowns.
#pragma once

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// PETSc's name of the type.
inline constexpr char kNearType[] = "octopole_near";

/// Registers -pc_type octopole_near (PCRegister); called by initialize(). Options, read by PCSetFromOptions:
///   -pc_octopole_near_overlap 0|1   blocks with neighbours: restricted additive Schwarz; 0: block Jacobi
///   -pc_octopole_near_block n       maximum number of own unknowns of a block
///   -pc_octopole_near_halo n        maximum number of unknowns that overlap adds to a block
/// It works for Mats of make_shell whose operator has NearEntries, and for any other with set_near_entries;
/// entries are scaled as the Mat is, and the diagonal is that of MatGetDiagonal. Also has a transpose
/// (PCApplyTranspose).
void register_near();

}  // namespace octopole::petsc
#pragma GCC visibility pop
