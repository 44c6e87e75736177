// Between PETSc's error codes and octopole's exceptions: neither crosses into the other's frames.
#pragma once

#include <petscsys.h>

#include <exception>
#include <new>

#include "octopole/error.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// Throws Error with PETSc's own text unless `code` is 0.
void check(PetscErrorCode code, const char* call);

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

/// While it lives, PETSc's errors are returned without being printed: check() throws them.
class QuietErrors {
 public:
  QuietErrors() { check(PetscPushErrorHandler(PetscReturnErrorHandler, nullptr), "PetscPushErrorHandler"); }
  ~QuietErrors() { (void)PetscPopErrorHandler(); }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
};

}  // namespace octopole::petsc
#pragma GCC visibility pop
