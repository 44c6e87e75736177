#include "app/program.hpp"

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "base/threads.hpp"
#include "io/atomic_file.hpp"
#include "mpi/agreement.hpp"
#include "mpi/finalize.hpp"
#include "simd/isa.hpp"

namespace octopole::app {
namespace {

/// Initialises MPI (MPI_THREAD_FUNNELED) and finalises it.
class MpiSession {
 public:
  MpiSession(int* argc, char*** argv) {
    int provided = MPI_THREAD_SINGLE;
    const int needed = kThreads ? MPI_THREAD_FUNNELED : MPI_THREAD_SINGLE;
    mpi::check(MPI_Init_thread(argc, argv, needed, &provided), "MPI_Init_thread");
    if (provided < needed) throw Error("this MPI library does not allow threads (MPI_THREAD_FUNNELED)");
  }
  ~MpiSession() { mpi::finalize(); }
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
};

/// Throws unless all ranks have the same arguments; mpiexec can give some ranks others.
void require_equal_arguments(const mpi::Comm& comm, int argc, char** argv) {
  comm.enter("arguments");
  mpi::NamedValue line{"the command line", "'"};
  for (int i = 1; i < argc; ++i) line.value += (i > 1 ? " " : "") + std::string(argv[i]);
  line.value += "'";
  mpi::require_equal(comm, {&line, 1}, "start the program with the same arguments on every rank");
}

/// The exit code of run() on rank 0, so that rounding on other ranks does not decide the job's exit code.
int run_reporting(const mpi::Comm& comm, const char* name, const std::function<int()>& run) {
  const auto report = [&comm](const std::exception& error) {
    if (comm.is_root()) std::fprintf(stderr, "octopole: error: %s\n", error.what());
  };
  try {
    return mpi::or_end_all(comm, name, [&] { return comm.of_root(run()); });
  } catch (const UsageError& error) {
    report(error);
    return kUsage;
  } catch (const std::exception& error) {
    report(error);
    return kFailure;
  }
}

}  // namespace

void check_output(const mpi::Comm& comm, const std::string& path) {
  mpi::collectively(comm, [&] {
    if (comm.is_root()) check_writable(path);
  });
}

std::optional<int> parse(const mpi::Comm& comm, CLI::App& program, int argc, char** argv) {
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& outcome) {
    if (comm.is_root()) program.exit(outcome, std::cout, std::cerr);
    return outcome.get_exit_code() == 0 ? kSuccess : kUsage;
  }
  try {
    mpi::collectively(comm, [] { simd::active_isa(); });
  } catch (const AgreedError& error) {  // OCTOPOLE_SIMD, possibly only on some ranks
    throw UsageError(error.what());
  }
  return std::nullopt;
}

int run_main(const char* name, int argc, char** argv,
             const std::function<int(const mpi::Comm&, int, char**)>& run) {
  try {
    const MpiSession session(&argc, &argv);
    const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
    return run_reporting(comm, name, [&] {
      require_equal_arguments(comm, argc, argv);
      return run(comm, argc, argv);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: error: %s\n", name, error.what());
    return kFailure;
  }
}

}  // namespace octopole::app
