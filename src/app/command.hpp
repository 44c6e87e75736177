// A subcommand: the options that it adds to the command line, and its run on all ranks.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <stdexcept>
#include <string>
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

class Command {
 public:
  virtual ~Command() = default;
  virtual CLI::App* parser() const = 0;
  /// Runs the subcommand and returns the exit code, of which that of rank 0 counts. Only rank 0 prints.
  /// Collective.
  virtual int run(const mpi::Comm& comm) = 0;
};

std::unique_ptr<Command> make_generate(CLI::App& program);
std::unique_ptr<Command> make_run(CLI::App& program);
std::unique_ptr<Command> make_calibrate(CLI::App& program);
std::unique_ptr<Command> make_bench(CLI::App& program);
/// Only in programs with the planner.
std::unique_ptr<Command> make_plan_command(CLI::App& program);
std::unique_ptr<Command> make_rates(CLI::App& program);
/// Only in programs with PETSc and boundary elements; `petsc` are PETSc options.
std::unique_ptr<Command> make_capacitance(CLI::App& program, std::vector<std::string> petsc);

/// Runs check_writable for an output file on rank 0; throws the same Error on all ranks.
void check_output(const mpi::Comm& comm, const std::string& path);

}  // namespace octopole::app
