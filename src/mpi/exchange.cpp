#include "mpi/exchange.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

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

namespace {

/// The graph of `comm` with these edges on every rank: the one that an exchange still holds, else a new one,
/// as creation costs several collectives. Collective.
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

// Peers, counts and displacements of one side, in the form that MPI takes.
struct Side {
  Side(std::vector<PeerCount> list, int me) : peers(std::move(list)) {
    Index offset = 0;
    for (const PeerCount& peer : peers) {
      if (peer.rank == me) {  // copied locally, without MPI
        own_count = peer.count;
        own_offset = offset;
      } else {
        ranks.push_back(peer.rank);
        counts.push_back(checked_cast<int>(peer.count, "records for one peer"));
        displacements.push_back(checked_cast<int>(offset, "records of one exchange"));
      }
      offset += peer.count;
    }
    records = offset;
  }
  std::vector<PeerCount> peers;
  std::vector<int> ranks, counts, displacements;
  Index records = 0, own_count = 0, own_offset = 0;
};

constexpr int kTag = 71;
#ifdef OCTOPOLE_SMPI  // SimGrid's MPI declares neighbourhood collectives and does nothing in them
constexpr bool kHasNeighbourhoods = false;
#else
constexpr bool kHasNeighbourhoods = true;
#endif

}  // namespace

struct SparseExchange::State {
  State(const Comm& c, Transport t, std::vector<PeerCount> s, std::vector<PeerCount> r)
      : comm(c), transport(t), send(std::move(s), c.rank()), receive(std::move(r), c.rank()) {
    if (send.own_count != receive.own_count)
      throw Error("a rank expects of itself other records than it sends itself");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // A rank without sources or destinations gets an edge to itself with no records: Open MPI's graph
  // communicators have had problems with degree zero.
  void create_graph() {
    if (send.ranks.empty() || receive.ranks.empty())
      for (Side* side : {&send, &receive}) {
        side->ranks.push_back(comm.rank());
        side->counts.push_back(0);
        side->displacements.push_back(0);
      }
    graph = find_or_create_graph(comm, receive.ranks, send.ranks);
  }

  void copy_own(const void* from, void* to, std::size_t bytes) const {
    if (send.own_count > 0)
      std::memcpy(static_cast<char*>(to) + static_cast<std::size_t>(receive.own_offset) * bytes,
                  static_cast<const char*>(from) + static_cast<std::size_t>(send.own_offset) * bytes,
                  static_cast<std::size_t>(send.own_count) * bytes);
  }

  void start(const void* from, void* to, std::size_t bytes) {
    if (bytes != record_bytes) {
      record = std::make_unique<RecordType>(bytes);
      record_bytes = bytes;
    }
    if (transport == Transport::neighbourhood) {
      requests.resize(1);
      check(MPI_Ineighbor_alltoallv(from, send.counts.data(), send.displacements.data(), record->handle(), to,
                                    receive.counts.data(), receive.displacements.data(), record->handle(),
                                    graph->handle(), requests.data()),
            "MPI_Ineighbor_alltoallv");
      return;
    }
    requests.resize(receive.ranks.size() + send.ranks.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < receive.ranks.size(); ++i)
      check(
          MPI_Irecv(
              static_cast<char*>(to) + static_cast<std::size_t>(receive.displacements[i]) * record_bytes,
              receive.counts[i], record->handle(), receive.ranks[i], kTag, comm.handle(), &requests[next++]),
          "MPI_Irecv");
    for (std::size_t i = 0; i < send.ranks.size(); ++i)
      check(
          MPI_Isend(
              static_cast<const char*>(from) + static_cast<std::size_t>(send.displacements[i]) * record_bytes,
              send.counts[i], record->handle(), send.ranks[i], kTag, comm.handle(), &requests[next++]),
          "MPI_Isend");
  }

  void finish() { wait_all(requests); }

#ifdef OCTOPOLE_SMPI
  void progress() {}  // simulated messages make progress without calls
#else
  void progress() {
    test_all(requests);
  }
#endif

  Comm comm;
  Transport transport;
  Side send, receive;
  std::size_t record_bytes = 0;
  std::unique_ptr<RecordType> record;
  std::shared_ptr<Graph> graph;
  std::vector<MPI_Request> requests;
};

std::string_view transport_name(Transport transport) {
  return transport == Transport::neighbourhood ? "neighbourhood" : "point-to-point";
}

SparseExchange::SparseExchange(const Comm& comm, Transport transport, std::vector<PeerCount> send,
                               std::vector<PeerCount> receive) {
  collectively(comm, [&] {
    if (transport == Transport::neighbourhood && !kHasNeighbourhoods)
      throw Error("this MPI has no neighbourhood collectives", "use the point-to-point transport");
    state_ = std::make_unique<State>(comm, transport, std::move(send), std::move(receive));
  });
  if (transport == Transport::neighbourhood) state_->create_graph();
}
SparseExchange::SparseExchange() = default;
SparseExchange::~SparseExchange() = default;
SparseExchange::SparseExchange(SparseExchange&&) noexcept = default;
SparseExchange& SparseExchange::operator=(SparseExchange&&) noexcept = default;

void SparseExchange::start(const void* send, void* receive, std::size_t record_bytes) {
  state_->copy_own(send, receive, record_bytes);
  state_->start(send, receive, record_bytes);
}
void SparseExchange::start_without_own(const void* send, void* receive, std::size_t record_bytes) {
  state_->start(send, receive, record_bytes);
}
void SparseExchange::finish() {
  state_->finish();
}
void SparseExchange::progress() {
  state_->progress();
}
Index SparseExchange::send_records() const {
  return state_->send.records;
}
Index SparseExchange::receive_records() const {
  return state_->receive.records;
}
SparseExchange::Own SparseExchange::own() const {
  return {state_->send.own_offset, state_->receive.own_offset, state_->send.own_count};
}
Index SparseExchange::records_sent_away() const {
  return state_->send.records - state_->send.own_count;
}
Index SparseExchange::records_from_elsewhere() const {
  return state_->receive.records - state_->receive.own_count;
}
Traffic SparseExchange::traffic(std::size_t record_bytes) const {
  return traffic_of(state_->comm.rank(), state_->send.peers, state_->receive.peers, record_bytes);
}
std::span<const PeerCount> SparseExchange::send_peers() const {
  return state_->send.peers;
}
std::span<const PeerCount> SparseExchange::receive_peers() const {
  return state_->receive.peers;
}

AllGather::AllGather(const Comm& comm, Index records)
    : comm_(std::make_shared<Comm>(comm)), rank_(static_cast<std::size_t>(comm.rank())) {
  std::vector<Index> places{0};
  for (const Index count : comm.gather_all(std::span<const Index>(&records, 1))) {
    counts_.push_back(checked_cast<int>(count, "records of one rank for all"));
    places_.push_back(checked_cast<int>(places.back(), "records of all ranks for all"));
    places.push_back(places.back() + count);
  }
  total_ = places.back();
  traffic_ = gather_traffic(comm.rank(), places, 1);
}

void AllGather::run(const void* mine, void* all, std::size_t record_bytes) {
  if (total_ == 0) return;
  if (record_bytes != record_bytes_) {
    record_ = std::make_unique<RecordType>(record_bytes);
    record_bytes_ = record_bytes;
  }
  check(MPI_Allgatherv(mine, counts_[rank_], record_->handle(), all, counts_.data(), places_.data(),
                       record_->handle(), comm_->handle()),
        "MPI_Allgatherv");
}

Traffic AllGather::traffic(std::size_t record_bytes) const {
  Traffic traffic = traffic_;
  traffic.bytes_sent *= static_cast<Index>(record_bytes);
  traffic.bytes_received *= static_cast<Index>(record_bytes);
  return traffic;
}

}  // namespace octopole::mpi
