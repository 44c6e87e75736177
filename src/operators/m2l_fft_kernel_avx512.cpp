// The kernels of the M2L by FFT for AVX-512.
#include "operators/m2l_fft_kernel.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_HAS_AVX512
namespace octopole {
namespace isa = simd::avx512;
}
#include "operators/m2l_fft_kernel_impl.hpp"
#endif

namespace octopole {

template <class Real>
M2lFftKernels<Real> m2l_fft_kernels_avx512() {
#ifdef OCTOPOLE_HAS_AVX512
  return kKernels<Real>;
#else
  return {};
#endif
}
template M2lFftKernels<double> m2l_fft_kernels_avx512();
template M2lFftKernels<float> m2l_fft_kernels_avx512();

}  // namespace octopole
