#include "base/node_memory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <optional>
#include <sstream>

namespace octopole {
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
