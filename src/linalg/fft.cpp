#include "linalg/fft.hpp"

#include <fftw3.h>

#include <mutex>

#include "base/aligned.hpp"

namespace octopole::linalg {
namespace {

// FFTW's planner is not thread-safe.
std::mutex& planner() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

CubeTransform::CubeTransform(int n) : n_(n) {
  AlignedVector<double> in(static_cast<std::size_t>(Index(n) * n * n));
  AlignedVector<std::complex<double>> out(static_cast<std::size_t>(frequencies()));
  const std::lock_guard lock(planner());
  // Without FFTW's code for single instruction sets: equal bits on all processors.
  plan_ = fftw_plan_dft_r2c_3d(n, n, n, in.data(), reinterpret_cast<fftw_complex*>(out.data()),
                               FFTW_ESTIMATE | FFTW_UNALIGNED | FFTW_NO_SIMD);
  if (plan_ == nullptr)
    throw Error("FFTW has no plan for a cube of " + std::to_string(n) + " points per edge");
}

CubeTransform::~CubeTransform() {
  const std::lock_guard lock(planner());
  fftw_destroy_plan(static_cast<fftw_plan>(plan_));
}

void CubeTransform::execute(double* in, std::complex<double>* out) const {
  fftw_execute_dft_r2c(static_cast<fftw_plan>(plan_), in, reinterpret_cast<fftw_complex*>(out));
}

}  // namespace octopole::linalg
