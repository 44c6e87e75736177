// PETSc's C interface in C++: errors, composed objects, arrays of vectors, queries of the options database.
#pragma once

#include <petscsys.h>
#include <petscvec.h>

#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "mpi/agreement.hpp"
#include "octopole/petsc.hpp"

// PETSc's macros around queries of its options database, which handle errors themselves since 3.18.
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

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// What check() throws. PETSc's collective calls return their errors on all ranks, except where memory or MPI
/// failed.
class CallError : public Error {
 public:
  CallError(PetscErrorCode code, const std::string& what) : Error(what), code_(code) {}
  /// Whether the same call fails on all ranks.
  bool on_all_ranks() const;

 private:
  PetscErrorCode code_;
};

/// mpi::or_end_all for work that calls PETSc: an error that PETSc returns on all ranks passes to the caller,
/// as an AgreedError. So does one that guarded() has made of an AgreedError.
template <class Work>
decltype(auto) run_together(const mpi::Comm& comm, std::string_view operation, Work&& work) {
  return mpi::or_end_all(comm, operation, [&]() -> decltype(auto) {
    try {
      return std::forward<Work>(work)();
    } catch (const CallError& error) {
      if (!error.on_all_ranks()) throw;
      throw AgreedError(error.what());
    }
  });
}

/// Raises a PETSc error (PETSC_ERR_LIB, or PETSC_ERR_MEM) with the message, as SETERRQ does, and returns its
/// code.
PetscErrorCode raise(MPI_Comm comm, const char* function, const std::exception& error);

/// Runs `work` for PETSc: what it throws becomes a PETSc error on `comm`. For work that other ranks wait for
/// see the overload below.
template <class Work>
PetscErrorCode guarded(MPI_Comm comm, const char* function, const Work& work) noexcept {
  try {
    work();
    return static_cast<PetscErrorCode>(0);
  } catch (const std::exception& error) {
    return raise(comm, function, error);
  }
}

/// Runs collective work for PETSc: what all ranks throw becomes a PETSc error on all of them; any other
/// failure ends all ranks, since those that go on would wait for this one.
template <class Work>
PetscErrorCode guarded(MPI_Comm comm, const mpi::Comm& ranks, const char* function,
                       const Work& work) noexcept {
  return guarded(comm, function, [&] { run_together(ranks, function, work); });
}

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

class ReadArray {
 public:
  explicit ReadArray(Vec vector) : vector_(vector) {
    check(VecGetLocalSize(vector, &size_), "VecGetLocalSize");
    check(VecGetArrayRead(vector, &data_), "VecGetArrayRead");
  }
  ~ReadArray() { (void)VecRestoreArrayRead(vector_, &data_); }
  ReadArray(const ReadArray&) = delete;
  ReadArray& operator=(const ReadArray&) = delete;
  std::span<const double> values() const { return {data_, static_cast<std::size_t>(size_)}; }

 private:
  Vec vector_;
  PetscInt size_ = 0;
  const PetscScalar* data_ = nullptr;
};

/// All entries must be written; their old values are not read.
class WriteArray {
 public:
  explicit WriteArray(Vec vector) : vector_(vector) {
    check(VecGetLocalSize(vector, &size_), "VecGetLocalSize");
    check(VecGetArrayWrite(vector, &data_), "VecGetArrayWrite");
  }
  ~WriteArray() { (void)VecRestoreArrayWrite(vector_, &data_); }
  WriteArray(const WriteArray&) = delete;
  WriteArray& operator=(const WriteArray&) = delete;
  std::span<double> values() { return {data_, static_cast<std::size_t>(size_)}; }

 private:
  Vec vector_;
  PetscInt size_ = 0;
  PetscScalar* data_ = nullptr;
};

}  // namespace octopole::petsc
#pragma GCC visibility pop
