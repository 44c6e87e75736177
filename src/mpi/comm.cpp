#include "octopole/mpi/comm.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>

namespace octopole::mpi {
namespace {

constexpr int kAllToAllTag = 72;
#ifdef OCTOPOLE_SMPI
constexpr int kScanTag = 73;
#endif

}  // namespace

void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw Error(std::string(call) + " failed: " + std::string(text, static_cast<std::size_t>(length)));
}

template <>
MPI_Datatype datatype<char>() {
  return MPI_CHAR;
}
template <>
MPI_Datatype datatype<int>() {
  return MPI_INT;
}
template <>
MPI_Datatype datatype<std::int64_t>() {
  return MPI_INT64_T;
}
template <>
MPI_Datatype datatype<std::uint64_t>() {
  return MPI_UINT64_T;
}
template <>
MPI_Datatype datatype<float>() {
  return MPI_FLOAT;
}
template <>
MPI_Datatype datatype<double>() {
  return MPI_DOUBLE;
}

void wait_all(std::vector<MPI_Request>& requests) {
#ifdef OCTOPOLE_SMPI  // the time (not the simulated one) of SimGrid's Waitall grows with the cube of the
                      // requests
  for (MPI_Request& request : requests) check(MPI_Wait(&request, MPI_STATUS_IGNORE), "MPI_Wait");
#else
  check(MPI_Waitall(checked_cast<int>(requests.size(), "requests"), requests.data(), MPI_STATUSES_IGNORE),
        "MPI_Waitall");
#endif
  requests.clear();
}

RecordType::RecordType(std::size_t bytes) {
  check(MPI_Type_contiguous(checked_cast<int>(bytes, "bytes of a record"), MPI_BYTE, &type_),
        "MPI_Type_contiguous");
  check(MPI_Type_commit(&type_), "MPI_Type_commit");
}

RecordType::~RecordType() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (!finalized && type_ != MPI_DATATYPE_NULL) MPI_Type_free(&type_);
}

Comm Comm::duplicate(MPI_Comm parent) {
  MPI_Comm copy = MPI_COMM_NULL;
  check(MPI_Comm_dup(parent, &copy), "MPI_Comm_dup");
  Comm comm;
  comm.handle_ = std::shared_ptr<MPI_Comm>(new MPI_Comm(copy), [](MPI_Comm* handle) {
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (!finalized) MPI_Comm_free(handle);
    delete handle;
  });
  comm.graphs_ = std::make_shared<std::vector<std::weak_ptr<Graph>>>();
  check(MPI_Comm_set_errhandler(copy, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check(MPI_Comm_rank(copy, &comm.rank_), "MPI_Comm_rank");
  check(MPI_Comm_size(copy, &comm.size_), "MPI_Comm_size");
  return comm;
}

std::vector<ValueAndRank> Comm::max_with_rank(std::span<const Index> values) const {
  std::vector<ValueAndRank> result;
  for (Index value : values) result.push_back({static_cast<double>(value), rank_});
  check(MPI_Allreduce(MPI_IN_PLACE, result.data(), checked_cast<int>(result.size(), "Allreduce count"),
                      MPI_DOUBLE_INT, MPI_MAXLOC, handle()),
        "MPI_Allreduce");
  return result;
}

Index Comm::exclusive_sum(Index value) const {
#ifdef OCTOPOLE_SMPI  // SimGrid's Exscan sends from every rank to all above: log2 P steps, as Open MPI's
  Index before = 0, sum = value;  // sum: of this rank and the `step` - 1 below
  for (int step = 1; step < size_; step *= 2) {
    const int above = rank_ + step < size_ ? rank_ + step : MPI_PROC_NULL,
              below = rank_ >= step ? rank_ - step : MPI_PROC_NULL;
    Index lower = 0;
    check(MPI_Sendrecv(&sum, 1, datatype<Index>(), above, kScanTag, &lower, 1, datatype<Index>(), below,
                       kScanTag, handle(), MPI_STATUS_IGNORE),
          "MPI_Sendrecv");
    before += lower;
    sum += lower;
  }
  return before;
#else
  Index before = 0;
  check(MPI_Exscan(&value, &before, 1, datatype<Index>(), MPI_SUM, handle()), "MPI_Exscan");
  return rank_ == 0 ? 0 : before;
#endif
}

void Comm::broadcast_bytes(void* data, std::size_t bytes, int root) const {
  constexpr std::size_t piece = std::size_t{1} << 30;
  for (std::size_t done = 0; done < bytes; done += piece)
    check(MPI_Bcast(static_cast<char*>(data) + done, static_cast<int>(std::min(piece, bytes - done)),
                    MPI_BYTE, root, handle()),
          "MPI_Bcast");
}

void Comm::broadcast(std::string& text, int root) const {
  Index length = static_cast<Index>(text.size());
  broadcast(std::span<Index>(&length, 1), root);
  text.resize(static_cast<std::size_t>(length));
  broadcast(std::span<char>(text.data(), text.size()), root);
}

std::vector<Index> Comm::exchange_counts(std::span<const Index> counts) const {
  std::vector<Index> incoming(counts.size());
  check(MPI_Alltoall(counts.data(), 1, datatype<Index>(), incoming.data(), 1, datatype<Index>(), handle()),
        "MPI_Alltoall");
  return incoming;
}

void Comm::all_to_all_bytes(const void* send, std::span<const Index> send_counts, void* receive,
                            std::span<const Index> receive_counts, std::size_t bytes) const {
  struct Message {
    int peer, records;
    std::size_t offset;  // bytes
  };
  std::vector<Message> outgoing, incoming;
  std::size_t own_from = 0, own_to = 0;
  const auto list = [&](std::span<const Index> counts, std::vector<Message>& messages, std::size_t& own) {
    std::size_t offset = 0;
    for (int peer = 0; peer < size_; ++peer) {
      const Index count = counts[static_cast<std::size_t>(peer)];
      if (peer == rank_)
        own = offset;
      else if (count > 0)
        messages.push_back({peer, checked_cast<int>(count, "records of one message"), offset});
      offset += static_cast<std::size_t>(count) * bytes;
    }
  };
  collectively(*this, [&] {
    list(send_counts, outgoing, own_from);
    list(receive_counts, incoming, own_to);
  });
  const RecordType record(bytes);
  std::vector<MPI_Request> requests;
  for (const Message& m : incoming)
    check(MPI_Irecv(static_cast<char*>(receive) + m.offset, m.records, record.handle(), m.peer, kAllToAllTag,
                    handle(), &requests.emplace_back()),
          "MPI_Irecv");
  for (const Message& m : outgoing)
    check(MPI_Isend(static_cast<const char*>(send) + m.offset, m.records, record.handle(), m.peer,
                    kAllToAllTag, handle(), &requests.emplace_back()),
          "MPI_Isend");
  if (const Index own = send_counts[static_cast<std::size_t>(rank_)]; own > 0)
    std::memcpy(static_cast<char*>(receive) + own_to, static_cast<const char*>(send) + own_from,
                static_cast<std::size_t>(own) * bytes);
  wait_all(requests);
}

void Comm::gather_all_bytes(const void* mine, void* all, std::span<const Index> counts,
                            std::size_t bytes) const {
  if (size_ == 1) {  // without MPI: SimGrid 3.32 fails at short ones
    if (counts[0] > 0) std::memcpy(all, mine, static_cast<std::size_t>(counts[0]) * bytes);
    return;
  }
  std::vector<int> lengths, places;
  Index place = 0;
  for (Index n : counts) {
    lengths.push_back(checked_cast<int>(n, "records of one rank"));
    places.push_back(checked_cast<int>(place, "records of all ranks"));
    place += n;
  }
  const RecordType record(bytes);
  check(MPI_Allgatherv(mine, lengths[static_cast<std::size_t>(rank_)], record.handle(), all, lengths.data(),
                       places.data(), record.handle(), handle()),
        "MPI_Allgatherv");
}

void collectively(const Comm& comm, const std::function<void()>& work) {
  std::string message;
  bool failed = false;
  try {
    work();
  } catch (const std::exception& error) {
    failed = true;
    message = error.what();
  }
  const int first = comm.min(failed ? comm.rank() : std::numeric_limits<int>::max());
  if (first == std::numeric_limits<int>::max()) return;
  comm.broadcast(message, first);
  if (comm.size() > 1) message = "rank " + std::to_string(first) + ": " + message;
  throw Error(message);
}

}  // namespace octopole::mpi
