#include "mpi/comm.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>
#include <thread>

#include "base/fault.hpp"
#include "mpi/agreement.hpp"

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

void check_statuses(int code, std::span<const MPI_Status> statuses, const char* call) {
  if (code != MPI_ERR_IN_STATUS) return check(code, call);
  for (std::size_t i = 0; i < statuses.size(); ++i)
    if (const int error = statuses[i].MPI_ERROR; error != MPI_SUCCESS && error != MPI_ERR_PENDING)
      check(error, (std::string(call) + ", message " + std::to_string(i + 1) + " of " +
                    std::to_string(statuses.size()) + " with rank " + std::to_string(statuses[i].MPI_SOURCE))
                       .c_str());
  check(code, call);
}

void wait_all(std::vector<MPI_Request>& requests) {
#ifdef OCTOPOLE_SMPI  // the run time (not the simulated time) of SimGrid's Waitall is cubic in the requests
  for (MPI_Request& request : requests) check(MPI_Wait(&request, MPI_STATUS_IGNORE), "MPI_Wait");
#else
  std::vector<MPI_Status> statuses(requests.size());
  check_statuses(
      MPI_Waitall(checked_cast<int>(requests.size(), "requests"), requests.data(), statuses.data()), statuses,
      "MPI_Waitall");
#endif
  requests.clear();
}

bool test_all(std::vector<MPI_Request>& requests) {
  int done = 0;
  std::vector<MPI_Status> statuses(requests.size());
  check_statuses(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, statuses.data()),
                 statuses, "MPI_Testall");
  if (done != 0) requests.clear();
  return done != 0;
}

void require_thread_level([[maybe_unused]] int threads) {
  int initialized = 0, finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  if (initialized == 0 || finalized != 0)
    throw Error(finalized != 0 ? "MPI is finalized already" : "MPI is not initialized",
                "call MPI_Init_thread before octopole and MPI_Finalize after it");
#ifndef OCTOPOLE_SMPI
  int level = MPI_THREAD_SINGLE, is_main = 1;
  check(MPI_Query_thread(&level), "MPI_Query_thread");
  check(MPI_Is_thread_main(&is_main), "MPI_Is_thread_main");
  if (level <= MPI_THREAD_FUNNELED && is_main == 0)
    throw Error("octopole is called from another thread than the one that initialized MPI",
                "ask MPI_Init_thread for MPI_THREAD_SERIALIZED, or call octopole from the main thread");
  if (level < MPI_THREAD_FUNNELED && threads > 1)
    throw Error("MPI was initialized without support for threads, and OpenMP has " + std::to_string(threads),
                "call MPI_Init_thread with MPI_THREAD_FUNNELED, or set OMP_NUM_THREADS=1");
#endif
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

namespace {

std::shared_ptr<MPI_Comm> own_handle(MPI_Comm copy) {
  std::shared_ptr<MPI_Comm> shared(new MPI_Comm(copy), [](MPI_Comm* handle) {
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (!finalized) MPI_Comm_free(handle);
    delete handle;
  });
  check(MPI_Comm_set_errhandler(copy, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return shared;
}

std::shared_ptr<MPI_Comm> duplicate_handle(MPI_Comm parent) {
  MPI_Comm copy = MPI_COMM_NULL;
  check(MPI_Comm_dup(parent, &copy), "MPI_Comm_dup");
  return own_handle(copy);
}

}  // namespace

Comm Comm::duplicate(MPI_Comm parent) {
  require_thread_level(1);
  Comm comm;
  comm.handle_ = duplicate_handle(parent);
  comm.state_ = std::make_shared<State>();
  comm.state_->failures = duplicate_handle(parent);
  check(MPI_Comm_rank(comm.handle(), &comm.rank_), "MPI_Comm_rank");
  check(MPI_Comm_size(comm.handle(), &comm.size_), "MPI_Comm_size");
  return comm;
}

Comm Comm::on_node() const {
  MPI_Comm part = MPI_COMM_NULL;
  check(MPI_Comm_split_type(handle(), MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &part),
        "MPI_Comm_split_type");
  Comm comm = *this;  // including its stage
  comm.handle_ = own_handle(part);
  check(MPI_Comm_rank(comm.handle(), &comm.rank_), "MPI_Comm_rank");
  check(MPI_Comm_size(comm.handle(), &comm.size_), "MPI_Comm_size");
  return comm;
}

void Comm::enter(std::string_view stage) const {
  state_->stage = stage;
  fault::at(stage, rank_);
}

bool Comm::all_arrive_within(double seconds) const {
  MPI_Request all_here = MPI_REQUEST_NULL;
  if (MPI_Ibarrier(*state_->failures, &all_here) != MPI_SUCCESS) return false;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  int arrived = 0;
  while (arrived == 0 && std::chrono::steady_clock::now() < deadline) {
    if (MPI_Test(&all_here, &arrived, MPI_STATUS_IGNORE) != MPI_SUCCESS) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return arrived != 0;
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
#ifdef OCTOPOLE_SMPI  // SimGrid's Exscan sends to all higher ranks: log2 P steps here, as in Open MPI
  Index before = 0, sum = value;  // sum: of this rank and the `step` - 1 ranks below
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

void Comm::all_to_all_bytes(const void* send, std::span<const Index> send_counts,
                            std::span<const Index> receive_counts, std::size_t bytes,
                            const std::function<void*(Index)>& room) const {
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
  void* receive = nullptr;
  collectively(*this, [&] {
    list(send_counts, outgoing, own_from);
    list(receive_counts, incoming, own_to);
    receive = room(std::accumulate(receive_counts.begin(), receive_counts.end(), Index{0}));
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
  if (size_ == 1) {  // SimGrid 3.32 fails for short messages
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

}  // namespace octopole::mpi
