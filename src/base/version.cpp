#include "octopole/version.hpp"

#include "octopole_build_info.hpp"

namespace octopole {

Version version() {
  return {OCTOPOLE_BUILD_VERSION, OCTOPOLE_BUILD_GIT_DESCRIBE, OCTOPOLE_BUILD_COMPILER, OCTOPOLE_BUILD_FLAGS};
}

}  // namespace octopole
