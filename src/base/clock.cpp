// The clock of the profiles: the system's. A simulated run links app/smpi/clock.cpp instead.
#include <chrono>

#include "base/profile.hpp"

namespace octopole {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace octopole
