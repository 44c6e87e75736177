#include "io/append_file.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "octopole/error.hpp"

namespace octopole {
namespace {

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
