// Which octopole this is, for reports and bug reports.
#pragma once

#include <string_view>

#pragma GCC visibility push(default)
namespace octopole {

/// How the library was built. The views have static lifetime.
struct Version {
  std::string_view version;  ///< "major.minor.patch"
  std::string_view
      git;  ///< `git describe` of the source tree, with "-dirty" for local changes; else "unknown"
  std::string_view compiler;  ///< name and version
  std::string_view flags;     ///< the options common to all source files
};

Version version();

}  // namespace octopole
#pragma GCC visibility pop
