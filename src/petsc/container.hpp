// C++ objects composed with PETSc's objects.
#pragma once

#include <petscsys.h>

#include <memory>

#include "petsc/errors.hpp"

namespace octopole::petsc {

template <class T>
PetscErrorCode destroy_contained(void* pointer) {
  delete static_cast<std::shared_ptr<T>*>(pointer);
  return static_cast<PetscErrorCode>(0);
}

/// Composes a shared pointer to the object with `owner` under the name. Collective.
template <class T, class Owner>
void contain(Owner owner, const char* name, std::shared_ptr<T> object) {
  const auto base = reinterpret_cast<PetscObject>(owner);
  PetscContainer container = nullptr;
  check(PetscContainerCreate(PetscObjectComm(base), &container), "PetscContainerCreate");
  check(PetscContainerSetPointer(container, new std::shared_ptr<T>(std::move(object))),
        "PetscContainerSetPointer");
  check(PetscContainerSetUserDestroy(container, destroy_contained<T>), "PetscContainerSetUserDestroy");
  check(PetscObjectCompose(base, name, reinterpret_cast<PetscObject>(container)), "PetscObjectCompose");
  check(PetscContainerDestroy(&container), "PetscContainerDestroy");  // the owner holds it
}

/// The shared pointer of that name, or null.
template <class T, class Owner>
std::shared_ptr<T>* share_of(Owner owner, const char* name) {
  PetscObject found = nullptr;
  check(PetscObjectQuery(reinterpret_cast<PetscObject>(owner), name, &found), "PetscObjectQuery");
  void* pointer = nullptr;
  if (found)
    check(PetscContainerGetPointer(reinterpret_cast<PetscContainer>(found), &pointer),
          "PetscContainerGetPointer");
  return static_cast<std::shared_ptr<T>*>(pointer);
}
template <class T, class Owner>
T* contained(Owner owner, const char* name) {
  const std::shared_ptr<T>* share = share_of<T>(owner, name);
  return share ? share->get() : nullptr;
}

}  // namespace octopole::petsc
