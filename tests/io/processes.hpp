// Tests with several processes: children that start together, and children that are killed.
#pragma once

#include <gtest/gtest.h>
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace octopole::test {

/// Runs `work` in a child process, which exits with 0, or with 1 if it throws.
inline pid_t start_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  omp_set_num_threads(1);  // a forked child does not have the parent's threads
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

inline void expect_success(pid_t child) {
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

/// Runs work(0) .. work(count - 1) in one process each, released at the same moment.
inline void in_processes(int count, const std::function<void(int)>& work) {
  int gate[2];
  ASSERT_EQ(::pipe(gate), 0);
  std::vector<pid_t> children;
  children.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    children.push_back(start_child([&, i] {
      char byte;
      ::close(gate[1]);
      if (::read(gate[0], &byte, 1) != 0) throw std::runtime_error("the gate");  // until the parent closes it
      work(i);
    }));
  ::close(gate[0]);
  ::close(gate[1]);
  for (const pid_t child : children) expect_success(child);
}

/// Runs `work` in a child process and kills it after `delay`, at any point of its work.
inline void killed_after(std::chrono::microseconds delay, const std::function<void()>& work) {
  const pid_t child = start_child(work);
  std::this_thread::sleep_for(delay);
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

}  // namespace octopole::test
