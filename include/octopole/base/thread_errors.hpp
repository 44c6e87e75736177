// Exceptions out of parallel regions, which OpenMP forbids to cross.
#pragma once

#include <exception>
#include <mutex>
#include <utility>

namespace octopole {

/// Keeps the first exception of the threads of a parallel region for the thread that began it:
///
///     ThreadErrors errors;
///     #pragma omp parallel
///     errors.keep([&] { ... });
///     errors.rethrow();
///
/// Within a work-sharing loop the body of the loop is what keep() runs, so that all threads reach its end.
class ThreadErrors {
 public:
  template <class Work>
  void keep(Work&& work) noexcept {
    try {
      std::forward<Work>(work)();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!first_) first_ = std::current_exception();
    }
  }
  /// Behind the region: throws what was kept, if anything.
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr first_;
};

}  // namespace octopole
