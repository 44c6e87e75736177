// Integer types used throughout octopole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "octopole/error.hpp"
#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Stored index of a point in one rank's arrays; a rank with 2^31 points is refused.
using PointIndex = std::int32_t;

/// Index of a node in one rank's tree; kNoNode marks an absent node.
using NodeIndex = std::int32_t;
inline constexpr NodeIndex kNoNode = -1;

/// Index of a node in the arrays of its tree; the node must not be kNoNode.
constexpr std::size_t at(NodeIndex node) {
  return static_cast<std::size_t>(node);
}

/// Converts an integer to a narrower type; throws Error, naming `what`, if the value does not fit.
template <class To, class From>
To checked_cast(From value, const char* what) {
  static_assert(std::is_integral_v<To> && std::is_integral_v<From>);
  const To narrowed = static_cast<To>(value);
  if (static_cast<From>(narrowed) != value || ((narrowed < To{}) != (value < From{})))
    throw Error(std::string(what) + " = " + std::to_string(value) + " does not fit in " +
                    std::to_string(8 * sizeof(To)) + " bits",
                "use more ranks, so that each holds less");
  return narrowed;
}

}  // namespace octopole
#pragma GCC visibility pop
