// PETSc for a part of a program's run, without PETSc's headers.
#pragma once

#include <mpi.h>

#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// Initialises PETSc, and octopole in it, on a communicator of an initialised MPI, with options as on its
/// command line ("-ksp_rtol", "1e-6", ..). The destructor finalises it, which is when -log_view prints. PETSc
/// installs no signal handler. Collective.
class Session {
 public:
  Session(MPI_Comm comm, const std::vector<std::string>& options, const std::string& help = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Names of options that have not been read so far, as reported by -options_left.
  std::vector<std::string> unused_options() const;
  /// Whether -help was among the options.
  bool wants_help() const;

 private:
  std::vector<std::string> texts_;
  std::vector<char*> arguments_;
};

}  // namespace octopole::petsc
#pragma GCC visibility pop
