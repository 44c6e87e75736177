#include "octopole/mpi/comm.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>

namespace octopole::mpi {

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
  Index before = 0;
  check(MPI_Exscan(&value, &before, 1, datatype<Index>(), MPI_SUM, handle()), "MPI_Exscan");
  return rank_ == 0 ? 0 : before;
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
  const std::size_t ranks = static_cast<std::size_t>(size_);
  std::vector<int> counts_out(ranks), counts_in(ranks), displacements_out(ranks), displacements_in(ranks);
  collectively(*this, [&] {
    Index out = 0, in = 0;
    for (std::size_t r = 0; r < ranks; ++r) {
      counts_out[r] = checked_cast<int>(send_counts[r], "records for one rank");
      counts_in[r] = checked_cast<int>(receive_counts[r], "records from one rank");
      displacements_out[r] = checked_cast<int>(out, "records of one exchange");
      displacements_in[r] = checked_cast<int>(in, "records of one exchange");
      out += send_counts[r];
      in += receive_counts[r];
    }
  });
  const RecordType record(bytes);
  check(MPI_Alltoallv(send, counts_out.data(), displacements_out.data(), record.handle(), receive,
                      counts_in.data(), displacements_in.data(), record.handle(), handle()),
        "MPI_Alltoallv");
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
