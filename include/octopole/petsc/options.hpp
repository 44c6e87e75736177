// octopole's options in PETSc's database.
#pragma once

#include <petscsys.h>

#include <string>

#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// What a Mat is made with.
struct Settings {
  Options fmm;
  std::string prefix = {};  // of PETSc's options: -<prefix>octopole_digits
};

/// `defaults` with what the database has of -<prefix>octopole_...; with -help prints what there is. Options
/// that are not octopole's are left for -options_left to report. Throws Error for values that are not what
/// the option wants; what does not fit together is refused where the Fmm is made. Collective.
Settings read_options(MPI_Comm comm, const Settings& defaults);

}  // namespace octopole::petsc
#pragma GCC visibility pop
