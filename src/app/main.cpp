// octopole: the program. Parses the command line alike on all ranks and runs one subcommand.
#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "mpi_session.hpp"
#include "octopole/base/version.hpp"

namespace octopole::app {

namespace {

/// What CLI11 has to say, on rank 0; its exit code as one of ours.
int finish_parsing(const mpi::Comm& comm, const CLI::App& program, const CLI::ParseError& outcome) {
  if (comm.is_root()) program.exit(outcome, std::cout, std::cerr);
  return outcome.get_exit_code() == 0 ? kSuccess : kUsage;
}

#ifdef OCTOPOLE_WITH_PETSC
/// What follows `--` behind the subcommand capacitance belongs to PETSc, not to CLI11.
std::vector<std::string> take_petsc_options(int& argc, char** argv) {
  std::vector<std::string> options;
  const auto is = [argv](int i, std::string_view text) { return argv[i] == text; };
  int end = 1;
  while (end < argc && !is(end, "--")) ++end;
  if (argc < 2 || !is(1, "capacitance") || end == argc) return options;
  options.assign(argv + end + 1, argv + argc);
  argc = end;
  return options;
}
#endif

int run_program(const mpi::Comm& comm, int argc, char** argv) {
  CLI::App program{
      "octopole evaluates sums of 1 / (4 pi r) over many points, by a distributed kernel-independent fast "
      "multipole "
      "method.\nRun it under mpirun. OMP_NUM_THREADS or --threads sets the threads of each rank."};
  program.name("octopole");
  program.set_version_flag("--version", "octopole " + std::string(version().version));
  program.require_subcommand(1);
  program.failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format("octopole: error: {}\nRun with --help for more information.\n", error.what());
  });
  const std::array commands = {make_generate(program),
                               make_run(program),
                               make_calibrate(program),
                               make_bench(program),
                               make_plan_command(program)
#ifdef OCTOPOLE_WITH_PETSC
                                   ,
                               make_capacitance(program, take_petsc_options(argc, argv))
#endif
  };
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& outcome) {
    return finish_parsing(comm, program, outcome);
  }
  for (const auto& command : commands) {
    if (!command->parser()->parsed()) continue;
    try {
      return command->run(comm);
    } catch (const UsageError& error) {
      report_failure(comm, error.what());
      return kUsage;
    } catch (const std::exception& error) {
      report_failure(comm, error.what());
      return kFailure;
    }
  }
  return kUsage;
}

}  // namespace
}  // namespace octopole::app

int main(int argc, char** argv) {
  using namespace octopole;
  try {
    const app::MpiSession session(&argc, &argv);
    return app::run_program(mpi::Comm::duplicate(MPI_COMM_WORLD), argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "octopole: error: %s\n", error.what());
    return app::kFailure;
  }
}
