// Threaded loops that pass exceptions on: OpenMP ends the process if one leaves a parallel region.
#pragma once

#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Keeps the first exception of the threads of a parallel region for the thread that started it:
///
///     ThreadErrors errors;
///     #pragma omp parallel
///     errors.keep([&] { ... });
///     errors.rethrow();
///
/// Within a work-sharing loop, keep() runs the body of the loop, so that all threads reach its end.
class ThreadErrors {
 public:
  template <class Work>
  void keep(Work&& work) noexcept {
    try {
      std::forward<Work>(work)();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!first_) first_ = std::current_exception();
      any_ = true;
    }
  }
  /// Whether any thread has failed so far; after a barrier the same on all threads.
  bool any() const noexcept { return any_; }
  /// After the region: throws what was kept, if anything.
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr first_;
  std::atomic<bool> any_ = false;
};

/// Calls work(state, i) for 0 <= i < count, in any order, with threads taking `chunk` indices at a time;
/// make() creates the state of each thread. After all threads have ended, throws the first exception of any;
/// the other indices may or may not have been processed.
template <class Make, class Work>
void parallel_for(Index count, [[maybe_unused]] Index chunk, const Make& make, const Work& work) {
  ThreadErrors errors;
#pragma omp parallel
  {
    std::optional<decltype(make())> state;
    errors.keep([&] { state.emplace(make()); });
#pragma omp for schedule(dynamic, chunk)
    for (Index i = 0; i < count; ++i)
      if (state) errors.keep([&] { work(*state, i); });
  }
  errors.rethrow();
}
/// The same without states: work(i).
template <class Work>
void parallel_for(Index count, [[maybe_unused]] Index chunk, const Work& work) {
  ThreadErrors errors;
#pragma omp parallel for schedule(dynamic, chunk)
  for (Index i = 0; i < count; ++i) errors.keep([&] { work(i); });
  errors.rethrow();
}

}  // namespace octopole
#pragma GCC visibility pop
