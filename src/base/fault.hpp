// Injected failures: tests use them to show that a failing rank leaves no other waiting and no file damaged.
#pragma once

#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace octopole::fault {

/// What at() does when a fault is due.
enum class Kind {
  error,   // throws Error
  memory,  // throws std::bad_alloc
  kill     // ends the process at once by SIGKILL
};

/// One fault: the `occurrence`-th time (from 1) that this rank reaches `stage`.
struct Fault {
  std::string stage;
  int rank = 0;
  Kind kind = Kind::error;
  int occurrence = 1;
};

/// Reads "STAGE@RANK", "STAGE@RANK:KIND" or "STAGE@RANK:KIND:OCCURRENCE" with KIND error, memory or kill, as
/// in "tree@1:memory". Stages are those of a set-up, the operators and exchanges of an evaluation, and all
/// others passed to mpi::Comm::enter; "tree/work" is the first local work of stage tree in which all ranks
/// agree on failures (mpi::collectively). Throws Error for any other text.
Fault parse(std::string_view text);

/// Sets the fault of this process, or none for an empty text; until then the environment variable
/// OCTOPOLE_FAULT determines it. Throws Error as parse() does.
void arm(std::string_view text);

/// Marks that rank `rank` reaches a stage, or its part `part`; fails if a fault is due there. Costs next to
/// nothing without a fault. Throws Error also for a value of OCTOPOLE_FAULT that parse() refuses.
void at(std::string_view stage, int rank, std::string_view part = {});

}  // namespace octopole::fault
#pragma GCC visibility pop
