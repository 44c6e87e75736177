// Memory and processor of a machine, read from simulated /proc and /sys.
#include "base/machine.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace octopole {
namespace {

constexpr Index kMebi = Index{1} << 20;

/// A temporary root folder, removed with the object.
class Machine {
 public:
  Machine() {
    std::string name = (std::filesystem::temp_directory_path() / "octopole-memory-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    root_ = name;
    write("/proc/meminfo", "MemTotal:       2048 kB\nMemFree:         1 kB\nMemAvailable:   1024 kB\n");
    write("/proc/self/limits",
          "Limit                     Soft Limit           Hard Limit           Units\n"
          "Max data size             unlimited            unlimited            bytes\n"
          "Max address space         unlimited            unlimited            bytes\n");
    write("/proc/self/status",
          "VmPeak:  900 kB\nVmSize:  600 kB\nVmHWM:  300 kB\nVmRSS:  200 kB\nVmData:  100 kB\n");
  }
  ~Machine() { std::filesystem::remove_all(root_); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::vector<MemoryBound> bounds() const { return memory_bounds(root_); }
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

constexpr const char* kVersion2 = "30 20 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kVersion1 =
    "31 20 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    "32 20 0:28 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n";

TEST(NodeMemory, IsWhatTheKernelDeemsAvailable) {
  const Machine machine;
  const auto bounds = machine.bounds();
  ASSERT_EQ(bounds.size(), 1u);
  EXPECT_EQ(bounds[0].limit, 2 * kMebi);
  EXPECT_EQ(bounds[0].available, kMebi);
  EXPECT_NE(bounds[0].group, 0u);
  EXPECT_EQ(resident_bytes(machine.root()), 200 * 1024);
  EXPECT_EQ(peak_resident_bytes(machine.root()), 300 * 1024);
}

TEST(NodeMemory, EveryCgroupOfVersion2UpTheTreeCounts) {
  const Machine machine;
  machine.write("/proc/self/mountinfo", kVersion2);
  machine.write("/proc/self/cgroup", "0::/slurm/job_7/step_0\n");
  const std::string job = "/sys/fs/cgroup/slurm/job_7";
  machine.write(job + "/step_0/memory.max", "max\n");
  machine.write(job + "/step_0/memory.high", "900\n");
  machine.write(job + "/step_0/memory.current", "100\n");
  machine.write(job + "/memory.max", "1000\n");
  machine.write(job + "/memory.high", "max\n");
  machine.write(job + "/memory.current", "700\n");
  machine.write(job + "/memory.stat", "anon 300\nfile 400\ninactive_file 250\nactive_file 50\nshmem 100\n");
  machine.write("/sys/fs/cgroup/slurm/memory.max", "max\n");
  machine.write("/sys/fs/cgroup/slurm/memory.current", "9000\n");
  const auto bounds = machine.bounds();
  ASSERT_EQ(bounds.size(), 3u);
  EXPECT_EQ(bounds[1].name, "cgroup /slurm/job_7/step_0");
  EXPECT_EQ(bounds[1].limit, 900);
  EXPECT_EQ(bounds[1].available, 800);
  EXPECT_EQ(bounds[2].name, "cgroup /slurm/job_7");
  EXPECT_EQ(bounds[2].limit, 1000);
  EXPECT_EQ(bounds[2].available, 600) << "pages of files can be dropped";
  EXPECT_NE(bounds[1].group, bounds[2].group);
  EXPECT_EQ(machine.bounds()[2].group, bounds[2].group) << "processes of one cgroup must know it";
}

TEST(NodeMemory, Version1HasItsOwnNames) {
  const Machine machine;
  machine.write("/proc/self/mountinfo", kVersion1);
  machine.write("/proc/self/cgroup", "4:memory:/jobs/a\n3:cpu,cpuacct:/other\n0::/\n");
  const std::string memory = "/sys/fs/cgroup/memory";
  machine.write(memory + "/jobs/a/memory.limit_in_bytes", "5000\n");
  machine.write(memory + "/jobs/a/memory.usage_in_bytes", "4500\n");
  machine.write(memory + "/jobs/a/memory.stat",
                "inactive_file 1\ntotal_inactive_file 100\ntotal_active_file 200\n");
  machine.write(memory + "/memory.limit_in_bytes", "9223372036854771712\n");  // no limit
  machine.write(memory + "/memory.usage_in_bytes", "4500\n");
  const auto bounds = machine.bounds();
  ASSERT_EQ(bounds.size(), 2u);
  EXPECT_EQ(bounds[1].name, "cgroup /jobs/a");
  EXPECT_EQ(bounds[1].available, 800);
}

TEST(NodeMemory, AContainersMountBeginsBelowTheRoot) {
  const Machine machine;
  machine.write("/proc/self/mountinfo", "32 20 0:28 /docker/abc /cg rw - cgroup cgroup rw,memory\n");
  machine.write("/cg/memory.limit_in_bytes", "1000\n");
  machine.write("/cg/memory.usage_in_bytes", "2000\n");
  for (const char* path : {"/docker/abc", "/docker/other", "/../elsewhere"}) {
    machine.write("/proc/self/cgroup", std::string("4:memory:") + path + "\n");
    const auto bounds = machine.bounds();
    ASSERT_EQ(bounds.size(), 2u) << path;
    EXPECT_EQ(bounds[1].name, "cgroup /") << path;
    EXPECT_EQ(bounds[1].available, 0) << path;
  }
}

TEST(NodeMemory, LimitsOfTheProcessAreItsAlone) {
  const Machine machine;
  machine.write("/proc/self/limits",
                "Max data size             150000               unlimited            bytes\n"
                "Max address space         1000000              2000000              bytes\n");
  const auto bounds = machine.bounds();
  ASSERT_EQ(bounds.size(), 3u);
  EXPECT_EQ(bounds[1].name, "ulimit -v");
  EXPECT_EQ(bounds[1].available, 1000000 - 600 * 1024);
  EXPECT_EQ(bounds[1].group, 0u);
  EXPECT_EQ(bounds[2].name, "ulimit -d");
  EXPECT_EQ(bounds[2].available, 150000 - 100 * 1024);
}

TEST(NodeMemory, NothingReadableIsNoBound) {
  EXPECT_TRUE(memory_bounds("/nonexistent").empty());
  EXPECT_EQ(peak_resident_bytes("/nonexistent"), 0);
  EXPECT_FALSE(memory_bounds().empty()) << "of this machine";
  const Index resident = resident_bytes();
  EXPECT_GE(peak_resident_bytes(), resident);
  EXPECT_GT(resident_bytes(), kMebi);
}

TEST(NodeMemory, BytesAreWrittenWithUnits) {
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(3 * kMebi / 2), "1.5 MiB");
  EXPECT_EQ(human_bytes(5 * 1024 * kMebi / 2), "2.50 GiB");
}

/// Simulated system files below a temporary directory.
class Processor : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  std::string name() const { return processor_name(root_); }

 private:
  std::string root_ =
      (std::filesystem::temp_directory_path() / ("octopole-processor-" + std::to_string(::getpid())))
          .string();
};

std::string arm_core(int number, const char* part) {
  return "processor\t: " + std::to_string(number) +
         "\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
         "CPU variant\t: 0x3\nCPU part\t: " +
         part + "\nCPU revision\t: 1\n\n";
}

TEST_F(Processor, HasItsModelName) {
  write("/proc/cpuinfo",
        "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC 9R14\n\nprocessor\t: 1\n"
        "model name\t: AMD EPYC 9R14\n");
  EXPECT_EQ(name(), "AMD EPYC 9R14");
}

TEST_F(Processor, IsKnownByItsPartOnArm) {
  write("/proc/cpuinfo", arm_core(0, "0xd0c") + arm_core(1, "0xd0c"));
  EXPECT_EQ(name(), "arm 0x41 part 0xd0c variant 0x3 revision 1");
}

TEST_F(Processor, NamesEveryKindOfCore) {
  write("/proc/cpuinfo", arm_core(0, "0xd05") + arm_core(1, "0xd0d") + arm_core(2, "0xd05"));
  EXPECT_EQ(name(),
            "arm 0x41 part 0xd05 variant 0x3 revision 1 + arm 0x41 part 0xd0d variant 0x3 revision 1");
}

TEST_F(Processor, IsFoundInSysWhereCpuinfoIsSilent) {
  write("/proc/cpuinfo", "processor\t: 0\nBogoMIPS\t: 50.00\n");
  write("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1", "0x00000000413fd0c1\n");
  EXPECT_EQ(name(), "arm 0x41 part 0xd0c variant 0x3 revision 1");
}

TEST_F(Processor, OfAnotherKindHasAnotherName) {
  write("/proc/cpuinfo", arm_core(0, "0xd0c"));
  const std::string neoverse_n1 = name();
  write("/proc/cpuinfo", arm_core(0, "0xd40"));
  EXPECT_NE(name(), neoverse_n1);
  write("/proc/cpuinfo", "processor\t: 0\ncpu\t\t: POWER9, altivec supported\n");
  EXPECT_EQ(name(), "POWER9, altivec supported");
}

TEST_F(Processor, IsTheArchitectureAtLeast) {
  EXPECT_FALSE(name().empty());
  EXPECT_FALSE(processor_name().empty());
}

}  // namespace
}  // namespace octopole
