// Sends the multipoles of coarse nodes, which very many ranks need, to all ranks.
#pragma once

#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "mpi/exchange.hpp"
#include "tree/ghost_needs.hpp"

#pragma GCC visibility push(default)
namespace octopole::distributed {

/// Uses one collective instead of messages from the owner of each coarse node to each of its users.
class CoarseMultipoles {
 public:
  CoarseMultipoles() = default;
  /// `own` is the result of own_coarse_nodes, `wanted` the nodes whose multipoles this rank needs from
  /// others. Throws Error on all ranks if a wanted node is in no rank's `own`. Collective.
  CoarseMultipoles(const mpi::Comm& comm, const tree::EssentialTree& tree, std::span<const NodeIndex> own,
                   std::span<const NodeIndex> wanted);

  /// Writes the wanted rows, of `width` values each. Collective.
  template <class T>
  void run(T* array, Index width) {
    run_bytes(reinterpret_cast<char*>(array), static_cast<std::size_t>(width) * sizeof(T));
  }
  /// As run, for doubles that are sent as floats.
  void run_narrow(double* array, Index width);

  const mpi::AllGather& exchange() const { return exchange_; }

 private:
  void run_bytes(char* array, std::size_t row_bytes);
  void gather(std::size_t record_bytes);
  struct Wanted {
    Index record, row;
  };
  std::vector<Index> own_;  // rows
  std::vector<Wanted> wanted_;
  mpi::AllGather exchange_;
  AlignedVector<char> send_, receive_;
};

}  // namespace octopole::distributed
#pragma GCC visibility pop
