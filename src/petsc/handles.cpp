#include "petsc/handles.hpp"

#include <string>

namespace octopole::petsc {

void check(PetscErrorCode code, const char* call) {
  if (code == 0) return;
  const char* text = nullptr;
  char* specific = nullptr;
  (void)PetscErrorMessage(code, &text, &specific);
  std::string message = "PETSc's " + std::string(call) + " failed";
  if (text && *text) message += std::string(": ") + text;
  if (specific && *specific) message += std::string(": ") + specific;
  throw CallError(code, message);
}

bool CallError::on_all_ranks() const {
  return code_ != PETSC_ERR_MEM && code_ != PETSC_ERR_MPI;
}

PetscErrorCode raise(MPI_Comm comm, const char* function, const std::exception& error) {
  const bool memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  const auto code = static_cast<PetscErrorCode>(memory ? PETSC_ERR_MEM : PETSC_ERR_LIB);
  const PetscErrorCode raised =
      PetscError(comm, __LINE__, function, __FILE__, code, PETSC_ERROR_INITIAL, "octopole: %s", error.what());
  return raised != 0 ? raised : code;  // an error handler may have ignored it
}

}  // namespace octopole::petsc
