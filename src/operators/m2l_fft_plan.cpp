// The plan of the M2L by FFT: which families of siblings are transformed and paired together.
#include <algorithm>
#include <utility>

#include "base/threads.hpp"
#include "operators/m2l_fft.hpp"
#include "operators/m2l_fft_kernel.hpp"

namespace octopole {
namespace {

constexpr Index kDirections = 27;
constexpr Index kSelf = 13;
constexpr std::size_t kChunk = 1024;                      // targets per chunk
constexpr std::size_t kMaxGroups = std::size_t{1} << 16;  // numbered by 16 bits

bool has_any(const SiblingView& nodes, NodeIndex parent, const std::uint8_t* flag) {
  const NodeIndex* children = nodes.children + Index(8) * parent;
  return std::any_of(children, children + 8, [flag](NodeIndex c) { return c != kNoNode && flag[c] != 0; });
}

/// Whether any child of `parent` needs a local and any child of its neighbours has a multipole.
bool has_pairs(const SiblingView& nodes, NodeIndex parent) {
  if (!has_any(nodes, parent, nodes.has_target)) return false;
  const NodeIndex* near = nodes.near + kDirections * parent;
  for (Index d = 0; d < kDirections; ++d)
    if (d != kSelf && near[d] != kNoNode && has_any(nodes, near[d], nodes.has_source)) return true;
  return false;
}

std::vector<NodeIndex> targets_of(std::span<const NodeIndex> parents, const SiblingView& nodes) {
  std::vector<std::uint8_t> keep(parents.size());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < parents.size(); ++i) keep[i] = has_pairs(nodes, parents[i]);
  std::vector<NodeIndex> targets;
  targets.reserve(static_cast<std::size_t>(std::count(keep.begin(), keep.end(), 1)));
  for (std::size_t i = 0; i < parents.size(); ++i)
    if (keep[i]) targets.push_back(parents[i]);
  return targets;
}

void append_children(const SiblingView& nodes, std::span<const NodeIndex> parents, const std::uint8_t* flag,
                     std::vector<NodeIndex>& children) {
  for (const NodeIndex parent : parents)
    for (Index c = 8 * Index(parent); c < 8 * Index(parent) + 8; ++c) {
      const NodeIndex child = nodes.children[c];
      children.push_back(child != kNoNode && flag[child] != 0 ? child : kNoNode);
    }
}

/// The parents whose children's multipoles the targets' children need: sorted, distinct.
std::vector<NodeIndex> sources_of(std::span<const NodeIndex> targets, const SiblingView& nodes) {
  std::vector<NodeIndex> sources;
  sources.reserve(static_cast<std::size_t>(kDirections) * targets.size());
  for (const NodeIndex target : targets)
    for (Index d = 0; d < kDirections; ++d)
      if (const NodeIndex near = nodes.near[kDirections * target + d]; d != kSelf && near != kNoNode)
        sources.push_back(near);
  std::sort(sources.begin(), sources.end());
  sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
  std::erase_if(sources, [&](NodeIndex source) { return !has_any(nodes, source, nodes.has_source); });
  return sources;
}

void append_block(std::span<const NodeIndex> targets, std::span<const NodeIndex> sources,
                  const SiblingView& nodes, M2lFftPlan& plan) {
  M2lFftBlock block;
  block.first_target = static_cast<Index>(plan.target_children.size() / 8);
  block.first_source = static_cast<Index>(plan.source_children.size() / 8);
  block.first_chunk = static_cast<Index>(plan.pair_end.size());
  block.targets = static_cast<std::int32_t>(targets.size());
  block.sources = static_cast<std::int32_t>(sources.size());
  append_children(nodes, targets, nodes.has_target, plan.target_children);
  append_children(nodes, sources, nodes.has_source, plan.source_children);
  for (std::size_t chunk = 0; chunk < targets.size(); chunk += kChunk, ++block.chunks) {
    plan.pair_end.emplace_back();
    for (Index d = 0; d < kDirections; ++d) {
      for (std::size_t t = chunk; d != kSelf && t < std::min(chunk + kChunk, targets.size()); ++t) {
        const NodeIndex near = nodes.near[kDirections * targets[t] + d];
        const auto place = std::lower_bound(sources.begin(), sources.end(), near);
        if (place == sources.end() || *place != near) continue;
        plan.pair_target.push_back(static_cast<std::uint16_t>(t));
        plan.pair_source.push_back(static_cast<std::uint16_t>(place - sources.begin()));
      }
      plan.pair_end.back()[static_cast<std::size_t>(d)] = static_cast<Index>(plan.pair_target.size());
    }
  }
  plan.largest_rows = std::max(plan.largest_rows, m2l_fft_rows(block.sources) + m2l_fft_rows(block.targets));
  plan.blocks.push_back(block);
}

/// Appends the blocks of a part of the targets, which is halved until targets plus sources are at most
/// `max_groups`.
void append_part(std::span<const NodeIndex> targets, std::size_t max_groups, const SiblingView& nodes,
                 M2lFftPlan& plan) {
  const std::vector<NodeIndex> sources = sources_of(targets, nodes);
  if (targets.size() == 1 || targets.size() + sources.size() <= max_groups) {
    append_block(targets, sources, nodes, plan);
    return;
  }
  append_part(targets.first(targets.size() / 2), max_groups, nodes, plan);
  append_part(targets.subspan(targets.size() / 2), max_groups, nodes, plan);
}

/// Halves the targets until each part has at most `max_targets`; appends the parts in order.
void halve_targets(std::span<const NodeIndex> targets, std::size_t max_targets,
                   std::vector<std::span<const NodeIndex>>& parts) {
  if (targets.size() <= max_targets) {
    parts.push_back(targets);
    return;
  }
  halve_targets(targets.first(targets.size() / 2), max_targets, parts);
  halve_targets(targets.subspan(targets.size() / 2), max_targets, parts);
}

M2lFftPlan join(std::vector<M2lFftPlan>& plans) {
  if (plans.size() == 1) return std::move(plans.front());
  std::size_t blocks = 0, targets = 0, sources = 0, pairs = 0, chunks = 0;
  for (const M2lFftPlan& part : plans) {
    blocks += part.blocks.size();
    targets += part.target_children.size();
    sources += part.source_children.size();
    pairs += part.pair_target.size();
    chunks += part.pair_end.size();
  }
  M2lFftPlan whole;
  whole.blocks.reserve(blocks);
  whole.target_children.reserve(targets);
  whole.source_children.reserve(sources);
  whole.pair_target.reserve(pairs);
  whole.pair_source.reserve(pairs);
  whole.pair_end.reserve(chunks);
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  for (M2lFftPlan& part : plans) {
    for (M2lFftBlock block : part.blocks) {
      block.first_target += static_cast<Index>(whole.target_children.size() / 8);
      block.first_source += static_cast<Index>(whole.source_children.size() / 8);
      block.first_chunk += static_cast<Index>(whole.pair_end.size());
      whole.blocks.push_back(block);
    }
    for (std::array<Index, 27> ends : part.pair_end) {
      for (Index& end : ends) end += static_cast<Index>(whole.pair_target.size());
      whole.pair_end.push_back(ends);
    }
    append(whole.target_children, part.target_children);
    append(whole.source_children, part.source_children);
    append(whole.pair_target, part.pair_target);
    append(whole.pair_source, part.pair_source);
    whole.largest_rows = std::max(whole.largest_rows, part.largest_rows);
    part = {};  // at most one part is held twice
  }
  return whole;
}

/// Numbers per family of the rows that are held at a time.
Index numbers_a_family(int order) {
  return (2 * Index(order) - 1) * order * m2l_fft_slab(order) * kM2lFftRow;
}

/// Maximum number of families per block, targets plus sources.
std::size_t families_of_block(int order, std::size_t real_bytes, std::size_t workspace_bytes) {
  const std::size_t family = static_cast<std::size_t>(numbers_a_family(order)) * real_bytes;
  return std::clamp(workspace_bytes / family, std::size_t{1}, kMaxGroups);
}

}  // namespace

Index m2l_fft_workspace_bytes(int order, std::size_t real_bytes, Index largest_rows, int threads) {
  const Index p = order, m = 2 * p - 1,
              scratch = std::max(16 * p * p * p + dft_work_size(order), m * largest_rows * kM2lFftRow);
  return largest_rows == 0
             ? 0
             : (numbers_a_family(order) * largest_rows + scratch * threads) * static_cast<Index>(real_bytes);
}

Index expected_m2l_fft_rows(int order, std::size_t real_bytes, Index targets, Index sources,
                            std::size_t workspace_bytes) {
  const auto families = static_cast<Index>(families_of_block(order, real_bytes, workspace_bytes));
  Index parts = 1;
  while (targets / parts > 1 && (targets + sources) / parts > families) parts *= 2;
  return m2l_fft_rows(targets / parts) + m2l_fft_rows(sources / parts);
}

M2lFftPlan plan_m2l_fft(int order, std::size_t real_bytes, std::span<const NodeIndex> parents,
                        const SiblingView& nodes, std::size_t workspace_bytes) {
  const std::vector<NodeIndex> targets = targets_of(parents, nodes);
  if (targets.empty()) return {};
  const std::size_t max_groups = families_of_block(order, real_bytes, workspace_bytes);
  std::vector<std::span<const NodeIndex>> parts;
  halve_targets(targets, max_groups, parts);
  std::vector<M2lFftPlan> plans(parts.size());
  parallel_for(static_cast<Index>(parts.size()), 1, [&](Index part) {
    const auto i = static_cast<std::size_t>(part);
    append_part(parts[i], max_groups, nodes, plans[i]);
    for (auto* array : {&plans[i].target_children, &plans[i].source_children}) array->shrink_to_fit();
    for (auto* array : {&plans[i].pair_target, &plans[i].pair_source}) array->shrink_to_fit();
  });
  return join(plans);
}

}  // namespace octopole
