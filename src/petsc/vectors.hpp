// Access to the arrays of PETSc's vectors during an object's lifetime.
#pragma once

#include <petscvec.h>

#include <span>

#include "petsc/errors.hpp"

namespace octopole::petsc {

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
