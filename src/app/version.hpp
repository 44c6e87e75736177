// The program's version.
#pragma once

#ifndef OCTOPOLE_VERSION
#define OCTOPOLE_VERSION "0.1.0"
#endif

namespace octopole::app {

inline constexpr const char* kVersion = OCTOPOLE_VERSION;

}  // namespace octopole::app
