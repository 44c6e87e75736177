// Threads: OpenMP's run-time functions, and loops that pass exceptions on.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

#ifdef _OPENMP
/// Whether the build has threads.
inline constexpr bool kThreads = true;
/// Maximum number of threads of the next parallel region.
inline int max_threads() {
  return omp_get_max_threads();
}
/// Inside a parallel region: the number of its threads, and the number of this thread.
inline int team_size() {
  return omp_get_num_threads();
}
inline int thread_number() {
  return omp_get_thread_num();
}
/// Sets max_threads().
inline void set_threads(int threads) {
  omp_set_num_threads(threads);
}
/// Number of processors that this process may use.
inline int processors() {
  return omp_get_num_procs();
}
#else
inline constexpr bool kThreads = false;
inline int max_threads() {
  return 1;
}
inline int team_size() {
  return 1;
}
inline int thread_number() {
  return 0;
}
inline void set_threads(int) {}
inline int processors() {
  return 1;
}
#endif

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
