// A program of octopole on all ranks: its subcommands, parsing, help, errors as messages and exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mpi/comm.hpp"
#include "octopole/error.hpp"

namespace octopole::app {

/// Exit codes of the program.
enum Exit : int { kSuccess = 0, kFailure = 1, kUsage = 2, kInaccurate = 3 };

/// Options that cannot be used together or are out of range: exit code 2. An AgreedError, since it depends
/// only on the command line, which is the same on all ranks.
class UsageError : public AgreedError {
 public:
  using AgreedError::AgreedError;
};

/// A subcommand: the options that it adds to the command line, and its run on all ranks.
class Command {
 public:
  virtual ~Command() = default;
  virtual CLI::App* parser() const = 0;
  /// Runs the subcommand and returns the exit code, of which that of rank 0 counts. Only rank 0 prints.
  /// Collective.
  virtual int run(const mpi::Comm& comm) = 0;
};

std::unique_ptr<Command> make_generate(CLI::App& program);
std::unique_ptr<Command> make_generate_mesh(
    CLI::App& generate);  // a subcommand of generate, with boundary elements
std::unique_ptr<Command> make_run(CLI::App& program);
std::unique_ptr<Command> make_calibrate(CLI::App& program);
std::unique_ptr<Command> make_bench(CLI::App& program);
/// Only in programs with the planner.
std::unique_ptr<Command> make_plan_command(CLI::App& program);
std::unique_ptr<Command> make_throughput(CLI::App& program);
/// Only in programs with PETSc and boundary elements; `petsc` are PETSc options.
std::unique_ptr<Command> make_capacitance(CLI::App& program, std::vector<std::string> petsc);

/// Runs check_writable for an output file on rank 0; throws the same Error on all ranks.
void check_output(const mpi::Comm& comm, const std::string& path);

/// Parses the command line, which run_main has checked to be the same on all ranks, and checks that every
/// rank supports its instruction set. Returns the exit code if there is nothing more to do (help, or an
/// error, which rank 0 prints). Collective.
std::optional<int> parse(const mpi::Comm& comm, CLI::App& program, int argc, char** argv);

/// The whole of main(): initialises MPI, calls `run` on all ranks, and finalises MPI. Returns the exit code
/// of rank 0's run. An error that ranks agree on is printed by rank 0 and gives kUsage if it is a UsageError,
/// else kFailure; any other error ends all ranks (mpi::end_all_ranks). Throws nothing.
int run_main(const char* name, int argc, char** argv,
             const std::function<int(const mpi::Comm&, int, char**)>& run);

// ---- help: --help shows what most users need, in groups; --help-all adds the options for experts.

inline constexpr char kInputGroup[] = "Input", kAccuracyGroup[] = "Accuracy", kOutputGroup[] = "Output",
                      kReportGroup[] = "Report", kRunGroup[] = "Run";

/// Name of the group of expert options with this title.
inline std::string expert_group(std::string_view title) {
  return "Expert: " + std::string(title);
}

/// Omits groups of expert options unless all are requested.
class GroupedHelp : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    all_ = mode == CLI::AppFormatMode::All;
    std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
    for (std::size_t gap = 0; (gap = text.find("\n\n\n", gap)) != std::string::npos;) text.erase(gap, 1);
    return text;
  }
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    if (!all_ && group.starts_with("Expert: ")) return {};
    return CLI::Formatter::make_group(std::move(group), is_positional, std::move(options));
  }

 private:
  mutable bool all_ = false;
};

}  // namespace octopole::app
