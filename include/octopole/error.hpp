// The exception types of octopole.
#pragma once

#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)
namespace octopole {

/// An error with what went wrong (and where), and what the user can do about it.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, const std::string& advice = {})
      : std::runtime_error(advice.empty() ? what : what + " (" + advice + ")") {}
};

/// An Error that every rank of a communicator throws, with the same text, in the same collective call: no
/// rank waits for another, and the caller may catch it and go on.
class AgreedError : public Error {
 public:
  using Error::Error;
};

}  // namespace octopole
#pragma GCC visibility pop
