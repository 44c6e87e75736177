// Start and end of octopole's programs: parsing on all ranks, errors as messages and exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>

#include "mpi/comm.hpp"

namespace octopole::app {

/// Parses the command line, which run_main has checked to be the same on all ranks, and checks that every
/// rank supports its instruction set. Returns the exit code if there is nothing more to do (help, or an
/// error, which rank 0 prints). Collective.
std::optional<int> parse(const mpi::Comm& comm, CLI::App& program, int argc, char** argv);

/// The whole of main(): initialises MPI, calls `run` on all ranks, and finalises MPI. Returns the exit code
/// of rank 0's run. An error that ranks agree on is printed by rank 0 and gives kUsage if it is a UsageError,
/// else kFailure; any other error ends all ranks (mpi::end_all_ranks). Throws nothing.
int run_main(const char* name, int argc, char** argv,
             const std::function<int(const mpi::Comm&, int, char**)>& run);

}  // namespace octopole::app
