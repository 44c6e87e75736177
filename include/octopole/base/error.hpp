// The one exception type of octopole.
#pragma once

#include <stdexcept>
#include <string>

namespace octopole {

/// An error with what went wrong (and where), and what the user can do about it.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, const std::string& advice = {})
      : std::runtime_error(advice.empty() ? what : what + " (" + advice + ")") {}
};

}  // namespace octopole
