#include "io/pending_file.hpp"

#include <gtest/gtest.h>

#include "octopole/error.hpp"
#include "scratch.hpp"

namespace octopole {
namespace {

using test::read_file;
using test::Scratch;
using test::write_file;

TEST(PendingFile, AppearsOnCommitOnly) {
  const Scratch scratch("pending");
  const std::string path = scratch.file("result");
  {
    PendingFile pending(path);
    write_file(pending.temporary(), "new");
    EXPECT_FALSE(std::filesystem::exists(path));
    pending.commit();
  }
  EXPECT_EQ(read_file(path), "new");
  EXPECT_EQ(scratch.files(), 1);
}

TEST(PendingFile, LeavesTheOldFileWhenDropped) {
  const Scratch scratch("pending");
  const std::string path = scratch.file("result");
  write_file(path, "old");
  {
    PendingFile pending(path);
    write_file(pending.temporary(), "new");
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(scratch.files(), 1);
}

TEST(PendingFile, FollowsSymbolicLinks) {
  const Scratch scratch("pending");
  write_file(scratch.file("real"), "old");
  std::filesystem::create_symlink(scratch.file("real"), scratch.file("link"));
  write_text_file(scratch.file("link"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(scratch.file("link")));
  EXPECT_EQ(read_file(scratch.file("real")), "new");
}

TEST(PendingFile, RefusesWhatCannotBeWritten) {
  const Scratch scratch("pending");
  EXPECT_THROW(check_writable(scratch.file("missing/result")), Error);
  EXPECT_THROW(check_writable(scratch.file("")), Error);
  EXPECT_THROW(check_writable("/dev/null"), Error);
  EXPECT_THROW(check_writable(""), Error);
  EXPECT_NO_THROW(check_writable(scratch.file("result")));
  EXPECT_EQ(scratch.files(), 0);
}

}  // namespace
}  // namespace octopole
