// What this process may still allocate: memory of the node, cgroups, limits of the process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// One bound on the memory of one or several processes of a node.
struct MemoryBound {
  std::string name;         // for messages: "the node", "cgroup /job_7", "ulimit -v"
  std::uint64_t group = 0;  // the same for all processes of the node that the bound is on; 0: this one alone
  Index limit = 0;          // bytes in all
  Index available = 0;      // bytes of them that are left; never negative
};

/// All bounds on this process, as the files below `root` + /proc and /sys (or wherever cgroups are mounted)
/// have them now: memory that the kernel deems available without swapping, every cgroup from the process's
/// own upwards that has a limit (version 1: memory.limit_in_bytes; version 2: memory.max and memory.high),
/// file pages that the kernel can drop not counted as used, and the limits of the process's address space and
/// data. Bounds that cannot be read are left out: on other systems than Linux there are none.
std::vector<MemoryBound> memory_bounds(const std::string& root = "");

/// Bytes of this process in memory now, and at most so far; 0 where the system does not tell.
Index resident_bytes(const std::string& root = "");
Index peak_resident_bytes(const std::string& root = "");

/// What the network calls this machine.
std::string host_name();

/// "1.50 GiB": as tables and messages give bytes.
std::string human_bytes(Index bytes);

}  // namespace octopole
#pragma GCC visibility pop
