// Large pages for large work arrays.
#pragma once

#include <cstdint>

#include "octopole/base/aligned.hpp"
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace octopole {

/// Replaces `values` by an unset array of `size` numbers, where it is smaller, in memory for which the system
/// is asked for large pages: an array that lives for one call is else paid for by its page faults. Only a
/// hint.
template <class Real>
void reserve_work(AlignedVector<Real>& values, std::size_t size) {
  if (values.size() >= size) return;
  AlignedVector<Real>().swap(values);
  values.reserve(size);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t kPage = std::uintptr_t{1} << 21;
  const auto begin = reinterpret_cast<std::uintptr_t>(values.data()), end = begin + size * sizeof(Real);
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage, last = end / kPage * kPage;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
  values.resize(size);
}

}  // namespace octopole
