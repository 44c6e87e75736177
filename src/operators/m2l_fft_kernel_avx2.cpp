// The kernels of the M2L by FFT for AVX2.
#include "operators/m2l_fft_kernel.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_HAS_AVX2
namespace octopole {
namespace isa = simd::avx2;
}
#include "operators/m2l_fft_kernel_impl.hpp"
#endif

namespace octopole {

template <class Real>
M2lFftKernels<Real> m2l_fft_kernels_avx2() {
#ifdef OCTOPOLE_HAS_AVX2
  return kKernels<Real>;
#else
  return {};
#endif
}
template M2lFftKernels<double> m2l_fft_kernels_avx2();
template M2lFftKernels<float> m2l_fft_kernels_avx2();

}  // namespace octopole
