#include "program.hpp"

#include <cstdio>
#include <exception>
#include <iostream>

#include "command.hpp"
#include "mpi_session.hpp"

namespace octopole::app {

std::optional<int> parse(const mpi::Comm& comm, CLI::App& program, int argc, char** argv) {
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& outcome) {
    if (comm.is_root()) program.exit(outcome, std::cout, std::cerr);
    return outcome.get_exit_code() == 0 ? kSuccess : kUsage;
  }
  return std::nullopt;
}

int run_reporting(const mpi::Comm& comm, const std::function<int()>& run) {
  try {
    return run();
  } catch (const UsageError& error) {
    report_failure(comm, error.what());
    return kUsage;
  } catch (const std::exception& error) {
    report_failure(comm, error.what());
    return kFailure;
  }
}

int run_main(const char* name, int argc, char** argv,
             const std::function<int(const mpi::Comm&, int, char**)>& run) {
  try {
    const MpiSession session(&argc, &argv);
    return run(mpi::Comm::duplicate(MPI_COMM_WORLD), argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: error: %s\n", name, error.what());
    return kFailure;
  }
}

}  // namespace octopole::app
