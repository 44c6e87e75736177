// Errors on several ranks: a failure on one must not leave the others waiting.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "mpi/comm.hpp"
#include "octopole/error.hpp"

#pragma GCC visibility push(default)
namespace octopole::mpi {

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
