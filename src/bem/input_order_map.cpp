#include "bem/input_order_map.hpp"

#include <algorithm>
#include <numeric>

namespace octopole::bem {

InputOrderMap::InputOrderMap(const mpi::Comm& comm, std::span<const Index> numbers, Index rows)
    : block_(block_of(rows, comm.rank(), comm.size())), order_(numbers.size()) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::sort(order_.begin(), order_.end(),
            [&](std::size_t a, std::size_t b) { return numbers[a] < numbers[b]; });
  std::vector<Index> sorted, counts(static_cast<std::size_t>(comm.size()), 0), received;
  sorted.reserve(numbers.size());
  int owner = 0;
  for (const std::size_t i : order_) {
    for (;; ++owner) {
      const RowBlock rows_of_owner = block_of(rows, owner, comm.size());
      if (numbers[i] < rows_of_owner.first + rows_of_owner.count) break;
    }
    sorted.push_back(numbers[i]);
    ++counts[static_cast<std::size_t>(owner)];
  }
  places_ = comm.all_to_all<Index>(sorted, counts, &received);
  for (Index& place : places_) place -= block_.first;
  exchange_ = mpi::SparseExchange(comm, mpi::kDefaultTransport, peers_of(counts), peers_of(received));
}

std::vector<double> InputOrderMap::to_blocks(std::span<const double> values, std::size_t width) {
  std::vector<double> send(order_.size() * width), receive(places_.size() * width),
      result(static_cast<std::size_t>(block_.count) * width, 0);
  for (std::size_t i = 0; i < order_.size(); ++i)
    std::copy_n(values.begin() + static_cast<Index>(order_[i] * width), width,
                send.begin() + static_cast<Index>(i * width));
  exchange_.run(send.data(), receive.data(), width * sizeof(double));
  for (std::size_t i = 0; i < places_.size(); ++i)
    std::copy_n(receive.begin() + static_cast<Index>(i * width), width,
                result.begin() + places_[i] * static_cast<Index>(width));
  return result;
}

}  // namespace octopole::bem
