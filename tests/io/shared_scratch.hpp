// A directory that all ranks of an MPI test see.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "mpi/comm.hpp"
#include "scratch.hpp"

namespace octopole::test {

/// A test on all ranks of MPI_COMM_WORLD, with files that rank 0 makes and removes.
class SharedScratchTest : public testing::Test {
 protected:
  SharedScratchTest() {
    if (comm_.is_root()) owner_.emplace("octopole");
    if (owner_) directory_ = owner_->file("");
    comm_.broadcast(directory_);
  }
  ~SharedScratchTest() override { comm_.barrier(); }

  std::string file(const std::string& name) const { return directory_ + name; }

  /// Runs `work` on rank 0 while the others wait.
  void on_root(const std::function<void()>& work) const {
    if (comm_.is_root()) work();
    comm_.barrier();
  }

  /// The error that `work` throws, "" if none; fails unless it is the same on all ranks.
  std::string error_of(const std::function<void()>& work) const {
    std::string message;
    try {
      work();
    } catch (const Error& error) {
      message = error.what();
    }
    std::string of_root = message;
    comm_.broadcast(of_root);
    EXPECT_EQ(message, of_root);
    return message;
  }

  mpi::Comm comm_ = mpi::Comm::duplicate(MPI_COMM_WORLD);

 private:
  std::optional<Scratch> owner_;
  std::string directory_;
};

}  // namespace octopole::test
