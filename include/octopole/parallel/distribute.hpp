// Points to their owners along the Morton curve, and results back.
#pragma once

#include <span>
#include <vector>

#include "octopole/base/aligned.hpp"
#include "octopole/morton/sort.hpp"
#include "octopole/mpi/sparse_exchange.hpp"
#include "octopole/tree/splitters.hpp"

namespace octopole::parallel {

/// Moves values of points between the caller's order and distribution and the owners' (each rank's part of
/// the curve, ascending codes; points of one code in the caller's global order). Made once a point set, used
/// for coordinates, charges and results alike.
class PointExchange {
 public:
  PointExchange() = default;
  /// `order` and the ascending `codes` as sort_codes made them of this rank's points. Collective.
  PointExchange(const mpi::Comm& comm, mpi::Transport transport, AlignedVector<PointIndex> order,
                std::span<const morton::Code> codes, const tree::Partition& partition);

  Index caller_count() const { return static_cast<Index>(order_.size()); }
  Index owned_count() const { return owned_count_; }
  /// Codes of the owned points, ascending; none after release_set_up.
  const AlignedVector<morton::Code>& owned_codes() const { return owned_codes_; }

  /// owned[i] = the caller's value of owned point i; `width` values a point. Collective.
  template <class T>
  void to_owners(const T* caller, T* owned, std::size_t width) {
    move(order_, to_owners_, owned_order_, caller, owned, width * sizeof(T));
  }
  /// The way back. Collective.
  template <class T>
  void to_callers(const T* owned, T* caller, std::size_t width) {
    move(owned_order_, to_callers_, order_, owned, caller, width * sizeof(T));
  }

  /// Hands back the order that the exchange was made of, for the one that replaces it.
  AlignedVector<PointIndex> take_order() { return std::move(order_); }

  /// Gives back what a set-up alone needs: the codes, and the buffers of the largest exchange so far
  /// (coordinates); the next exchange takes what it needs.
  void release_set_up();

  /// The exchanges below, for counting.
  const mpi::SparseExchange& outward() const { return to_owners_; }
  const mpi::SparseExchange& homeward() const { return to_callers_; }

 private:
  // out[scatter[i]] = exchanged(in[gather[.]])[i], records of `bytes` bytes; an empty order is the identity.
  void move(const AlignedVector<PointIndex>& gather, mpi::SparseExchange& exchange,
            const AlignedVector<PointIndex>& scatter, const void* in, void* out, std::size_t bytes);

  AlignedVector<PointIndex> order_;  // caller's point at each place of the send buffer
  AlignedVector<PointIndex>
      owned_order_;  // owned point at each place of the receive buffer; empty: the same place
  Index owned_count_ = 0;
  AlignedVector<morton::Code> owned_codes_;
  mpi::SparseExchange to_owners_, to_callers_;
  AlignedVector<char> send_, receive_;
};

}  // namespace octopole::parallel
