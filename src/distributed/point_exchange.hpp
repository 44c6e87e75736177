// Moves points to their owners along the Morton curve, and results back.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "base/aligned.hpp"
#include "mpi/exchange.hpp"
#include "tree/morton.hpp"
#include "tree/partition.hpp"

#pragma GCC visibility push(default)
namespace octopole::distributed {

/// Moves values of points between the caller's order and distribution and the owners' (each rank's part of
/// the curve, ascending codes; points of equal code in the caller's global order). Made once per point set,
/// used for coordinates, charges and results.
class PointExchange {
 public:
  PointExchange() = default;
  /// `order` and the ascending `codes` are the results of sort_codes for this rank's points. Collective.
  PointExchange(const mpi::Comm& comm, mpi::Transport transport, AlignedVector<PointIndex> order,
                std::span<const morton::Code> codes, const tree::Partition& partition);

  Index caller_count() const { return static_cast<Index>(order_.size()); }
  Index owned_count() const { return owned_count_; }
  /// Codes of the owned points, ascending; none after release_set_up.
  const AlignedVector<morton::Code>& owned_codes() const { return owned_codes_; }

  /// Calls put(i, value(j)) for every owned point i, which is point j of the rank it came from. The records
  /// returned by value() are copied as bytes. Threaded over points. Collective.
  template <class Value, class Put>
  void send_to_owners(const Value& value, const Put& put) {
    move(order_, to_owners_, owned_order_, value, put);
  }
  /// The reverse of send_to_owners. Collective.
  template <class Value, class Put>
  void send_to_callers(const Value& value, const Put& put) {
    move(owned_order_, to_callers_, order_, value, put);
  }

  /// As send_to_owners for records of `columns` values of type T: calls put(i, c, value(j, c)) for every
  /// column c. Collective.
  template <class T, class Value, class Put>
  void send_columns_to_owners(int columns, const Value& value, const Put& put) {
    move_columns<T>(order_, to_owners_, owned_order_, columns, value, put);
  }
  /// The reverse of send_columns_to_owners. Collective.
  template <class T, class Value, class Put>
  void send_columns_to_callers(int columns, const Value& value, const Put& put) {
    move_columns<T>(owned_order_, to_callers_, order_, columns, value, put);
  }

  /// Sets owned[i] to the caller's value of owned point i. Collective.
  template <std::size_t Width = 1, class T>
  void to_owners(const T* caller, T* owned) {
    send_to_owners(Rows<Width, const T>{caller}, Rows<Width, T>{owned});
  }
  /// The reverse of to_owners. Collective.
  template <std::size_t Width = 1, class T>
  void to_callers(const T* owned, T* caller) {
    send_to_callers(Rows<Width, const T>{owned}, Rows<Width, T>{caller});
  }

  /// Allocates in advance the buffers of send_to_owners for records of `bytes` bytes. Not collective.
  void make_buffers(std::size_t bytes) { start_buffers(to_owners_, bytes); }

  /// Moves out the `order` given at construction, for the exchange that replaces this one.
  AlignedVector<PointIndex> take_order() { return std::move(order_); }

  /// Frees what only the set-up needs: the codes, and the buffers of the largest exchange so far
  /// (coordinates); the next exchange allocates what it needs.
  void release_set_up();

  /// The underlying exchanges, for counting traffic.
  const mpi::SparseExchange& outward() const { return to_owners_; }
  const mpi::SparseExchange& homeward() const { return to_callers_; }

 private:
  /// An array of `Width` values per point.
  template <std::size_t Width, class T>
  struct Rows {
    T* values;
    using Row = std::array<std::remove_const_t<T>, Width>;
    Row operator()(Index i) const {
      Row row;
      std::copy_n(values + static_cast<Index>(Width) * i, Width, row.begin());
      return row;
    }
    void operator()(Index i, const Row& row) const {
      std::copy_n(row.begin(), Width, values + static_cast<Index>(Width) * i);
    }
  };

  /// This rank's own records are copied in this number of parts; MPI is polled after each.
  static constexpr Index kOwnParts = 4;

  static Index place(const AlignedVector<PointIndex>& order, Index i) {  // an empty order is the identity
    return order.empty() ? i : order[static_cast<std::size_t>(i)];
  }
  /// Calls f(i) for first <= i < end.
  template <class F>
  static void for_each(Index first, Index end, const F& f) {
#pragma omp parallel for schedule(static)
    for (Index i = first; i < end; ++i) f(i);
  }

  /// Calls put(scatter[i], exchanged(value(gather[.]))[i]) for every i.
  template <class Value, class Put>
  void move(const AlignedVector<PointIndex>& gather, mpi::SparseExchange& exchange,
            const AlignedVector<PointIndex>& scatter, const Value& value, const Put& put) {
    using Record = std::remove_cvref_t<decltype(value(Index{}))>;
    static_assert(std::is_trivially_copyable_v<Record>);
    move_records(
        gather, exchange, scatter, sizeof(Record),
        [&](Index i, char* to) {
          const Record record = value(i);
          std::memcpy(to, &record, sizeof(Record));
        },
        [&](Index i, const char* from) {
          Record record;
          std::memcpy(&record, from, sizeof(Record));
          put(i, record);
        },
        [&](Index from, Index to) { put(to, value(from)); });
  }
  /// As move, with put(i, c, value(i, c)) for all columns c of a record.
  template <class T, class Value, class Put>
  void move_columns(const AlignedVector<PointIndex>& gather, mpi::SparseExchange& exchange,
                    const AlignedVector<PointIndex>& scatter, int columns, const Value& value,
                    const Put& put) {
    if (columns == 1)  // a loop over columns would take twice as long
      return move(
          gather, exchange, scatter, [&](Index i) { return T{value(i, 0)}; },
          [&](Index i, const T& number) { put(i, 0, number); });
    move_records(
        gather, exchange, scatter, static_cast<std::size_t>(columns) * sizeof(T),
        [&](Index i, char* to) {
          for (int c = 0; c < columns; ++c, to += sizeof(T)) {
            const T number = value(i, c);
            std::memcpy(to, &number, sizeof(T));
          }
        },
        [&](Index i, const char* from) {
          for (int c = 0; c < columns; ++c, from += sizeof(T)) {
            T number;
            std::memcpy(&number, from, sizeof(T));
            put(i, c, number);
          }
        },
        [&](Index from, Index to) {
          for (int c = 0; c < columns; ++c) put(to, c, T{value(from, c)});
        });
  }

  /// Moves records of `bytes` bytes: pack(i, record) and unpack(i, record) for those of other ranks, copy(i,
  /// j) for this rank's own.
  template <class Pack, class Unpack, class Copy>
  void move_records(const AlignedVector<PointIndex>& gather, mpi::SparseExchange& exchange,
                    const AlignedVector<PointIndex>& scatter, std::size_t bytes, const Pack& pack_record,
                    const Unpack& unpack_record, const Copy& copy) {
    const bool alone = start_buffers(exchange, bytes);
    char* const leaving = send_.data();
    const char* const arrived = receive_.data();
    const mpi::SparseExchange::Own own = exchange.own();
    const auto pack = [&](Index i) {
      pack_record(place(gather, i), leaving + static_cast<std::size_t>(i) * bytes);
    };
    const auto unpack = [&](Index i) {
      unpack_record(place(scatter, i), arrived + static_cast<std::size_t>(i) * bytes);
    };
    for_each(0, own.send, pack);
    for_each(own.send + own.count, exchange.send_records(), pack);
    exchange.start_without_own(alone ? nullptr : send_.data(), alone ? nullptr : receive_.data(), bytes);
    for (Index part = 0; part < kOwnParts; ++part) {
      for_each(own.count * part / kOwnParts, own.count * (part + 1) / kOwnParts,
               [&](Index i) { copy(place(gather, own.send + i), place(scatter, own.receive + i)); });
      if (!alone) exchange.progress();
    }
    exchange.finish();
    for_each(0, own.receive, unpack);
    for_each(own.receive + own.count, exchange.receive_records(), unpack);
  }
  /// Returns true if no record is sent to or received from other ranks; otherwise resizes the buffers for
  /// records of `bytes` bytes.
  bool start_buffers(const mpi::SparseExchange& exchange, std::size_t bytes);

  AlignedVector<PointIndex> order_;  // caller's point at each position of the send buffer
  AlignedVector<PointIndex>
      owned_order_;  // owned point at each position of the receive buffer; empty: the identity
  Index owned_count_ = 0;
  AlignedVector<morton::Code> owned_codes_;
  mpi::SparseExchange to_owners_, to_callers_;
  AlignedVector<char> send_, receive_;
};

}  // namespace octopole::distributed
#pragma GCC visibility pop
