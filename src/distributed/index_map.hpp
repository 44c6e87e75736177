// Who owns the rows that a rank uses, and who uses the rows that it owns: found by one round of requests.
#pragma once

#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "distributed/row_exchange.hpp"
#include "mpi/comm.hpp"

namespace octopole::distributed {

/// Values for, or from, each rank, rank after rank.
template <class T>
struct ByRank {
  std::vector<T> values;
  std::vector<Index> counts;  // (ranks)

  ByRank() = default;
  explicit ByRank(int ranks) : counts(static_cast<std::size_t>(ranks), 0) {}

  /// Appends a value; no value of a higher rank may precede it.
  void add(int rank, T value) {
    values.push_back(std::move(value));
    ++counts[static_cast<std::size_t>(rank)];
  }
  /// Calls f(rank, value) for all values in order.
  template <class F>
  void for_each(const F& f) const {
    auto value = values.begin();
    for (std::size_t rank = 0; rank < counts.size(); ++rank)
      for (Index i = 0; i < counts[rank]; ++i) f(static_cast<int>(rank), *value++);
  }
};

/// Sends each rank its values; returns those that all ranks send to this one. Adds the values, but not their
/// numbers, to `traffic`. Collective.
template <class T>
ByRank<T> all_to_all(const mpi::Comm& comm, const ByRank<T>& send, Traffic* traffic = nullptr) {
  ByRank<T> received;
  received.values = comm.all_to_all(std::span<const T>(send.values), send.counts, &received.counts, traffic);
  return received;
}

/// Connects rows of this rank that stand for items of other ranks with the rows where their owners keep
/// these items. The same item may be used by several ranks, and by its owner. `Row` names a row: an index, or
/// an index and what of it is used.
template <class Row = Index>
class IndexMap {
 public:
  IndexMap() = default;
  /// `used` has this rank's rows by owner. item_of(row) is the item's name, which is sent to its owner, and
  /// row_of(item) the owner's row; if it is not noexcept and throws on any rank, all ranks throw. Adds the
  /// requests, each of the size of a name, to `traffic`. Collective.
  template <class ItemOf, class RowOf>
  IndexMap(const mpi::Comm& comm, ByRank<Row> used, const ItemOf& item_of, const RowOf& row_of,
           Traffic* traffic = nullptr)
      : used_(std::move(used)) {
    using Item = std::remove_cvref_t<decltype(item_of(std::declval<const Row&>()))>;
    ByRank<Item> wanted;
    wanted.counts = used_.counts;
    wanted.values.reserve(used_.values.size());
    for (const Row& row : used_.values) wanted.values.push_back(item_of(row));
    ByRank<Item> asked = all_to_all(comm, wanted, traffic);
    const auto find = [&] {
      owned_.values.reserve(asked.values.size());
      for (const Item& item : asked.values) owned_.values.push_back(row_of(item));
    };
    if constexpr (std::is_nothrow_invocable_v<const RowOf&, const Item&>)
      find();
    else
      mpi::collectively(comm, find);
    owned_.counts = std::move(asked.counts);
  }

  /// This rank's rows for items of others, by owner: as given.
  const ByRank<Row>& used() const { return used_; }
  /// This rank's rows that others use, by user, in the order of each user's rows.
  const ByRank<Row>& owned() const { return owned_; }

 private:
  ByRank<Row> used_, owned_;
};

inline std::vector<PeerRows> peer_rows(const ByRank<Index>& rows) {
  std::vector<PeerRows> peers;
  rows.for_each([&](int rank, Index row) { peer_of(peers, rank).rows.push_back(row); });
  return peers;
}

/// Exchange that copies the owners' rows to the rows that stand for them. Collective.
inline RowExchange to_users(const mpi::Comm& comm, mpi::Transport transport, const IndexMap<>& map) {
  return {comm, transport, peer_rows(map.owned()), peer_rows(map.used())};
}

/// The reverse: a row of the owner may get the values of several ranks. Collective.
inline RowExchange to_owners(const mpi::Comm& comm, mpi::Transport transport, const IndexMap<>& map) {
  return {comm, transport, peer_rows(map.used()), peer_rows(map.owned())};
}

}  // namespace octopole::distributed
