// Memory of many threads: blocks straight from the system, and the return of what malloc keeps.
#pragma once

#include <cstddef>

namespace octopole {

/// Returns to the system what malloc keeps of freed memory. It keeps what a thread frees for that thread (an
/// arena each), so that temporaries of many threads add up. Does nothing without the GNU C library.
void return_freed_memory() noexcept;

/// A block of whole pages, owned, that goes back to the system at once.
class Pages {
 public:
  Pages() = default;
  /// Throws std::bad_alloc. The bytes are zero.
  explicit Pages(std::size_t bytes);
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;
  ~Pages();

  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace octopole
