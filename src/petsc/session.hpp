// PETSc for a part of a program's life, without PETSc's headers.
#pragma once

#include <mpi.h>

#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// Initialises PETSc on a communicator of an MPI that is initialised already, with options as on its command
/// line ("-ksp_rtol", "1e-6", ..), and octopole in it; finalises it in the end, which is when -log_view
/// speaks. PETSc installs no signal handler. Collective.
class Session {
 public:
  Session(MPI_Comm comm, const std::vector<std::string>& options, const std::string& help = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Names of options that nobody has asked for so far, as -options_left knows them.
  std::vector<std::string> unused_options() const;
  /// Whether -help was among the options.
  bool wants_help() const;

 private:
  std::vector<std::string> texts_;
  std::vector<char*> arguments_;
};

}  // namespace octopole::petsc
#pragma GCC visibility pop
