// The program octopole: parses the command line on all ranks and runs one subcommand.
#include <fmt/core.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "app/help.hpp"
#include "app/program.hpp"
#include "octopole/version.hpp"

namespace octopole::app {

namespace {

#ifdef OCTOPOLE_WITH_PETSC
/// Takes the arguments after `--` of the subcommand capacitance, which are for PETSc, not CLI11.
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
#ifndef OCTOPOLE_WITH_PETSC
  if (argc > 1 && std::string_view(argv[1]) == "capacitance")
    throw UsageError("this octopole was built without PETSc, which capacitance needs",
                     "build it with -DOCTOPOLE_PETSC=ON");
#endif
  CLI::App program{
      "octopole evaluates sums of 1 / (4 pi r) over many points, by a distributed kernel-independent fast "
      "multipole "
      "method.\nRun it under mpirun. OMP_NUM_THREADS or --threads sets the threads of each rank."};
  program.name("octopole");
  program.formatter(std::make_shared<GroupedHelp>());  // subcommands inherit it
  program.set_help_all_flag("--help-all", "Print this help with the options for experts and exit");
  program.set_version_flag("--version", "octopole " + std::string(version().version));
  program.require_subcommand(1);
  program.failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format("octopole: error: {}\nRun with --help for more information.\n", error.what());
  });
  const std::array commands = {make_generate(program),
                               make_run(program),
                               make_calibrate(program),
                               make_bench(program),
                               make_plan_command(program),
                               make_rates(program)
#ifdef OCTOPOLE_WITH_PETSC
                                   ,
                               make_capacitance(program, take_petsc_options(argc, argv))
#endif
  };
  if (const std::optional<int> ended = parse(comm, program, argc, argv)) return *ended;
  for (const auto& command : commands)
    if (command->parser()->parsed()) return command->run(comm);
  return kUsage;
}

}  // namespace
}  // namespace octopole::app

int main(int argc, char** argv) {
  return octopole::app::run_main("octopole", argc, argv, octopole::app::run_program);
}
