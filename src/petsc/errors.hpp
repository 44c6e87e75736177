// Conversion between PETSc's error codes and octopole's exceptions: neither passes through the other's stack
// frames.
#pragma once

#include <petscsys.h>

#include <exception>
#include <new>

#include "octopole/petsc.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// Raises a PETSc error (PETSC_ERR_LIB, or PETSC_ERR_MEM) with the message, as SETERRQ does, and returns its
/// code.
PetscErrorCode raise(MPI_Comm comm, const char* function, const std::exception& error);

/// Runs `work` for PETSc: what it throws becomes a PETSc error on `comm`.
template <class Work>
PetscErrorCode guarded(MPI_Comm comm, const char* function, const Work& work) noexcept {
  try {
    work();
    return static_cast<PetscErrorCode>(0);
  } catch (const std::exception& error) {
    return raise(comm, function, error);
  }
}

}  // namespace octopole::petsc
#pragma GCC visibility pop
