#include "octopole/base/aligned.hpp"

#if defined(__linux__)
#include <sys/mman.h>

#include <cstdint>
#endif

namespace octopole {

void* allocate_pages(std::size_t bytes) {
  void* const begin = ::operator new (bytes, std::align_val_t{kAlignment});
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::uintptr_t first = (address + kLargePage - 1) / kLargePage * kLargePage,
                       last = (address + bytes) / kLargePage * kLargePage;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
  return begin;
}

void free_pages(void* begin, std::size_t) noexcept {
  ::operator delete (begin, std::align_val_t{kAlignment});
}

}  // namespace octopole
