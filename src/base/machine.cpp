#include "base/machine.hpp"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>

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

namespace {

constexpr Index kUnlimited = Index{1} << 60;  // version 1 writes "none" as the largest multiple of a page
constexpr Index kKibi = 1024;
constexpr std::uint64_t kNodeGroup = 1;

/// The number after `key` on the first line that begins with it, if there is one.
std::optional<Index> find_number(const std::string& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    std::istringstream rest(line.substr(key.size()));
    if (Index value = 0; rest >> value) return value;
  }
  return std::nullopt;
}

/// The only number in a file; nothing for "max" and if there is no such file.
std::optional<Index> read_number(const std::string& file) {
  std::ifstream in(file);
  if (Index value = 0; in >> value && value < kUnlimited) return value;
  return std::nullopt;
}

/// Identifies a folder, by whatever path a process sees it.
std::uint64_t identity(const std::string& folder) {
  struct stat about {};
  if (stat(folder.c_str(), &about) != 0) return std::hash<std::string>{}(folder);
  return std::hash<std::uint64_t>{}(about.st_dev) * 0x9e3779b97f4a7c15 ^ about.st_ino;
}

Index file_pages(const std::string& folder, const char* active, const char* inactive) {
  const std::string file = folder + "/memory.stat";
  return find_number(file, active).value_or(0) + find_number(file, inactive).value_or(0);
}

void add_cgroup(const std::string& folder, const std::string& path, bool version_2,
                std::vector<MemoryBound>& bounds) {
  std::optional<Index> limit = read_number(folder + (version_2 ? "/memory.max" : "/memory.limit_in_bytes"));
  if (version_2)  // beyond `high` a process is not killed but slowed down
    if (const auto high = read_number(folder + "/memory.high"))
      limit = std::min(limit.value_or(*high), *high);
  const auto used = read_number(folder + (version_2 ? "/memory.current" : "/memory.usage_in_bytes"));
  if (!limit || !used) return;
  const Index droppable = version_2 ? file_pages(folder, "active_file ", "inactive_file ")
                                    : file_pages(folder, "total_active_file ", "total_inactive_file ");
  bounds.push_back({"cgroup " + (path.empty() ? "/" : path), identity(folder), *limit,
                    std::max(Index{0}, *limit - std::max(Index{0}, *used - droppable))});
}

struct Mount {
  std::string root, point;  // mounted folder of the hierarchy, and mount point
};

/// Mount of the memory controller's hierarchy, by version.
std::optional<Mount> find_mount(const std::string& mountinfo, bool version_2) {
  std::ifstream in(mountinfo);
  for (std::string line; std::getline(in, line);) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream left(line.substr(0, dash)), right(line.substr(dash + 3));
    std::string id, parent, device, type, source, options;
    Mount mount;
    left >> id >> parent >> device >> mount.root >> mount.point;
    right >> type >> source >> options;
    const bool found = version_2
                           ? type == "cgroup2"
                           : type == "cgroup" && ("," + options + ",").find(",memory,") != std::string::npos;
    if (found) return mount;
  }
  return std::nullopt;
}

/// The process's path in the hierarchy; in version 2 it is on the line without controllers.
std::optional<std::string> find_path(const std::string& file, bool version_2) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const bool none = second == first + 1;
    std::string controllers = ",";
    controllers.append(line, first + 1, second - first - 1).push_back(',');
    if (version_2 ? none : controllers.find(",memory,") != std::string::npos) return line.substr(second + 1);
  }
  return std::nullopt;
}

void add_cgroups(const std::string& root, bool version_2, std::vector<MemoryBound>& bounds) {
  const auto mount = find_mount(root + "/proc/self/mountinfo", version_2);
  auto path = find_path(root + "/proc/self/cgroup", version_2);
  if (!mount || !path) return;
  // Within a container the mount may begin below the hierarchy's root, and paths may be those of the host.
  if (mount->root != "/" && path->compare(0, mount->root.size(), mount->root) == 0)
    path->erase(0, mount->root.size());
  else if (mount->root != "/" || path->find("/..") != std::string::npos)
    path->clear();
  while (!path->empty() && path->back() == '/') path->pop_back();
  for (std::string folder = *path;; folder.erase(folder.rfind('/'))) {
    std::string place = root;
    place.append(mount->point).append(folder);
    add_cgroup(place, folder, version_2, bounds);
    if (folder.rfind('/') == std::string::npos) return;
  }
}

Index status_bytes(const std::string& root, const char* key) {
  return kKibi * find_number(root + "/proc/self/status", key).value_or(0);
}

}  // namespace

std::vector<MemoryBound> memory_bounds(const std::string& root) {
  std::vector<MemoryBound> bounds;
  const std::string meminfo = root + "/proc/meminfo", limits = root + "/proc/self/limits";
  const auto total = find_number(meminfo, "MemTotal:"), available = find_number(meminfo, "MemAvailable:");
  if (total && available) bounds.push_back({"the node", kNodeGroup, kKibi * *total, kKibi * *available});
  add_cgroups(root, true, bounds);
  add_cgroups(root, false, bounds);
  constexpr std::array<std::array<const char*, 3>, 2> kLimits = {
      {{"Max address space", "VmSize:", "ulimit -v"}, {"Max data size", "VmData:", "ulimit -d"}}};
  for (const auto& [key, used, name] : kLimits)
    if (const auto limit = find_number(limits, key); limit && *limit < kUnlimited)
      bounds.push_back({name, 0, *limit, std::max(Index{0}, *limit - status_bytes(root, used))});
  return bounds;
}

Index resident_bytes(const std::string& root) {
  return status_bytes(root, "VmRSS:");
}

Index peak_resident_bytes(const std::string& root) {
  return status_bytes(root, "VmHWM:");
}

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string human_bytes(Index bytes) {
  const double value = static_cast<double>(bytes);
  char text[32];
  if (value < 1 << 10) return std::to_string(bytes) + " B";
  if (value < 1 << 20)
    std::snprintf(text, sizeof text, "%.1f KiB", value / (1 << 10));
  else if (value < 1 << 30)
    std::snprintf(text, sizeof text, "%.1f MiB", value / (1 << 20));
  else
    std::snprintf(text, sizeof text, "%.2f GiB", value / (1 << 30));
  return text;
}

}  // namespace octopole
