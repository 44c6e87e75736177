#include "base/processor.hpp"

#include <sys/utsname.h>

#include <cctype>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>

namespace octopole {
namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  std::size_t start = 0;
  while (start < text.size() && std::isspace(static_cast<unsigned char>(text[start]))) ++start;
  return text.substr(start);
}

using Fields = std::map<std::string, std::string>;

/// Name of the core that one block of /proc/cpuinfo describes; empty if it describes none.
std::string kind_of(const Fields& fields) {
  const auto field = [&fields](const char* name) {
    const auto at = fields.find(name);
    return at == fields.end() ? std::string() : at->second;
  };
  for (const char* name : {"model name", "cpu", "uarch", "cpu model"})  // x86, POWER, RISC-V, MIPS
    if (!field(name).empty()) return field(name);
  if (field("CPU part").empty()) return {};
  return "arm " + field("CPU implementer") + " part " + field("CPU part") + " variant " +
         field("CPU variant") + " revision " + field("CPU revision");
}

std::set<std::string> kinds_in_cpuinfo(const std::string& path) {
  std::set<std::string> kinds;
  Fields fields;
  const auto end_of_block = [&] {
    if (const std::string kind = kind_of(fields); !kind.empty()) kinds.insert(kind);
    fields.clear();
  };
  std::ifstream info(path);
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos)
      end_of_block();
    else
      fields[trimmed(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
  }
  end_of_block();
  return kinds;
}

/// Names from ARM's main identification registers, which have the same fields.
std::set<std::string> kinds_in_sys(const std::string& cpus) {
  std::set<std::string> kinds;
  for (int cpu = 0;; ++cpu) {
    std::ifstream file(cpus + "/cpu" + std::to_string(cpu) + "/regs/identification/midr_el1");
    std::uint64_t midr = 0;
    if (!(file >> std::hex >> midr)) return kinds;
    const auto bits = [midr](int from, unsigned mask) { return static_cast<unsigned>(midr >> from) & mask; };
    char text[80];
    std::snprintf(text, sizeof text, "arm 0x%02x part 0x%03x variant 0x%x revision %u", bits(24, 0xff),
                  bits(4, 0xfff), bits(20, 0xf), bits(0, 0xf));
    kinds.insert(text);
  }
}

}  // namespace

std::string processor_name(const std::string& root) {
  std::set<std::string> kinds = kinds_in_cpuinfo(root + "/proc/cpuinfo");
  if (kinds.empty()) kinds = kinds_in_sys(root + "/sys/devices/system/cpu");
  if (kinds.empty()) {
    utsname system{};
    return uname(&system) == 0 ? system.machine : "unknown";
  }
  std::string name;
  for (const std::string& kind : kinds) name += (name.empty() ? "" : " + ") + kind;
  return name;
}

}  // namespace octopole
