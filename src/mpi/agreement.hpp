// Values that must be equal on all ranks: compared by one small reduction, named if they differ.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole::mpi {

/// A value that ranks must agree on, as text: errors show the text that is compared.
struct NamedValue {
  std::string name, value;
};

/// Throws AgreedError on all ranks unless all pass equal values: names the values that differ, which ranks
/// have which, and `advice`. All ranks pass the same number of values, with the same names. If all are equal
/// this is one Allreduce of 16 bytes. Collective.
void require_equal(const Comm& comm, std::span<const NamedValue> values, const std::string& advice);

/// Formats ascending ranks: "0, 2 to 5, 8".
std::string list_ranks(std::span<const int> ranks);

}  // namespace octopole::mpi
#pragma GCC visibility pop
