#include "operators/kernel_matrix.hpp"

#include <gtest/gtest.h>

#include "linalg/product.hpp"
#include "octopole/kernels.hpp"
#include "operators/surface.hpp"

namespace octopole {
namespace {

// The singular values of the whole matrix without symmetries, and factors that reproduce it.
TEST(MirroredSvd, IsTheSvdOfTheMatrix) {
  for (const auto& [row_order, column_order] : {std::pair{2, 2}, {3, 2}, {3, 3}, {5, 4}, {6, 6}, {9, 7}}) {
    const auto check = make_surface<double>(row_order, 2.95),
               equivalent = make_surface<double>(column_order, 1.05);
    const auto matrix = kernel_matrix(Laplace{}, check, {}, equivalent, {});
    const linalg::Svd whole = linalg::thin_svd(check.size(), equivalent.size(), matrix.data()),
                      svd = mirrored_svd(row_order, column_order, matrix);
    ASSERT_EQ(svd.rows, check.size());
    ASSERT_EQ(svd.columns, equivalent.size());
    ASSERT_EQ(svd.size(), whole.size());
    for (std::size_t k = 0; k < svd.s.size(); ++k) EXPECT_NEAR(svd.s[k], whole.s[k], 1e-13 * whole.s[0]);
    AlignedVector<double> scaled = svd.u;
    for (Index k = 0; k < svd.size(); ++k)
      for (Index i = 0; i < svd.rows; ++i)
        scaled[static_cast<std::size_t>(k * svd.rows + i)] *= svd.s[static_cast<std::size_t>(k)];
    AlignedVector<double> rebuilt(matrix.size());
    linalg::multiply(svd.rows, svd.columns, svd.size(), scaled.data(), svd.vt.data(), rebuilt.data());
    for (std::size_t i = 0; i < matrix.size(); ++i) ASSERT_NEAR(rebuilt[i], matrix[i], 1e-13 * whole.s[0]);
    // Columns are orthonormal to the same extent as those, also those of small singular values.
    AlignedVector<double> gram(static_cast<std::size_t>(svd.size() * svd.size()));
    AlignedVector<double> ut(svd.u.size());
    for (Index k = 0; k < svd.size(); ++k)
      for (Index i = 0; i < svd.rows; ++i)
        ut[static_cast<std::size_t>(i * svd.size() + k)] = svd.u[static_cast<std::size_t>(k * svd.rows + i)];
    linalg::multiply(svd.size(), svd.size(), svd.rows, ut.data(), svd.u.data(), gram.data());
    for (Index i = 0; i < svd.size(); ++i)
      for (Index j = 0; j < svd.size(); ++j)
        ASSERT_NEAR(gram[static_cast<std::size_t>(i * svd.size() + j)], i == j ? 1 : 0, 1e-12);
  }
}

}  // namespace
}  // namespace octopole
