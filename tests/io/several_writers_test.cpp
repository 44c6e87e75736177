// Processes that write the same file at the same time, and processes that are killed while they write.
#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "io/atomic_file.hpp"
#include "io/operator_file.hpp"
#include "octopole/kernels.hpp"
#include "processes.hpp"
#include "scratch.hpp"

namespace octopole {
namespace {

using namespace std::chrono_literals;
using test::in_processes;
using test::killed_after;
using test::read_file;
using test::Scratch;
using test::start_child;

/// A set of operators with a different key for each `number`.
OperatorSet<double> operators(int number) {
  OperatorKey key;
  key.kernel = Laplace::name;
  key.order = key.check_order = key.downward_check_order = 3;
  key.pinv_tolerance = 1e-6 * (1 + number);
  return make_operators<double>(Laplace{}, key);
}

/// Whether the database has the set; `reason` reports damage.
bool has(const std::string& path, OperatorSet<double>& set, std::string& reason) {
  OperatorSet<double> stored;
  reason.clear();
  return OperatorFile<double>(path).load(set.key(), stored, reason);
}

std::ptrdiff_t parts_in(const Scratch& scratch) {
  std::ptrdiff_t parts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scratch.file("")))
    parts += entry.path().string().find(".part-") != std::string::npos;
  return parts;
}

TEST(SeveralWriters, OfADatabaseLoseNothing) {
  constexpr int kProcesses = 8, kSets = 6;
  const Scratch scratch("writers");
  const std::string path = scratch.file("operators.h5");
  std::vector<OperatorSet<double>> sets;
  sets.reserve(kProcesses * kSets);
  for (int i = 0; i < kProcesses * kSets; ++i) sets.push_back(operators(i));
  in_processes(kProcesses, [&](int process) {
    for (std::size_t i = 0; i < kSets; ++i)
      OperatorFile<double>(path).save(sets[static_cast<std::size_t>(process) * kSets + i]);
  });
  std::string reason;
  for (auto& set : sets) EXPECT_TRUE(has(path, set, reason)) << set.key().pinv_tolerance << ": " << reason;
  EXPECT_EQ(parts_in(scratch), 0);
}

TEST(SeveralWriters, OfTheSameSetStoreItOnce) {
  const Scratch scratch("writers");
  const std::string path = scratch.file("operators.h5");
  OperatorSet<double> set = operators(0);
  OperatorFile<double>(path).save(set);
  const auto size = std::filesystem::file_size(path);
  in_processes(4, [&](int) { OperatorFile<double>(path).save(set); });
  EXPECT_EQ(std::filesystem::file_size(path), size);
}

TEST(SeveralWriters, DoNotWaitForEver) {
  const Scratch scratch("writers");
  const std::string path = scratch.file("operators.h5");
  OperatorSet<double> first = operators(0), second = operators(1);
  OperatorFile<double>(path).save(first);
  const std::string before = read_file(path);
  {
    const FileLock lock(path);
    EXPECT_TRUE(lock.held());
    try {
      OperatorFile<double>(path, 30ms).save(second);
      ADD_FAILURE() << "stored in spite of the lock";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("locked"), std::string::npos) << error.what();
    }
    std::string reason;
    EXPECT_TRUE(has(path, first, reason)) << reason;  // readers need not wait for the lock
    EXPECT_EQ(read_file(path), before);
  }
  OperatorFile<double>(path, 30ms).save(second);
  std::string reason;
  EXPECT_TRUE(has(path, second, reason)) << reason;
}

TEST(SeveralWriters, OfRecordsDoNotWaitForEver) {
  const Scratch scratch("writers");
  const std::string path = scratch.file("records");
  append_line(path, "one");
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_TRUE(lock_descriptor(descriptor, path));
  EXPECT_THROW(append_line(path, "two", 30ms), Error);
  ::close(descriptor);
  append_line(path, "three", 30ms);
  EXPECT_EQ(read_file(path), "one\nthree\n");
}

TEST(SeveralWriters, ALockDiesWithItsHolder) {
  const Scratch scratch("writers");
  const std::string path = scratch.file("file");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t holder = start_child([&] {
    const FileLock lock(path);
    if (::write(ready[1], "x", 1) == 1) ::pause();
  });
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THROW(FileLock(path, 30ms), Error);
  ::kill(holder, SIGKILL);
  ASSERT_EQ(::waitpid(holder, nullptr, 0), holder);
  EXPECT_TRUE(FileLock(path, 30ms).held());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(KilledWriter, LeavesADatabaseWhole) {
  constexpr int kSets = 100, kKills = 40;
  const Scratch scratch("killed");
  const std::string path = scratch.file("operators.h5");
  std::vector<OperatorSet<double>> sets;
  sets.reserve(kSets);
  for (int i = 0; i < kSets; ++i) sets.push_back(operators(i));
  // Kills come while some of the sets are written, however slow the build and the machine.
  const auto begin = std::chrono::steady_clock::now();
  in_processes(1, [&](int) { OperatorFile<double>(scratch.file("another.h5")).save(sets[0]); });
  const auto once =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  const auto longest = static_cast<unsigned>(std::max<std::chrono::microseconds>(15ms, 2 * once).count());
  std::mt19937 random(7);
  std::size_t known = 0, left_behind = 0;  // the first `known` sets are in the database
  for (int kill = 0; kill < kKills; ++kill) {
    killed_after(std::chrono::microseconds(random() % longest), [&] {
      for (std::size_t i = known; i < sets.size(); ++i) OperatorFile<double>(path).save(sets[i]);
    });
    // Stored sets stay; others are missing, not damaged.
    for (std::size_t i = 0; i < sets.size(); ++i) {
      std::string reason;
      const bool there = has(path, sets[i], reason);
      EXPECT_TRUE(there || i >= known) << "set " << i << " is lost: " << reason;
      EXPECT_EQ(reason.find("damaged"), std::string::npos) << reason;
      if (there && i == known) ++known;
    }
    EXPECT_LE(parts_in(scratch), 1);  // the next writer removes the files that the last one left
    left_behind += static_cast<std::size_t>(parts_in(scratch));
  }
  EXPECT_GT(left_behind, 0U);  // some were killed while they wrote
  OperatorSet<double> last = operators(kSets);
  OperatorFile<double>(path).save(last);
  EXPECT_EQ(parts_in(scratch), 0);
}

TEST(KilledWriter, LeavesATextFileOldOrNew) {
  const Scratch scratch("killed");
  const std::string path = scratch.file("report.json");
  const std::string one(3000000, '1'), two(3000000, '2');
  write_text_file(path, one);
  std::mt19937 random(7);
  for (int kill = 0; kill < 30; ++kill) {
    killed_after(std::chrono::microseconds(random() % 20000), [&] {
      for (;;) {
        write_text_file(path, two);
        write_text_file(path, one);
      }
    });
    const std::string text = read_file(path);
    EXPECT_TRUE(text == one || text == two) << text.size();
    EXPECT_LE(parts_in(scratch), 1);
  }
  write_text_file(path, two);
  EXPECT_EQ(parts_in(scratch), 0);
}

TEST(KilledWriter, LeavesRecordsWhole) {
  const Scratch scratch("killed");
  const std::string path = scratch.file("records");
  const std::string line(100000, 'x');
  append_line(path, line);
  std::mt19937 random(7);
  for (int kill = 0; kill < 30; ++kill)
    killed_after(std::chrono::microseconds(random() % 5000), [&] {
      for (int i = 0; i < 20; ++i) append_line(path, line);
    });
  append_line(path, line);
  // A truncated write has a line to itself.
  std::ifstream file(path);
  int whole = 0;
  for (std::string at; std::getline(file, at);) {
    EXPECT_LE(at.size(), line.size());
    whole += at == line;
  }
  EXPECT_GE(whole, 2);
}

TEST(PendingFile, LeavesTheFilesOfLivingProcessesAlone) {
  const Scratch scratch("pending");
  const std::string path = scratch.file("result");
  PendingFile first(path);
  // Files of other hosts are kept for a day, files with other names always.
  test::write_file(path + ".part-0-1-1", "elsewhere");
  test::write_file(path + ".part-of-something", "else");
  PendingFile second(path);
  EXPECT_EQ(scratch.files(), 4);
  std::filesystem::last_write_time(path + ".part-0-1-1",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  const PendingFile third(path);
  EXPECT_FALSE(std::filesystem::exists(path + ".part-0-1-1"));
  EXPECT_TRUE(std::filesystem::exists(path + ".part-of-something"));
  test::write_file(first.temporary(), "first");
  first.commit();
  second.commit();
  EXPECT_EQ(read_file(path), "");
}

TEST(PendingFile, RemovesTheFileOfAProcessWhoseStatusNobodyAskedFor) {
  const Scratch scratch("pending");
  const std::string path = scratch.file("result");
  const pid_t writer = start_child([&] {
    const PendingFile unfinished(path);
    ::_exit(0);  // before the file is removed
  });
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(writer), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(parts_in(scratch), 1);
  check_writable(path);
  EXPECT_EQ(parts_in(scratch), 0);
  EXPECT_EQ(::waitpid(writer, nullptr, 0), writer);
}

}  // namespace
}  // namespace octopole
