#include "mpi/graph.hpp"

#include <algorithm>
#include <utility>

namespace octopole::mpi {

Graph::Graph(const Comm& comm, std::vector<int> sources, std::vector<int> destinations)
    : sources_(std::move(sources)), destinations_(std::move(destinations)) {
  // Ranks keep their numbers: reorder is 0.
  check(MPI_Dist_graph_create_adjacent(comm.handle(), static_cast<int>(sources_.size()), sources_.data(),
                                       MPI_UNWEIGHTED, static_cast<int>(destinations_.size()),
                                       destinations_.data(), MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &handle_),
        "MPI_Dist_graph_create_adjacent");
  check(MPI_Comm_set_errhandler(handle_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
}

Graph::~Graph() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (handle_ != MPI_COMM_NULL && !finalized) MPI_Comm_free(&handle_);
}

std::shared_ptr<Graph> find_or_create_graph(const Comm& comm, std::vector<int> sources,
                                            std::vector<int> destinations) {
  std::vector<std::weak_ptr<Graph>>& known = comm.graphs();
  // Two flags per known graph: whether its edges differ on this rank, and whether it still exists here.
  std::vector<int> flags;
  std::vector<std::shared_ptr<Graph>> held;
  for (const auto& weak : known) {
    held.push_back(weak.lock());
    flags.push_back(held.back() && held.back()->has(sources, destinations) ? 0 : 1);
    flags.push_back(held.back() ? 1 : 0);
  }
  if (!flags.empty()) comm.allreduce(std::span<int>(flags), MPI_MAX);
  for (std::size_t i = 0; i < held.size(); ++i)
    if (flags[2 * i] == 0) return held[i];
  std::size_t next = 0;  // lists stay equal on all ranks: graphs that no rank holds are dropped
  std::erase_if(known, [&](const auto&) { return flags[2 * next++ + 1] == 0; });
  auto graph = std::make_shared<Graph>(comm, std::move(sources), std::move(destinations));
  known.push_back(graph);
  return graph;
}

}  // namespace octopole::mpi
