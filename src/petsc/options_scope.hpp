// PETSc's macros around queries of its options database, which handle errors themselves since 3.18.
#pragma once

#include <petscsys.h>

#define OCTOPOLE_PETSC_CALL(call)                 \
  do {                                            \
    const PetscErrorCode octopole_code = (call);  \
    if (octopole_code != 0) return octopole_code; \
  } while (0)

#if PETSC_VERSION_LT(3, 18, 0)
#define OCTOPOLE_PETSC_OPTIONS_BEGIN(comm, prefix, title, manual)          \
  PetscErrorCode octopole_options_error;                                   \
  octopole_options_error = PetscOptionsBegin(comm, prefix, title, manual); \
  CHKERRQ(octopole_options_error)
#define OCTOPOLE_PETSC_OPTIONS_END()          \
  octopole_options_error = PetscOptionsEnd(); \
  CHKERRQ(octopole_options_error)
#else
#define OCTOPOLE_PETSC_OPTIONS_BEGIN(comm, prefix, title, manual) \
  PetscOptionsBegin(comm, prefix, title, manual)
#define OCTOPOLE_PETSC_OPTIONS_END() PetscOptionsEnd()
#endif
