#include "distributed/coarse_multipoles.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "distributed/row_packing.hpp"

namespace octopole::distributed {

CoarseMultipoles::CoarseMultipoles(const mpi::Comm& comm, const tree::EssentialTree& tree,
                                   std::span<const NodeIndex> own, std::span<const NodeIndex> wanted)
    : own_(own.begin(), own.end()), exchange_(comm, static_cast<Index>(own.size())) {
  std::vector<tree::NodeKey> mine;
  for (const NodeIndex node : own) mine.push_back(tree.keys[at(node)]);
  std::vector<tree::NodeKey> all(static_cast<std::size_t>(exchange_.total_records()));
  exchange_.run(mine.data(), all.data(), sizeof(tree::NodeKey));
  std::vector<Index> order(all.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto key = [&](Index record) { return all[static_cast<std::size_t>(record)]; };
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return key(a) < key(b); });
  mpi::collectively(comm, [&] {
    for (const NodeIndex node : wanted) {
      const tree::NodeKey sought = tree.keys[at(node)];
      const auto found = std::lower_bound(order.begin(), order.end(), sought,
                                          [&](Index record, tree::NodeKey k) { return key(record) < k; });
      if (found == order.end() || key(*found) != sought)
        throw Error("a coarse node that this rank needs has no owner", "please report this as a bug");
      wanted_.push_back({*found, node});
    }
  });
}

void CoarseMultipoles::gather(std::size_t record_bytes) {
  receive_.resize(static_cast<std::size_t>(exchange_.total_records()) * record_bytes);
  exchange_.run(send_.data(), receive_.data(), record_bytes);
}

void CoarseMultipoles::run_bytes(char* array, std::size_t row_bytes) {
  if (exchange_.total_records() == 0) return;
  send_.resize(own_.size() * row_bytes);
  pack_rows(array, own_, row_bytes, send_.data());
  gather(row_bytes);
#pragma omp parallel for schedule(static)
  for (const auto& wanted : wanted_)
    std::memcpy(array + static_cast<std::size_t>(wanted.row) * row_bytes,
                receive_.data() + static_cast<std::size_t>(wanted.record) * row_bytes, row_bytes);
}

void CoarseMultipoles::run_narrow(double* array, Index width) {
  if (exchange_.total_records() == 0) return;
  const std::size_t record_bytes = static_cast<std::size_t>(width) * sizeof(float);
  send_.resize(own_.size() * record_bytes);
  for (std::size_t i = 0; i < own_.size(); ++i)
    narrow_row(array + own_[i] * width, width, send_.data() + i * record_bytes);
  gather(record_bytes);
#pragma omp parallel for schedule(static)
  for (const auto& wanted : wanted_)
    widen_row(receive_.data() + static_cast<std::size_t>(wanted.record) * record_bytes, width,
              array + wanted.row * width);
}

}  // namespace octopole::distributed
