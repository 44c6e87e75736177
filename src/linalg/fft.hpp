// Three-dimensional real transform by FFTW.
#pragma once

#include <complex>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::linalg {

/// Forward transform of a real n x n x n cube, x fastest, into n x n x (n / 2 + 1) complex numbers: X[k] =
/// sum_j x[j] exp(-2 pi i j.k / n). Planned with FFTW_ESTIMATE and without code for single instruction sets:
/// always the same plan, hence the same rounding on every processor. Plans are created and destroyed one at a
/// time; `execute` may run in several threads at once.
class CubeTransform {
 public:
  explicit CubeTransform(int n);
  ~CubeTransform();
  CubeTransform(const CubeTransform&) = delete;
  CubeTransform& operator=(const CubeTransform&) = delete;

  /// Transforms `in` (n^3), which may be overwritten, into `out` (frequencies()).
  void execute(double* in, std::complex<double>* out) const;

  Index frequencies() const { return Index(n_) * n_ * (n_ / 2 + 1); }

 private:
  int n_;
  void* plan_ = nullptr;
};

}  // namespace octopole::linalg
#pragma GCC visibility pop
