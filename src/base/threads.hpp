// OpenMP's run-time functions, and their results in a build without OpenMP. Pragmas need no such wrapper.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

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

}  // namespace octopole
#pragma GCC visibility pop
