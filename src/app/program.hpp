// How octopole's programs begin and end: parsing on all ranks, errors as messages and exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>

#include "mpi/comm.hpp"

namespace octopole::app {

/// Parses the command line, which run_main has found the same on all ranks, and makes sure that every rank
/// can compute. The exit code where there is nothing more to do (help, or what is wrong, which rank 0
/// prints). Collective.
std::optional<int> parse(const mpi::Comm& comm, CLI::App& program, int argc, char** argv);

/// All of main(): MPI for the life of `run`, which is called on all ranks. Returns the exit code of rank 0's
/// run. An error that ranks agree on is printed by rank 0 and ends with kUsage where it is a UsageError, else
/// with kFailure; any other one ends all ranks (mpi::end_all_ranks). Throws nothing.
int run_main(const char* name, int argc, char** argv,
             const std::function<int(const mpi::Comm&, int, char**)>& run);

}  // namespace octopole::app
