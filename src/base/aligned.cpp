#include "octopole/base/aligned.hpp"

#if defined(__linux__)
#include <sys/mman.h>

#include <cstdint>
#endif

namespace octopole {

#if defined(__linux__) && defined(MADV_HUGEPAGE)

namespace {

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + kLargePage - 1) / kLargePage * kLargePage;
}

}  // namespace

void* allocate_pages(std::size_t bytes) {
  const std::size_t size = whole_pages(bytes);
  if (size < bytes || size + kLargePage < size) throw std::bad_alloc();
  // A page more than wanted, to begin on a boundary; what is left over on both sides goes back.
  void* const got =
      mmap(nullptr, size + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (got == MAP_FAILED) throw std::bad_alloc();
  const auto from = reinterpret_cast<std::uintptr_t>(got);
  const std::uintptr_t begin = whole_pages(from);
  if (begin > from) munmap(got, begin - from);
  munmap(reinterpret_cast<void*>(begin + size), from + kLargePage - begin);
  void* const pages = reinterpret_cast<void*>(begin);
  madvise(pages, bytes / kLargePage * kLargePage, MADV_HUGEPAGE);  // a hint
  return pages;
}

void free_pages(void* begin, std::size_t bytes) noexcept {
  munmap(begin, whole_pages(bytes));
}

#else

void* allocate_pages(std::size_t bytes) {
  return ::operator new (bytes, std::align_val_t{kLargePage});
}

void free_pages(void* begin, std::size_t) noexcept {
  ::operator delete (begin, std::align_val_t{kLargePage});
}

#endif

}  // namespace octopole
