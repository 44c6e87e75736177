#include "base/aligned.hpp"

#if defined(__linux__)
#include <sys/mman.h>

#include <cstdint>
#endif

namespace octopole {

void request_large_pages([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::uintptr_t first = (address + kLargePage - 1) / kLargePage * kLargePage,
                       last = (address + bytes) / kLargePage * kLargePage;
  if (first < last) madvise(static_cast<char*>(begin) + (first - address), last - first, MADV_HUGEPAGE);
#endif
}

}  // namespace octopole
