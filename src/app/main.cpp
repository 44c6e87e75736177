// The program octopole: parses the command line on all ranks and runs one subcommand.
#include <fmt/core.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/program.hpp"
#include "octopole/version.hpp"

namespace octopole::app {

namespace {

#if defined(OCTOPOLE_WITH_PETSC) && defined(OCTOPOLE_WITH_BEM)
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

/// Throws UsageError if the command line begins with `command`, which needs a module that this program was
/// built without; the CMake option `option` adds it.
[[maybe_unused]] void refuse(int argc, char** argv, std::string_view command, std::string_view module,
                             std::string_view option) {
  std::string words;
  for (int i = 1; i < argc && words.size() < command.size(); ++i) {
    if (i > 1) words += ' ';
    words += argv[i];
  }
  if (words == command)
    throw UsageError(fmt::format("this octopole was built without {}, which {} needs", module, command),
                     fmt::format("build it with -D{}=ON", option));
}

int run_program(const mpi::Comm& comm, int argc, char** argv) {
#ifndef OCTOPOLE_WITH_PETSC
  refuse(argc, argv, "capacitance", "PETSc", "OCTOPOLE_PETSC");
#endif
#ifndef OCTOPOLE_WITH_BEM
  refuse(argc, argv, "capacitance", "boundary elements", "OCTOPOLE_BEM");
  refuse(argc, argv, "generate mesh", "boundary elements", "OCTOPOLE_BEM");
#endif
#ifndef OCTOPOLE_WITH_PLANNER
  refuse(argc, argv, "plan", "the planner", "OCTOPOLE_PLANNER");
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
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_generate(program));
  commands.push_back(make_run(program));
  commands.push_back(make_calibrate(program));
  commands.push_back(make_bench(program));
#ifdef OCTOPOLE_WITH_PLANNER
  commands.push_back(make_plan_command(program));
#endif
  commands.push_back(make_throughput(program));
#if defined(OCTOPOLE_WITH_PETSC) && defined(OCTOPOLE_WITH_BEM)
  commands.push_back(make_capacitance(program, take_petsc_options(argc, argv)));
#endif
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
