// The machine that this process runs on: kind of processor, name, and the memory that may still be allocated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The kinds of processors of this machine as the system names them: the model's name, or if there is none
/// (ARM) implementer, part, variant and revision, once for each kind of core ("arm 0x41 part 0xd0c variant
/// 0x3 revision 1"). From /proc/cpuinfo, else from /sys, else only the architecture; `root` is prepended to
/// these paths (for tests). Never empty.
std::string processor_name(const std::string& root = {});

/// A bound on the memory of one or more processes of a node.
struct MemoryBound {
  std::string name;         // for messages: "the node", "cgroup /job_7", "ulimit -v"
  std::uint64_t group = 0;  // equal on all processes of the node that share the bound; 0: this process only
  Index limit = 0;          // total bytes
  Index available = 0;      // bytes that are left; never negative
};

/// All bounds on this process, as the files below `root` + /proc and /sys (or wherever cgroups are mounted)
/// have them now: memory that the kernel considers available without swapping; every cgroup with a limit from
/// the process's own upwards (version 1: memory.limit_in_bytes; version 2: memory.max and memory.high), file
/// pages that the kernel can drop not counted as used; and the limits of the process's address space and
/// data. Bounds that cannot be read are left out: on systems other than Linux there are none.
std::vector<MemoryBound> memory_bounds(const std::string& root = "");

/// Resident bytes of this process, now and at peak so far; 0 if the system does not report them.
Index resident_bytes(const std::string& root = "");
Index peak_resident_bytes(const std::string& root = "");

/// Host name of this machine.
std::string host_name();

/// Formats bytes as in tables and messages: "1.50 GiB".
std::string human_bytes(Index bytes);

}  // namespace octopole
#pragma GCC visibility pop
