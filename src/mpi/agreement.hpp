// Values that every rank must pass alike: compared by one small reduction, named where they differ.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole::mpi {

/// A value that ranks must agree on, as text: what is compared is what an error shows.
struct NamedValue {
  std::string name, value;
};

/// Throws AgreedError on all ranks unless all pass equal values: which value differs first, which ranks have
/// what, and `advice`. All ranks pass as many values of the same names. Where nothing differs it is one
/// Allreduce of 16 bytes. Collective.
void require_equal(const Comm& comm, std::span<const NamedValue> values, const std::string& advice);

/// "0, 2 to 5, 8": ranks, ascending.
std::string list_ranks(std::span<const int> ranks);

}  // namespace octopole::mpi
#pragma GCC visibility pop
