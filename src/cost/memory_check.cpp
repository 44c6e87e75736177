#include "cost/memory_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/machine.hpp"

namespace octopole {
namespace {

constexpr std::array<std::string_view, 4> kWhen = {"before the points are sorted (a lower bound)",
                                                   "once the tree is built (a lower bound)",
                                                   "once the lists are built", "once the set-up stands"};

/// Bytes that one rank will allocate under one bound.
struct Claim {
  std::uint64_t group;
  Index ahead;
};

std::string advice(const Parameters& parameters, bool limited) {
  std::string text = limited ? "use more ranks or a higher limit" : "use more nodes or fewer ranks per node";
  if (parameters.operators.precision == Precision::double_precision) text += ", single precision";
  text += ", fewer digits, or a larger ncrit";
  if (!limited) text += "; Options::memory_limit and --memory-limit set another limit, or none";
  return text;
}

}  // namespace

MemoryCheck::MemoryCheck(const mpi::Comm& comm, const Parameters& parameters, std::string root)
    : comm_(comm), parameters_(parameters), root_(std::move(root)) {
#ifndef OCTOPOLE_SMPI  // under SMPI, all virtual ranks are in one process on one real node
  if (!parameters.memory_limit) node_ = comm.on_node();
#endif
}

void MemoryCheck::require_for_operators() {
  MemoryEstimate estimate;
  estimate.operators = operator_bytes(parameters_.operators);
  estimate.set_up = comm_.is_root() ? operator_scratch_bytes(parameters_.operators) : 0;
  require(estimate, "before the operators are there");
}

void MemoryCheck::begin(Index replaced) {
  estimate_ = {};
  estimate_.operators = operator_bytes(parameters_.operators);
  estimate_.replaced = replaced;
}

MemoryNeeds MemoryCheck::needs_of(Index sources, Index targets, bool same) const {
  std::array<Index, 2> of_all = {sources, targets};
  comm_.allreduce(std::span<Index>(of_all), MPI_SUM);
  PointNumbers callers;
  callers.caller_sources = sources;
  callers.caller_targets = same ? sources : targets;
  callers.same = same;
  callers.gradient = parameters_.gradient();
  return needs_of_points(callers, of_all[0], of_all[1], parameters_, comm_.size());
}

void MemoryCheck::require_for_points(Index sources, Index targets, bool same) {
  require(needs_of(sources, targets, same), MemoryStage::points);
}

void MemoryCheck::require_before_reading(Index sources, Index targets, bool same) {
  if (parameters_.memory_limit) return;
  MemoryEstimate estimate =
      estimate_memory(needs_of(sources, targets, same), parameters_, comm_.size(), MemoryStage::points);
  estimate.operators = operator_bytes(parameters_.operators);
  estimate.set_up += static_cast<Index>(sizeof(double)) * (4 * sources + (same ? 0 : 3 * targets));
  require(estimate, "before the points are read (a lower bound)");
}

void MemoryCheck::require(const MemoryNeeds& needs, MemoryStage stage) {
  MemoryEstimate estimate = estimate_memory(needs, parameters_, comm_.size(), stage);
  estimate.operators = estimate_.operators;
  estimate.replaced = estimate_.replaced;
  estimate.allocated += estimate.operators + estimate.replaced;
  estimate.set_up = std::max(estimate.set_up, estimate_.set_up);
  estimate_ = estimate;
  require(estimate, kWhen[static_cast<std::size_t>(stage)]);
}

void MemoryCheck::require(const MemoryEstimate& estimate, std::string_view when) {
  Shortage mine;
  if (parameters_.memory_limit)
    mine = beyond_limit(estimate);
  else if (node_)
    mine = beyond_node(estimate);
  const mpi::ValueAndRank worst = comm_.max_with_rank(std::array{mine.bytes})[0];
  if (!(worst.value > 0)) return;
  comm_.broadcast(mine.message, worst.rank);
  throw AgreedError(fmt::format("not enough memory, as estimated {}: {}", when, mine.message));
}

MemoryCheck::Shortage MemoryCheck::beyond_limit(const MemoryEstimate& estimate) const {
  const Index limit = *parameters_.memory_limit;
  if (limit == kNoMemoryLimit || estimate.peak() <= limit) return {};
  return {estimate.peak() - limit,
          fmt::format("rank {} needs {}, and its limit is {} ({})", comm_.rank(),
                      human_bytes(estimate.peak()), human_bytes(limit), advice(parameters_, true))};
}

MemoryCheck::Shortage MemoryCheck::beyond_node(const MemoryEstimate& estimate) const {
  const std::vector<MemoryBound> bounds = memory_bounds(root_);
  const Index ahead = std::max(Index{0}, estimate.ahead());
  std::vector<Claim> mine;
  mine.reserve(bounds.size());
  for (const MemoryBound& bound : bounds) mine.push_back({bound.group, ahead});
  const std::vector<Claim> all = node_->gather_all(std::span<const Claim>(mine));
  Shortage worst;
  for (const MemoryBound& bound : bounds) {
    Index needed = ahead, ranks = 1;
    if (bound.group != 0) {
      needed = ranks = 0;
      for (const Claim& claim : all)
        if (claim.group == bound.group) {
          needed += claim.ahead;
          ++ranks;
        }
    }
    if (needed - bound.available <= worst.bytes) continue;
    worst = {
        needed - bound.available,
        fmt::format(
            "{} {} on {} {} {} more, rank {} alone {} of {} in all; of the {} of {}, {} are left ({})", ranks,
            ranks == 1 ? "rank" : "ranks", host_name(), ranks == 1 ? "needs" : "need", human_bytes(needed),
            comm_.rank(), human_bytes(ahead), human_bytes(estimate.peak()), human_bytes(bound.limit),
            bound.name, human_bytes(bound.available), advice(parameters_, false))};
  }
  return worst;
}

}  // namespace octopole
