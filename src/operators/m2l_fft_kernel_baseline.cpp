// The kernels of the M2L by FFT for the baseline instruction set.
#include "simd/vec.hpp"

namespace octopole {
namespace isa = simd::baseline;
}
#include "operators/m2l_fft_kernel_impl.hpp"

namespace octopole {

template <class Real>
M2lFftKernels<Real> m2l_fft_kernels_baseline() {
  return kKernels<Real>;
}
template M2lFftKernels<double> m2l_fft_kernels_baseline();
template M2lFftKernels<float> m2l_fft_kernels_baseline();

}  // namespace octopole
