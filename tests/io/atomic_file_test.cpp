#include "io/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

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

namespace fs = std::filesystem;

class AppendFile : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(directory_); }
  void TearDown() override { fs::remove_all(directory_); }
  std::string place(const std::string& name) const { return (directory_ / name).string(); }
  static std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  fs::path directory_ =
      fs::temp_directory_path() / ("octopole-append-" + std::to_string(static_cast<long>(getpid())));
};

TEST_F(AppendFile, makesTheFileAndAddsToIt) {
  const std::string path = place("records");
  append_line(path, "one");
  append_line(path, "two");
  EXPECT_EQ(lines_of(path), (std::vector<std::string>{"one", "two"}));
}

TEST_F(AppendFile, keepsALineThatWasCutOffToItself) {
  const std::string path = place("records");
  std::ofstream(path) << "whole\n{\"cut\": ";
  append_line(path, "next");
  EXPECT_EQ(lines_of(path), (std::vector<std::string>{"whole", "{\"cut\": ", "next"}));
}

TEST_F(AppendFile, takesLinesOfManyProcessesAtOnce) {
  constexpr int kProcesses = 6, kLines = 40;
  const std::string path = place("records");
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < kLines; ++i)
        append_line(path, std::string(20000, static_cast<char>('a' + process)));
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  std::map<std::string, int> counts;
  for (const std::string& line : lines_of(path)) ++counts[line];
  EXPECT_EQ(counts.size(), std::size_t{kProcesses});
  for (int process = 0; process < kProcesses; ++process)
    EXPECT_EQ(counts[std::string(20000, static_cast<char>('a' + process))], kLines);
}

TEST_F(AppendFile, refusesPlacesThatCannotBeWritten) {
  for (const std::string& path : {std::string(), place(""), place("missing/records")}) {
    EXPECT_THROW(check_appendable(path), Error) << path;
    EXPECT_THROW(append_line(path, "x"), Error) << path;
  }
  EXPECT_NO_THROW(check_appendable(place("records")));
  EXPECT_FALSE(fs::exists(place("records")));
}

}  // namespace
}  // namespace octopole
