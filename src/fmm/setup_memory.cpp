#include "fmm/setup_memory.hpp"

#include <algorithm>

namespace octopole {
namespace {

Index rows_of(const distributed::RowExchange& exchange) {
  return static_cast<Index>(exchange.send_rows().size() + exchange.receive_rows().size());
}

}  // namespace

PointNumbers point_numbers(const PointSetup& s, const Parameters& parameters) {
  return {s.source_exchange.caller_count(),
          s.results_exchange().caller_count(),
          s.owned_sources(),
          s.owned_targets(),
          s.ghosts.ghost_sources,
          !s.target_exchange,
          parameters.gradient()};
}

MovedRecords moved_points(const PointSetup& s) {
  const auto records =
      [](const distributed::PointExchange& exchange) {  // buffers include the rank's own points
        const mpi::SparseExchange& outward = exchange.outward();
        return outward.records_sent_away() + outward.records_from_elsewhere() == 0
                   ? 0
                   : outward.send_records() + outward.receive_records();
      };
  MovedRecords moved;
  moved.sources = records(s.source_exchange);
  if (s.target_exchange) moved.targets = records(*s.target_exchange);
  return moved;
}

MemoryNeeds needs_of_setup(const PointSetup& s, const Parameters& parameters, int threads) {
  const OperatorKey& key = parameters.operators;
  MemoryNeeds needs;
  needs.points = point_numbers(s, parameters);
  needs.moved = moved_points(s);
  needs.nodes = s.tree.size();
  needs.moved.ghost_sources = rows_of(s.ghosts.points);
  needs.moved.multipoles = rows_of(s.ghosts.multipoles);
  needs.moved.near_sums = rows_of(s.near_sums);
  needs.memory = rank_memory(s.rank_lists(), s.work, s.m2l, needs.points, parameters, s.partition.ranks());
  Index rows = 0;
  for (const M2lFftPlan& plan : s.m2l) rows = std::max(rows, plan.largest_rows);
  if (key.m2l == M2lMethod::fft)
    needs.m2l_workspace =
        m2l_fft_workspace_bytes(key.order, static_cast<std::size_t>(key.m2l_precision), rows, threads);
  return needs;
}

}  // namespace octopole
