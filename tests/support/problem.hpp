// Whole evaluations on the ranks of a test: problems, and functions that run them.
#pragma once

#include <mpi.h>

#include <optional>
#include <string>
#include <vector>

#include "kernels/any_kernel.hpp"
#include "kernels/direct.hpp"
#include "octopole/fmm.hpp"
#include "tests/support/points.hpp"

namespace octopole::test {

struct Problem {
  std::vector<double> sources, charges, targets;  // of all ranks; no targets: sources = targets
};

struct Part {
  int rank = 0, ranks = 1;
  std::vector<double> of(const std::vector<double>& values, std::size_t width) const {
    return block_of(values, width, rank, ranks);
  }
};

inline Part world() {
  Part part;
  MPI_Comm_rank(MPI_COMM_WORLD, &part.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &part.ranks);
  return part;
}

inline std::vector<double> gather(const std::vector<double>& mine, const Part& part) {
  int count = static_cast<int>(mine.size());
  std::vector<int> counts(static_cast<std::size_t>(part.ranks)), places(counts.size());
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, MPI_COMM_WORLD);
  for (std::size_t r = 1; r < counts.size(); ++r) places[r] = places[r - 1] + counts[r - 1];
  std::vector<double> all(static_cast<std::size_t>(places.back() + counts.back()));
  MPI_Allgatherv(mine.data(), count, MPI_DOUBLE, all.data(), counts.data(), places.data(), MPI_DOUBLE,
                 MPI_COMM_WORLD);
  return all;
}

inline Field gather(const Field& mine, const Part& part) {
  return {gather(mine.potential, part),
          gather(mine.gradient, part),
          gather(mine.hessian, part),
          gather(mine.pressure, part),
          mine.vectors,
          mine.components};
}

// The whole field, in the global order of the targets.
inline Field run(const Problem& problem, const Options& options, const Part& part,
                 MPI_Comm comm = MPI_COMM_WORLD) {
  Fmm fmm(comm, Laplace{}, options);
  if (problem.targets.empty())
    fmm.set_points(part.of(problem.sources, 3));
  else
    fmm.set_points(part.of(problem.sources, 3), part.of(problem.targets, 3));
  Field mine = fmm.evaluate(part.of(problem.charges, 1), Output::potential_and_gradient);
  if (part.ranks == 1) return mine;
  return gather(mine, part);
}

// The same of any kernel, on all ranks.
inline Field run(const AnyKernel& kernel, const Problem& problem, const Options& options,
                 const OperatorStores& stores = {}, std::string* note = nullptr) {
  const Part part = world();
  Fmm fmm(MPI_COMM_WORLD, kernel, options, stores);
  if (problem.targets.empty())
    fmm.set_points(part.of(problem.sources, 3));
  else
    fmm.set_points(part.of(problem.sources, 3), part.of(problem.targets, 3));
  const Field mine = fmm.evaluate(part.of(problem.charges, 1), Output::potential_and_gradient);
  if (note) *note = fmm.summary().operators_note;
  return gather(mine, part);
}

// The field computed on one rank, once, by rank 0; nothing on the others, which need not wait for it.
inline std::optional<Field> run_on_root(const Problem& problem, const Options& options) {
  if (world().rank != 0) return std::nullopt;
  return run(problem, options, Part{}, MPI_COMM_SELF);
}

// Direct sums, of which each rank computes those of its part of the targets; collective, the whole field on
// all ranks.
template <Kernel K>
Field direct(const K& kernel, const Problem& problem) {
  const Part part = world();
  const std::vector<double> targets = part.of(problem.targets.empty() ? problem.sources : problem.targets, 3);
  Field mine{std::vector<double>(targets.size() / 3), std::vector<double>(targets.size())};
  direct_sum(kernel, targets, problem.sources, problem.charges, mine.potential, mine.gradient);
  return gather(mine, part);
}
inline Field direct(const Problem& problem) {
  return direct(Laplace{}, problem);
}

// The same of any kernel, strengths and output.
inline Field direct(const AnyKernel& kernel, const std::vector<double>& targets,
                    const std::vector<double>& sources, const Strengths& strengths, Output output) {
  const Part part = world();
  Field mine;
  direct_sum(kernel, part.of(targets, 3), sources, strengths, output, mine);
  return gather(mine, part);
}

inline Problem make_problem(const std::string& shape, std::size_t n) {
  return {make_points(shape, n), make_charges(n), {}};
}

inline Options with_order(int order, int ncrit, M2lMethod m2l = M2lMethod::fft) {
  Options options;
  options.order = order;
  options.ncrit = ncrit;
  options.m2l = m2l;
  return options;
}

}  // namespace octopole::test
