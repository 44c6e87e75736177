// Errors among ranks: what fails on one must not leave the others waiting.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "mpi/comm.hpp"
#include "octopole/error.hpp"

#pragma GCC visibility push(default)
namespace octopole::mpi {

/// What an exception says; memory that ran out with what to do about it.
std::string message_of(const std::exception& error);

/// Reports an error that this rank has while others may wait for it, and ends all ranks by MPI_Abort with
/// code 1: one message with rank, operation, stage and cause. Where all ranks come here within a second or
/// so, rank 0 alone speaks for them.
[[noreturn]] void end_all_ranks(const Comm& comm, std::string_view operation, const std::string& what);

/// Runs a collective operation. AgreedError passes to the caller, on all ranks. Any other exception is this
/// rank's alone, and others wait for it somewhere in the operation: end_all_ranks, before a caller could
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
