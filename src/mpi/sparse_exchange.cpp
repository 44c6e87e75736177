#include "octopole/mpi/sparse_exchange.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace octopole::mpi {
namespace {

// Peers, counts and displacements of one side, as MPI wants them.
struct Side {
  Side(const std::vector<PeerCount>& list, int me) : peers(list) {
    Index offset = 0;
    for (const PeerCount& peer : peers) {
      const bool own = peer.rank == me;  // copied here, MPI never sees it
      if (own) own_count = peer.count, own_offset = offset;
      ranks.push_back(peer.rank);
      counts.push_back(own ? 0 : checked_cast<int>(peer.count, "records for one peer"));
      displacements.push_back(checked_cast<int>(offset, "records of one exchange"));
      offset += peer.count;
    }
    records = offset;
  }
  std::vector<PeerCount> peers;
  std::vector<int> ranks, counts, displacements;
  Index records = 0, own_count = 0, own_offset = 0;
};

constexpr int kTag = 71;

}  // namespace

struct SparseExchange::Plan {
  Plan(const Comm& c, Transport t, std::vector<PeerCount> s, std::vector<PeerCount> r)
      : comm(c), transport(t), send(s, c.rank()), receive(r, c.rank()) {
    if (send.own_count != receive.own_count)
      throw Error("a rank expects of itself other records than it sends itself");
  }
  ~Plan() {
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (graph != MPI_COMM_NULL && !finalized) MPI_Comm_free(&graph);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // A rank without peers gets an edge to itself with no records: Open MPI's graph communicators have had
  // trouble with degree zero, and reorder stays 0 so that ranks keep their numbers.
  void create_graph() {
    for (Side* side : {&send, &receive}) {
      graph_ranks[side == &receive] = side->ranks;
      graph_counts[side == &receive] = side->counts;
      graph_displacements[side == &receive] = side->displacements;
      graph_ranks[side == &receive].push_back(comm.rank());
      graph_counts[side == &receive].push_back(0);
      graph_displacements[side == &receive].push_back(0);
    }
    const int out = static_cast<int>(graph_ranks[0].size()), in = static_cast<int>(graph_ranks[1].size());
    check(MPI_Dist_graph_create_adjacent(comm.handle(), in, graph_ranks[1].data(), MPI_UNWEIGHTED, out,
                                         graph_ranks[0].data(), MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &graph),
          "MPI_Dist_graph_create_adjacent");
    check(MPI_Comm_set_errhandler(graph, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  }

  void start(const void* from, void* to, std::size_t bytes) {
    if (bytes != record_bytes) {
      record = std::make_unique<RecordType>(bytes);
      record_bytes = bytes;
    }
    if (send.own_count > 0 && from != nullptr)
      std::memcpy(static_cast<char*>(to) + static_cast<std::size_t>(receive.own_offset) * bytes,
                  static_cast<const char*>(from) + static_cast<std::size_t>(send.own_offset) * bytes,
                  static_cast<std::size_t>(send.own_count) * bytes);
    if (transport == Transport::neighbourhood) {
      requests.resize(1);
      check(MPI_Ineighbor_alltoallv(from, graph_counts[0].data(), graph_displacements[0].data(),
                                    record->handle(), to, graph_counts[1].data(),
                                    graph_displacements[1].data(), record->handle(), graph, requests.data()),
            "MPI_Ineighbor_alltoallv");
      return;
    }
    requests.resize(receive.peers.size() + send.peers.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < receive.peers.size(); ++i)
      check(
          MPI_Irecv(
              static_cast<char*>(to) + static_cast<std::size_t>(receive.displacements[i]) * record_bytes,
              receive.counts[i], record->handle(), receive.ranks[i], kTag, comm.handle(), &requests[next++]),
          "MPI_Irecv");
    for (std::size_t i = 0; i < send.peers.size(); ++i)
      check(
          MPI_Isend(
              static_cast<const char*>(from) + static_cast<std::size_t>(send.displacements[i]) * record_bytes,
              send.counts[i], record->handle(), send.ranks[i], kTag, comm.handle(), &requests[next++]),
          "MPI_Isend");
  }

  void finish() {
    check(MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE),
          "MPI_Waitall");
    requests.clear();
  }

  Comm comm;
  Transport transport;
  Side send, receive;
  std::size_t record_bytes = 0;
  std::unique_ptr<RecordType> record;
  MPI_Comm graph = MPI_COMM_NULL;
  std::vector<int> graph_ranks[2], graph_counts[2], graph_displacements[2];  // send, receive
  std::vector<MPI_Request> requests;
};

std::string_view transport_name(Transport transport) {
  return transport == Transport::neighbourhood ? "neighbourhood" : "point-to-point";
}

SparseExchange::SparseExchange(const Comm& comm, Transport transport, std::vector<PeerCount> send,
                               std::vector<PeerCount> receive) {
  if (transport == Transport::neighbourhood && kDefaultTransport != Transport::neighbourhood)
    throw Error("this MPI has no neighbourhood collectives", "use the point-to-point transport");
  collectively(comm,
               [&] { plan_ = std::make_unique<Plan>(comm, transport, std::move(send), std::move(receive)); });
  if (transport == Transport::neighbourhood) plan_->create_graph();
}
SparseExchange::SparseExchange() = default;
SparseExchange::~SparseExchange() = default;
SparseExchange::SparseExchange(SparseExchange&&) noexcept = default;
SparseExchange& SparseExchange::operator=(SparseExchange&&) noexcept = default;

void SparseExchange::start(const void* send, void* receive, std::size_t record_bytes) {
  plan_->start(send, receive, record_bytes);
}
void SparseExchange::finish() {
  plan_->finish();
}
Index SparseExchange::send_records() const {
  return plan_->send.records;
}
Index SparseExchange::receive_records() const {
  return plan_->receive.records;
}
Index SparseExchange::records_sent_away() const {
  return plan_->send.records - plan_->send.own_count;
}
Index SparseExchange::records_from_elsewhere() const {
  return plan_->receive.records - plan_->receive.own_count;
}
Index SparseExchange::messages() const {
  return std::count_if(plan_->send.peers.begin(), plan_->send.peers.end(),
                       [this](const PeerCount& peer) { return peer.rank != plan_->comm.rank(); });
}

}  // namespace octopole::mpi
