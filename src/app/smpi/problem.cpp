#include "app/smpi/problem.hpp"

#include <cmath>

#include "app/smpi/charge.hpp"
#include "cost/tuning.hpp"
#include "fmm/access.hpp"
#include "fmm/set_points.hpp"
#include "io/points_file.hpp"
#include "tree/morton.hpp"
#include "tree/root_cube.hpp"

namespace octopole::app {
namespace {

struct Row {
  double x, y, z, charge, number;
};

morton::Bounds bounds_of(const std::vector<double>& positions) {
  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(positions);
  return bounds;
}

}  // namespace

void choose_leaves(const mpi::Comm& comm, Options& options, Shape shape, Index points, std::uint64_t seed) {
  const Parameters parameters = resolve(options, Laplace::name);
  Tuning tuning;
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    const std::vector<double> positions = make_positions(shape, 0, points, seed);
    tuning =
        tune(mpi::Comm::duplicate(MPI_COMM_SELF), bounds_of(positions), parameters, positions, std::nullopt);
  });
  comm.broadcast(std::span<int>(&tuning.ncrit, 1));
  comm.broadcast(std::span<double>(&tuning.padding, 1));
  options.ncrit = tuning.ncrit;
  options.padding = tuning.padding;
}

Problem make_block(const mpi::Comm& comm, Shape shape, Index points, std::uint64_t seed) {
  const RowBlock mine = block_of(points, comm.rank(), comm.size());
  Problem block{make_positions(shape, mine.first, mine.count, seed),
                make_charges(Charges::uniform, mine.first, mine.count, seed),
                {}};
  for (Index i = 0; i < mine.count; ++i) block.numbers.push_back(static_cast<double>(mine.first + i));
  return block;
}

Problem make_sorted_block(const mpi::Comm& comm, double padding, Shape shape, Index points,
                          std::uint64_t seed) {
  std::vector<Index> counts(static_cast<std::size_t>(comm.size()), 0);
  std::vector<Row> rows;
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    const std::vector<double> positions = make_positions(shape, 0, points, seed),
                              charges = make_charges(Charges::uniform, 0, points, seed);
    auto codes = morton::encode(morton::RootCube::enclosing(bounds_of(positions), padding), positions);
    for (const Index i : morton::sort_codes(codes)) {
      const double* const p = &positions[3 * static_cast<std::size_t>(i)];
      rows.push_back({p[0], p[1], p[2], charges[static_cast<std::size_t>(i)], static_cast<double>(i)});
    }
    for (int rank = 0; rank < comm.size(); ++rank)
      counts[static_cast<std::size_t>(rank)] = block_of(points, rank, comm.size()).count;
  });
  Problem block;
  for (const Row& row : comm.all_to_all(std::span<const Row>(rows), counts)) {
    block.points.insert(block.points.end(), {row.x, row.y, row.z});
    block.charges.push_back(row.charge);
    block.numbers.push_back(row.number);
  }
  return block;
}

Problem move_to_owners(const mpi::Comm& comm, const Options& options, Problem block) {
  PointSetup setup = set_points(comm, resolve(options, Laplace::name), block.points, std::nullopt);
  const auto owned = static_cast<std::size_t>(setup.owned_sources());
  Problem moved{std::vector<double>(3 * owned), std::vector<double>(owned), std::vector<double>(owned)};
  setup.source_exchange.to_owners<3>(block.points.data(), moved.points.data());
  setup.source_exchange.to_owners(block.charges.data(), moved.charges.data());
  setup.source_exchange.to_owners(block.numbers.data(), moved.numbers.data());
  return moved;
}

OneRank compute_on_one_rank(const mpi::Comm& comm, const Options& options, Shape shape, Index points,
                            std::uint64_t seed, Output output) {
  OneRank alone;
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    Fmm fmm(MPI_COMM_SELF, Laplace{}, options);
    WorkCharger counter(fmm.parameters(), true, 1, false);  // copies are not counted
    FmmAccess::observe(fmm, &counter);
    fmm.set_points(make_positions(shape, 0, points, seed));
    alone.potential = fmm.evaluate(make_charges(Charges::uniform, 0, points, seed), output).potential;
    alone.seconds = counter.total();
  });
  comm.broadcast(std::span<double>(&alone.seconds, 1));
  return alone;
}

double difference(const mpi::Comm& comm, const Problem& problem, const Field& field, const OneRank& alone) {
  std::vector<Index> to_root(static_cast<std::size_t>(comm.size()), 0);
  to_root[0] = static_cast<Index>(field.potential.size());
  const std::vector<double> potentials = comm.all_to_all(std::span<const double>(field.potential), to_root),
                            numbers = comm.all_to_all(std::span<const double>(problem.numbers), to_root);
  double relative = 0;
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    if (numbers.size() != alone.potential.size()) throw Error("points were lost on the way to their owners");
    double squares = 0, differences = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double expected = alone.potential[static_cast<std::size_t>(numbers[i])];
      squares += expected * expected;
      differences += (potentials[i] - expected) * (potentials[i] - expected);
    }
    relative = std::sqrt(differences / squares);
  });
  comm.broadcast(std::span<double>(&relative, 1));
  return relative;
}

}  // namespace octopole::app
