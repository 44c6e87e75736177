// The kind of processor, as a key for measurements.
#pragma once

#include <string>

#pragma GCC visibility push(default)
namespace octopole {

/// The kinds of processors of this machine as the system names them: the model's name, or if there is none
/// (ARM) implementer, part, variant and revision, once for each kind of core ("arm 0x41 part 0xd0c variant
/// 0x3 revision 1"). From /proc/cpuinfo, else from /sys, else only the architecture; `root` is prepended to
/// these paths (for tests). Never empty.
std::string processor_name(const std::string& root = {});

}  // namespace octopole
#pragma GCC visibility pop
