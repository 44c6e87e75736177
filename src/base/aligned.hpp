// Cache-line aligned storage whose growth leaves the new elements uninitialised, so that the thread that
// first writes a page determines where it is placed (first touch); and the release of storage.
#pragma once

#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
namespace octopole {

inline constexpr std::size_t kAlignment = 64;
/// Arrays of at least kLargeBytes request large pages if the system has them: otherwise each page fault costs
/// as much as writing the page, and the arrays of a set-up are short-lived.
inline constexpr std::size_t kLargePage = std::size_t{1} << 21, kLargeBytes = 2 * kLargePage;

/// Requests large pages for the whole pages within [begin, begin + bytes): a hint. Does nothing if the system
/// has no such request.
void request_large_pages(void* begin, std::size_t bytes) noexcept;

/// Allocator with 64-byte alignment; `resize(n)` default-initialises (leaves arithmetic types unset).
template <class T>
struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) noexcept {}
  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    void* const p = ::operator new (bytes, std::align_val_t{kAlignment});
    if (bytes >= kLargeBytes) request_large_pages(p, bytes);
    return static_cast<T*>(p);
  }
  void deallocate(T* p, std::size_t) noexcept { ::operator delete (p, std::align_val_t{kAlignment}); }
  template <class U, class... Args>
  void construct(U* p, Args&&... args) {
    if constexpr (sizeof...(Args) == 0)
      ::new (static_cast<void*>(p)) U;
    else
      ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...);
  }
  template <class U>
  bool operator==(const AlignedAllocator<U>&) const noexcept {
    return true;
  }
};

/// A vector aligned to cache lines. `v.resize(n)` does not zero; `v.assign(n, value)` does.
template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

/// Returns n zeros, in large pages if the system has them.
inline std::vector<double> zeros_in_large_pages(std::size_t n) {
  std::vector<double> values;
  values.reserve(n);
  if (n * sizeof(double) >= kLargeBytes) request_large_pages(values.data(), n * sizeof(double));
  values.resize(n);
  return values;
}

/// Empties a vector and frees its memory, which clear() and `values = {}` keep.
template <class T, class Allocator>
void release(std::vector<T, Allocator>& values) {
  std::vector<T, Allocator>().swap(values);
}

}  // namespace octopole
#pragma GCC visibility pop
