// Rows exchanged in every evaluation: ghost points, ghost and coarse multipoles, shared ancestors.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "distributed/row_exchange.hpp"
#include "mpi/exchange.hpp"
#include "tree/interaction_lists.hpp"

#pragma GCC visibility push(default)
namespace octopole::distributed {

/// Numbers the sources of ghost leaves after the rank's own sources (tree.source_begin, tree.source_end);
/// returns how many they are.
Index place_ghosts(std::span<const NodeIndex> leaves, Index own_sources, tree::EssentialTree& tree);

/// Nodes whose multipoles this rank sends to the owners of their parents, or receives as the owner of their
/// parents: by level of the nodes and by rank, ascending.
struct AncestorRows {
  std::map<int, std::map<int, std::vector<Index>>> send, receive;
};
AncestorRows find_ancestor_rows(const tree::EssentialTree& tree, int rank);

/// Sends the multipoles of coarse nodes, which very many ranks need, to all ranks: one collective instead of
/// messages from the owner of each coarse node to each of its users.
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
  void run_float_wire(double* array, Index width);

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

/// Fixed exchange plans. Every rank requests from the owners exactly what its lists contain: the points of
/// its P2P and P2L lists, the multipoles of its V and M2P lists. If `float_wire`, multipoles must
/// be sent by start_float_wire and run_float_wire.
struct Ghosts {
  RowExchange points;       // rows are sources: this rank's first, then ghosts
  RowExchange multipoles;   // rows are nodes
  CoarseMultipoles coarse;  // rows are nodes
  bool float_wire = false;
  Index ghost_sources = 0;
  Traffic requests;  // traffic of the requests
};

/// Plans the exchanges and calls place_ghosts: ghost sources follow the `own_sources` sources of this rank.
/// Collective.
Ghosts plan_ghosts(const mpi::Comm& comm, mpi::Transport transport, const tree::Partition& partition,
                   const tree::MultipoleRule& rule, const tree::NodeLists& v,
                   const tree::OperatorLists& operator_lists, Index own_sources, tree::EssentialTree& tree);

/// The upward pass over nodes that several ranks share: before M2M to the parents of a level, the complete
/// multipoles of children owned by other ranks are sent to the parent's owner. There are no partial sums, so
/// multipoles are bitwise those of a run on one rank.
struct Ancestors {
  struct Step {
    int child_level;
    RowExchange exchange;  // rows are nodes
  };
  std::vector<Step> steps;  // deepest level first; the same levels on all ranks
};

/// Plans the exchanges of the upward pass. Collective.
Ancestors plan_ancestors(const mpi::Comm& comm, mpi::Transport transport, const tree::EssentialTree& tree);

using tree::kFirstLevel;

}  // namespace octopole::distributed
#pragma GCC visibility pop
