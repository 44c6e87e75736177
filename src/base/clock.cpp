// The clock of the profiles, from the system. A simulated run links another one: app/smpi/clock.cpp.
#include <chrono>

#include "base/profile.hpp"

namespace octopole {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace octopole
