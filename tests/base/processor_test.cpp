#include "base/machine.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace octopole {
namespace {

namespace fs = std::filesystem;

/// Simulated system files below a temporary directory.
class Processor : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  std::string name() const { return processor_name(root_); }

 private:
  std::string root_ =
      (fs::temp_directory_path() / ("octopole-processor-" + std::to_string(::getpid()))).string();
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
