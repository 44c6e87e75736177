// Which rows travel between ranks in every evaluation: ghost points, ghost multipoles, shared ancestors.
#pragma once

#include <map>
#include <vector>

#include "distributed/coarse_multipoles.hpp"
#include "distributed/row_exchange.hpp"
#include "tree/ghost_needs.hpp"
#include "tree/partners.hpp"

#pragma GCC visibility push(default)
namespace octopole::distributed {

/// Gives ghost leaves their places behind the rank's own sources (tree.source_begin, tree.source_end);
/// returns the number of their sources.
Index place_ghosts(std::span<const NodeIndex> leaves, Index own_sources, tree::EssentialTree& tree);

/// Nodes whose multipoles go to, or come from, the owners of their parents and children: by level of the
/// children and by rank, ascending.
struct AncestorRows {
  std::map<int, std::map<int, std::vector<Index>>> send, receive;
};
AncestorRows find_ancestor_rows(const tree::EssentialTree& tree, int rank);

/// Frozen exchanges. Every rank asks the owners for exactly what its lists name: the points of its P2P and
/// P2L partners, the multipoles of its V lists and M2P partners. Where `narrow`, multipoles must go by
/// start_narrow and run_narrow.
struct Ghosts {
  RowExchange points;       // rows are sources: this rank's first, then ghosts
  RowExchange multipoles;   // rows are nodes
  CoarseMultipoles coarse;  // rows are nodes
  bool narrow = false;
  Index ghost_sources = 0;
  Traffic requests;  // what the asking was
};

/// Plans the exchanges and gives ghost leaves their places behind the `own_sources` sources of this rank
/// (tree.source_begin, tree.source_end). Collective.
Ghosts plan_ghosts(const mpi::Comm& comm, mpi::Transport transport, const tree::Partition& partition,
                   const tree::MultipoleRule& rule, const tree::NodeLists& v, const tree::Partners& partners,
                   Index own_sources, tree::EssentialTree& tree);

/// The upward pass over nodes that several ranks share: before the parents of level l are formed, the
/// complete multipoles of children held elsewhere go to the parent's owner. No partial sums, so that
/// multipoles are those of one rank, bit for bit.
struct Ancestors {
  struct Step {
    int child_level;
    RowExchange exchange;  // rows are nodes
  };
  std::vector<Step> steps;  // deepest level first; the same levels on all ranks
};

/// Collective.
Ancestors plan_ancestors(const mpi::Comm& comm, mpi::Transport transport, const tree::EssentialTree& tree);

using tree::kFirstLevel;

}  // namespace octopole::distributed
#pragma GCC visibility pop
