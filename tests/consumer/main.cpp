#include <iostream>

#include "octopole/base/version.hpp"

int main() {
  const octopole::Version v = octopole::version();
  std::cout << "octopole " << v.version << " (" << v.git << "), " << v.compiler << ", " << v.flags << '\n';
  return v.version.empty() ? 1 : 0;
}
