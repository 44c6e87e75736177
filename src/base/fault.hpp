// Failures on purpose: how tests show that a rank that fails leaves no other waiting and no file damaged.
#pragma once

#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace octopole::fault {

/// What at() does where a fault is due.
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
/// in "tree@1:memory". Stages are those of a set-up, the operators and exchanges of an evaluation, and what
/// else calls mpi::Comm::enter; "tree/work" is the first local work of stage tree in which all ranks agree on
/// failures (mpi::collectively). Throws Error where the text is none of these.
Fault parse(std::string_view text);

/// Arms a fault in this process, or with an empty text none; until then the environment variable
/// OCTOPOLE_FAULT does. Throws Error as parse() does.
void arm(std::string_view text);

/// A stage that rank `rank` reaches, or the part `part` of it; fails where that is asked for. Costs next to
/// nothing where nothing is armed. Throws Error also for a value of OCTOPOLE_FAULT that parse() refuses.
void at(std::string_view stage, int rank, std::string_view part = {});

}  // namespace octopole::fault
#pragma GCC visibility pop
