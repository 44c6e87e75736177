// Wrapper of MPI: an owned communicator and typed collectives, with every call checked.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/profile.hpp"

#pragma GCC visibility push(default)
namespace octopole::mpi {

/// Throws Error with MPI's message, naming `call`, unless `code` is MPI_SUCCESS.
void check(int code, const char* call);

/// The same for a call with statuses: for MPI_ERR_IN_STATUS, names the first message that failed.
void check_statuses(int code, std::span<const MPI_Status> statuses, const char* call);

/// MPI's datatype of an arithmetic type. GCC hides specialisations, as <mpi.h> hides their return type,
/// unless each is declared visible.
template <class T>
MPI_Datatype datatype();
template <>
[[gnu::visibility("default")]] MPI_Datatype datatype<char>();
template <>
[[gnu::visibility("default")]] MPI_Datatype datatype<int>();
template <>
[[gnu::visibility("default")]] MPI_Datatype datatype<std::int64_t>();
template <>
[[gnu::visibility("default")]] MPI_Datatype datatype<std::uint64_t>();
template <>
[[gnu::visibility("default")]] MPI_Datatype datatype<float>();
template <>
[[gnu::visibility("default")]] MPI_Datatype datatype<double>();

/// A committed contiguous datatype of `bytes` bytes, freed with the object.
class RecordType {
 public:
  explicit RecordType(std::size_t bytes);
  ~RecordType();
  RecordType(const RecordType&) = delete;
  RecordType& operator=(const RecordType&) = delete;
  MPI_Datatype handle() const { return type_; }

 private:
  MPI_Datatype type_ = MPI_DATATYPE_NULL;
};

/// Waits for all requests and clears the list. Throws Error with MPI's message of the first that failed.
void wait_all(std::vector<MPI_Request>& requests);
/// Whether all requests are complete; clears the list if so. Throws Error as wait_all does.
bool test_all(std::vector<MPI_Request>& requests);

/// Throws Error unless MPI is initialised and lets the calling thread call it while `threads` OpenMP threads
/// compute: more than one thread needs MPI_THREAD_FUNNELED and the main thread, or MPI_THREAD_SERIALIZED.
void require_thread_level(int threads);

class Graph;

/// Layout of MPI_DOUBLE_INT.
struct ValueAndRank {
  double value;
  int rank;
};

/// A private duplicate of the caller's communicator, shared by its copies and freed with the last of them.
/// MPI returns errors of communication on it, and check throws them, if the MPI library can continue; errors
/// of calls without a communicator (datatypes) go to the error handler of MPI_COMM_WORLD.
class Comm {
 public:
  /// Duplicates `parent`, which the caller keeps. Collective. Throws Error if MPI is not initialised.
  static Comm duplicate(MPI_Comm parent);

  /// Communicator of the ranks that share this rank's memory, for reductions among them. Collective.
  Comm on_node() const;

  MPI_Comm handle() const { return *handle_; }
  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_root() const { return rank_ == 0; }

  /// Reduces the same number of values on every rank, in place. Without values nothing is sent, which not
  /// every MPI library allows. Collective.
  template <class T>
  void allreduce(std::span<T> values, MPI_Op op) const {
    if (values.empty()) return;
    check(MPI_Allreduce(MPI_IN_PLACE, values.data(), checked_cast<int>(values.size(), "Allreduce count"),
                        datatype<T>(), op, handle()),
          "MPI_Allreduce");
  }
  template <class T>
  T allreduce(T value, MPI_Op op) const {
    allreduce(std::span<T>(&value, 1), op);
    return value;
  }
  template <class T>
  T sum(T value) const {
    return allreduce(value, MPI_SUM);
  }
  template <class T>
  T max(T value) const {
    return allreduce(value, MPI_MAX);
  }
  template <class T>
  T min(T value) const {
    return allreduce(value, MPI_MIN);
  }
  /// Maximum of each value over the ranks, and the lowest rank that has it. Values must be below 2^53.
  std::vector<ValueAndRank> max_with_rank(std::span<const Index> values) const;
  bool any(bool value) const { return max(static_cast<int>(value)) != 0; }

  /// Marks that this rank enters a stage of a collective operation: errors of this rank name it, and
  /// octopole::fault makes it fail there. `stage` must have static lifetime. Not collective.
  void enter(std::string_view stage) const;
  std::string_view stage() const { return state_->stage; }

  /// Rank 0's value, on all ranks: makes ranks agree on values that they compute equally except for rounding.
  /// Collective.
  template <class T>
  T of_root(T value) const {
    broadcast(std::span<T>(&value, 1));
    return value;
  }

  /// Sum of `value` over the lower ranks.
  Index exclusive_sum(Index value) const;

  /// Broadcast of trivially copyable values, in pieces below MPI's int limit.
  template <class T>
  void broadcast(std::span<T> values, int root = 0) const {
    static_assert(std::is_trivially_copyable_v<T>);
    broadcast_bytes(values.data(), values.size_bytes(), root);
  }
  void broadcast(std::string& text, int root = 0) const;

  /// Sends counts[r] to rank r; returns the numbers received, by rank. For set-up only: P values per rank.
  std::vector<Index> exchange_counts(std::span<const Index> counts) const;

  /// Sends counts[r] records of `send` to rank r, in rank order; returns the records received, in rank order,
  /// and their numbers in `received`. Adds the records, but not their numbers, to `traffic`.
  template <class T>
  std::vector<T> all_to_all(std::span<const T> send, std::span<const Index> counts,
                            std::vector<Index>* received = nullptr, Traffic* traffic = nullptr) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const std::vector<Index> incoming = exchange_counts(counts);
    std::vector<T> result;
    all_to_all_bytes(send.data(), counts, incoming, sizeof(T), [&result](Index total) {
      result.resize(static_cast<std::size_t>(total));
      return result.data();
    });
    if (traffic) *traffic += traffic_of(rank_, peers_of(counts), peers_of(incoming), sizeof(T));
    if (received) *received = incoming;
    return result;
  }
  /// The same with the counts of both sides known, for records of `bytes` bytes. room(number of records)
  /// returns where to receive them; it must not communicate, and if it throws on any rank, all ranks throw.
  /// Sends one message to each rank that has a record: MPI_Alltoallv has P steps, or P messages, for any
  /// counts.
  void all_to_all_bytes(const void* send, std::span<const Index> send_counts,
                        std::span<const Index> receive_counts, std::size_t bytes,
                        const std::function<void*(Index)>& room) const;

  /// The values of all ranks, in rank order, on every rank. For set-up only.
  template <class T>
  std::vector<T> gather_all(std::span<const T> values) const {
    static_assert(std::is_trivially_copyable_v<T>);
    std::vector<Index> counts(static_cast<std::size_t>(size_), 0);
    counts[static_cast<std::size_t>(rank_)] = static_cast<Index>(values.size());
    allreduce(std::span<Index>(counts), MPI_SUM);
    Index total = 0;
    for (Index n : counts) total += n;
    std::vector<T> result(static_cast<std::size_t>(total));
    gather_all_bytes(values.data(), result.data(), counts, sizeof(T));
    return result;
  }

  /// Graph communicators of these ranks that exchanges use; the same list on all ranks.
  std::vector<std::weak_ptr<Graph>>& graphs() const { return state_->graphs; }

  /// Whether all ranks call this within `seconds`, asked by a rank that is about to end all ranks. Uses a
  /// separate communicator, because this one may have an active collective in which other ranks wait.
  bool all_arrive_within(double seconds) const;

  void barrier() const { check(MPI_Barrier(handle()), "MPI_Barrier"); }

 private:
  Comm() = default;
  void broadcast_bytes(void* data, std::size_t bytes, int root) const;
  void gather_all_bytes(const void* mine, void* all, std::span<const Index> counts, std::size_t bytes) const;
  /// State that copies share in addition to the communicator.
  struct State {
    std::vector<std::weak_ptr<Graph>> graphs;
    std::string_view stage;
    std::shared_ptr<MPI_Comm> failures;  // for all_arrive_within
  };
  std::shared_ptr<MPI_Comm> handle_;
  std::shared_ptr<State> state_;
  int rank_ = 0, size_ = 1;
};

/// Runs `work` (which must not communicate) on this rank; if it throws on any rank, all ranks throw
/// AgreedError with the message of the lowest rank that failed. Collective.
void collectively(const Comm& comm, const std::function<void()>& work);

}  // namespace octopole::mpi
#pragma GCC visibility pop
