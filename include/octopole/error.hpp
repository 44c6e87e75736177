// The exception types of octopole.
#pragma once

#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)
namespace octopole {

/// Base of octopole's exceptions. what() says what went wrong (and where) and, in parentheses, what the user
/// can do about it.
class Error : public std::runtime_error {
 public:
  /// what() is `what`, followed by " (`advice`)" unless that is empty.
  explicit Error(const std::string& what, const std::string& advice = {})
      : std::runtime_error(advice.empty() ? what : what + " (" + advice + ")") {}
};

/// An Error that every rank of a communicator throws, with the same text, in the same collective call: no
/// rank waits for another, and the caller may catch it and continue.
class AgreedError : public Error {
 public:
  using Error::Error;
};

}  // namespace octopole
#pragma GCC visibility pop
