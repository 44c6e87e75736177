// Runs one case on the ranks of a communicator and judges it.
#pragma once

#include <mpi.h>

#include <string>

#include "tests/ugly/case.hpp"

namespace octopole::ugly {

enum class Verdict { passed, refused, failed };

struct Outcome {
  Verdict verdict = Verdict::passed;
  std::string reason;  // of a failure or refusal, on rank 0
};

/// Collective over `comm`, which has the case's number of ranks; the same verdict on all of them.
Outcome run_case(const Case& c, MPI_Comm comm);

}  // namespace octopole::ugly
