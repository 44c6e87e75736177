// Graph communicators, shared by exchanges with the same peers.
#pragma once

#include <memory>
#include <vector>

#include "mpi/comm.hpp"

namespace octopole::mpi {

/// Communicator of the ranks of a Comm, with an edge from each of this rank's sources and to each of its
/// destinations. Freed with the object, which is collective.
class Graph {
 public:
  Graph(const Comm& comm, std::vector<int> sources, std::vector<int> destinations);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  MPI_Comm handle() const { return handle_; }
  bool has(const std::vector<int>& sources, const std::vector<int>& destinations) const {
    return sources == sources_ && destinations == destinations_;
  }

 private:
  std::vector<int> sources_, destinations_;
  MPI_Comm handle_ = MPI_COMM_NULL;
};

/// The graph of `comm` with these edges on every rank: the one that an exchange still holds, else a new one,
/// as creation costs several collectives. Collective.
std::shared_ptr<Graph> find_or_create_graph(const Comm& comm, std::vector<int> sources,
                                            std::vector<int> destinations);

}  // namespace octopole::mpi
