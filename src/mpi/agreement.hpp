// What ranks agree on: values that must be equal, and a failure of one, which must not leave others waiting.
#pragma once

#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mpi/comm.hpp"
#include "octopole/error.hpp"

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

/// The message of an exception; for std::bad_alloc with advice.
std::string message_of(const std::exception& error);

/// Reports an error of this rank while others may wait for it, and ends all ranks by MPI_Abort with code 1:
/// one message with rank, operation, stage and cause. If all ranks call this within about a second, only rank
/// 0 reports.
[[noreturn]] void end_all_ranks(const Comm& comm, std::string_view operation, const std::string& what);

/// Runs a collective operation. AgreedError passes to the caller, on all ranks. Any other exception is on
/// this rank only, while others wait for it in the operation: calls end_all_ranks, before a caller could
/// catch it and leave them waiting. On a single rank every exception passes.
template <class Work>
decltype(auto) or_end_all(const Comm& comm, std::string_view operation, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const AgreedError&) {
    throw;
  } catch (const std::exception& error) {
    if (comm.size() == 1) throw;
    end_all_ranks(comm, operation, message_of(error));
  }
}

}  // namespace octopole::mpi
#pragma GCC visibility pop
