#include "linalg/fft.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

using namespace octopole;

TEST(CubeTransform, IsTheFourierSum) {
  const int n = 5;
  std::vector<double> x(n * n * n), copy;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(1.0 + 3.7 * double(i * i % 101));
  copy = x;
  const linalg::CubeTransform transform(n);
  ASSERT_EQ(transform.frequencies(), n * n * 3);
  std::vector<std::complex<double>> spectrum(static_cast<std::size_t>(transform.frequencies()));
  transform.execute(copy.data(), spectrum.data());
  const auto place = [](Index z, Index y, Index row, Index i) {
    return static_cast<std::size_t>((z * n + y) * row + i);
  };
  for (int kz = 0; kz < n; ++kz)
    for (int ky = 0; ky < n; ++ky)
      for (int kx = 0; kx < 3; ++kx) {
        std::complex<double> sum = 0;
        for (int z = 0; z < n; ++z)
          for (int y = 0; y < n; ++y)
            for (int i = 0; i < n; ++i)
              sum += x[place(z, y, n, i)] *
                     std::polar(1.0, -2 * std::numbers::pi * (kx * i + ky * y + kz * z) / n);
        EXPECT_LT(std::abs(spectrum[place(kz, ky, 3, kx)] - sum), 1e-12);
      }
}
