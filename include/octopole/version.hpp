// Version and build of octopole, for reports.
#pragma once

#include <string_view>

#pragma GCC visibility push(default)
namespace octopole {

/// How the library was built. The views have static lifetime.
struct Version {
  std::string_view version;   ///< "major.minor.patch"
  std::string_view git;       ///< `git describe` of the sources, "-dirty" with local changes; or "unknown"
  std::string_view compiler;  ///< name and version
  std::string_view flags;     ///< compiler options common to all source files
};

/// Version and build of the library in use. Not collective.
Version version();

}  // namespace octopole
#pragma GCC visibility pop
