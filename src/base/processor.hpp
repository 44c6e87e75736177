// Which kind of processor this is, for what was measured on it.
#pragma once

#include <string>

#pragma GCC visibility push(default)
namespace octopole {

/// The kinds of processors of this machine as the system names them: the model's name, or where there is none
/// (ARM) implementer, part, variant and revision, once for each kind of core ("arm 0x41 part 0xd0c variant
/// 0x3 revision 1"). From /proc/cpuinfo, else from /sys, else the architecture alone; `root` stands before
/// these paths (for tests). Never empty.
std::string processor_name(const std::string& root = {});

}  // namespace octopole
#pragma GCC visibility pop
