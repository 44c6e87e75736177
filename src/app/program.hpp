// How octopole's programs begin and end: parsing on all ranks, errors as messages and exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>

#include "octopole/mpi/comm.hpp"

namespace octopole::app {

/// Parses the command line alike on all ranks. The exit code where there is nothing more to do (help, or what
/// is wrong, which rank 0 tells).
std::optional<int> parse(const mpi::Comm& comm, CLI::App& program, int argc, char** argv);

/// The exit code of `run`; where it throws, the message by report_failure and the code of the error.
int run_reporting(const mpi::Comm& comm, const std::function<int()>& run);

/// All of main(): MPI for the life of `run`. Errors before there are ranks to report them are told as
/// `name`'s.
int run_main(const char* name, int argc, char** argv,
             const std::function<int(const mpi::Comm&, int, char**)>& run);

}  // namespace octopole::app
