// Matrices of small clouds with uneven layouts, and vectors distributed like them.
#pragma once

#include <gtest/gtest.h>
#include <petscksp.h>

#include <string>
#include <vector>

#include "octopole/petsc.hpp"
#include "tests/support/problem.hpp"

namespace octopole::test {

/// This rank's part of `values`: all on the last rank if `lopsided`, else equal blocks with none on rank 1.
inline std::vector<double> uneven(const std::vector<double>& values, std::size_t width, const Part& part,
                                  bool lopsided = false) {
  if (part.ranks == 1) return values;
  if (lopsided) return part.rank == part.ranks - 1 ? values : std::vector<double>();
  if (part.rank == 1) return {};
  return block_of(values, width, part.rank == 0 ? 0 : part.rank - 1, part.ranks - 1);
}

/// A PETSc vector created by a Mat, with these values; destroyed with the object.
class Vector {
 public:
  /// Distributed like the columns (right = true) or rows of the matrix.
  Vector(Mat matrix, bool right, const std::vector<double>& values = {}) {
    EXPECT_EQ(0, right ? MatCreateVecs(matrix, &vec, nullptr) : MatCreateVecs(matrix, nullptr, &vec));
    if (!values.empty()) set(values);
  }
  ~Vector() { (void)VecDestroy(&vec); }
  Vector(const Vector&) = delete;
  Vector& operator=(const Vector&) = delete;
  void set(const std::vector<double>& values) {  // NOLINT(readability-make-member-function-const)
    PetscInt size = 0;
    PetscScalar* to = nullptr;
    EXPECT_EQ(0, VecGetLocalSize(vec, &size));
    EXPECT_EQ(static_cast<PetscInt>(values.size()), size);
    EXPECT_EQ(0, VecGetArray(vec, &to));
    std::copy(values.begin(), values.end(), to);
    EXPECT_EQ(0, VecRestoreArray(vec, &to));
  }
  std::vector<double> values() const {
    PetscInt size = 0;
    const PetscScalar* from = nullptr;
    EXPECT_EQ(0, VecGetLocalSize(vec, &size));
    EXPECT_EQ(0, VecGetArrayRead(vec, &from));
    std::vector<double> copy(from, from + size);
    EXPECT_EQ(0, VecRestoreArrayRead(vec, &from));
    return copy;
  }
  Vec vec = nullptr;
};

/// Owns a Mat and destroys it.
struct MatOwner {
  explicit MatOwner(Mat m) : mat(m) {}
  ~MatOwner() { (void)MatDestroy(&mat); }
  MatOwner(const MatOwner&) = delete;
  MatOwner& operator=(const MatOwner&) = delete;
  Mat mat;
};

/// Rows of the dense kernel matrix times a vector.
inline std::vector<double> dense_product(const std::vector<double>& targets,
                                         const std::vector<double>& sources, const std::vector<double>& x) {
  std::vector<double> y(targets.size() / 3);
  direct_sum(Laplace{}, targets, sources, x, y);
  return y;
}

}  // namespace octopole::test
