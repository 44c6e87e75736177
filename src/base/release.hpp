// Returning memory.
#pragma once

#include <vector>

#pragma GCC visibility push(default)
namespace octopole {

/// Empties a vector and frees its memory, which clear() and `values = {}` keep.
template <class T, class Allocator>
void release(std::vector<T, Allocator>& values) {
  std::vector<T, Allocator>().swap(values);
}

}  // namespace octopole
#pragma GCC visibility pop
