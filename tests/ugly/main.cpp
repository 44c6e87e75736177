// octopole_ugly_problems: random problems, options and callers against a direct sum.
//
// Ranks are divided among several cases at a time. Each case is a pure function of the seed, its number and
// the number of ranks of the run; a failure names the command that repeats it.
#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "mpi/finalize.hpp"
#include "tests/ugly/run_case.hpp"

namespace octopole::ugly {
namespace {

struct Arguments {
  std::uint64_t seed = 1, first = 0, cases = 100;
  bool one_case = false, verbose = false;
  unsigned patience = 120;  // seconds per case
};

constexpr const char* kUsage =
    "Usage: octopole_ugly_problems [--seed S] [--cases N | --case K] [--first K] [--patience SECONDS] "
    "[--verbose]\n"
    "Compares N random problems with a direct sum, from number K (0) on, or number K alone.\n"
    "Ends with the line 'N passed, N failed, N refused' and exits with 1 where any failed.\n";

std::optional<Arguments> parse(int argc, char** argv) {
  Arguments a;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--verbose") {
      a.verbose = true;
      continue;
    }
    if (i + 1 == argc) return std::nullopt;
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(argv[++i], &end, 10);
    if (*end != '\0') return std::nullopt;
    if (name == "--seed")
      a.seed = value;
    else if (name == "--cases")
      a.cases = value;
    else if (name == "--first")
      a.first = value;
    else if (name == "--patience")
      a.patience = static_cast<unsigned>(value);
    else if (name == "--case")
      a.first = value, a.cases = 1, a.one_case = true;
    else
      return std::nullopt;
  }
  return a;
}

// What this rank is doing, for the handler of a signal that ends it.
std::array<char, 256> g_at{};

void on_signal(int signal) {
  char text[400];
  const int length = std::snprintf(text, sizeof text, "%s: %s\n", g_at.data(),
                                   signal == SIGALRM ? "does not end" : strsignal(signal));
  if (length > 0) (void)!write(STDERR_FILENO, text, static_cast<std::size_t>(length));
  _exit(3);
}

void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

// Waiting ranks must not take cores from those that compute.
void wait_for_all() {
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(MPI_COMM_WORLD, &request);
  for (int done = 0; !done;) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (!done) usleep(500);
  }
}

std::string repeat(const Arguments& a, std::uint64_t number, int ranks) {
  return fmt::format("mpirun -n {} octopole_ugly_problems --seed {} --case {}", ranks, a.seed, number);
}

Verdict run(const Arguments& a, std::uint64_t number, int most_ranks, MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  std::snprintf(g_at.data(), g_at.size(), "rank %d of case %llu (%s)", rank,
                static_cast<unsigned long long>(number), repeat(a, number, most_ranks).c_str());
  alarm(a.patience);
  const Case c = draw_case(a.seed, number, most_ranks);
  if (rank == 0 && (a.verbose || a.one_case)) say(fmt::format("case {}: {}", number, c.description));
  const double start = MPI_Wtime();
  const Outcome outcome = run_case(c, comm);
  alarm(0);
  if (rank != 0) return outcome.verdict;
  if (outcome.verdict == Verdict::failed)
    say(fmt::format("FAILED case {}: {}\n  {}\n  repeat: {}", number, outcome.reason, c.description,
                    repeat(a, number, most_ranks)));
  else if (a.verbose || a.one_case)
    say(fmt::format("case {}: {} in {:.3f} s {}", number,
                    outcome.verdict == Verdict::passed ? "passed" : "refused", MPI_Wtime() - start,
                    outcome.reason));
  return outcome.verdict;
}

int run_all(const Arguments& a) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (const std::string missing = options_never_drawn(a.seed); !missing.empty()) {
    if (rank == 0) say("FAILED: these options are never drawn: " + missing);
    return 1;
  }
  std::array<long, 3> counts{};  // by verdict
  const std::uint64_t end = a.first + a.cases;
  for (std::uint64_t next = a.first; next < end;) {
    // As many of the next cases as fit the ranks.
    std::optional<std::uint64_t> mine;
    for (int used = 0; next < end; ++next) {
      const int needed = ranks_of_case(a.seed, next, ranks);
      if (used + needed > ranks) break;
      if (rank >= used && rank < used + needed) mine = next;
      used += needed;
    }
    MPI_Comm comm = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, mine ? static_cast<int>(*mine - a.first) : MPI_UNDEFINED, rank, &comm);
    if (mine) {
      const Verdict verdict = run(a, *mine, ranks, comm);
      int group_rank = 0;
      MPI_Comm_rank(comm, &group_rank);
      if (group_rank == 0) ++counts[static_cast<std::size_t>(verdict)];
      MPI_Comm_free(&comm);
    }
    wait_for_all();
  }
  MPI_Allreduce(MPI_IN_PLACE, counts.data(), 3, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) say(fmt::format("{} passed, {} failed, {} refused", counts[0], counts[2], counts[1]));
  return counts[2] == 0 ? 0 : 1;
}

}  // namespace
}  // namespace octopole::ugly

int main(int argc, char** argv) {
  using namespace octopole::ugly;
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  for (const int signal : {SIGALRM, SIGABRT, SIGTERM}) std::signal(signal, on_signal);
#ifndef __SANITIZE_ADDRESS__  // its own report says more
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE}) std::signal(signal, on_signal);
#endif
  const std::optional<Arguments> arguments = parse(argc, argv);
  int status = 2;
  if (arguments) {
    status = run_all(*arguments);
  } else {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0) std::fputs(kUsage, stderr);
  }
  for (const int signal : {SIGALRM, SIGABRT, SIGTERM}) std::signal(signal, SIG_DFL);
  octopole::mpi::finalize();
  return status;
}
