// Bounding-box tree of objects that follow a curve.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "base/types.hpp"

namespace octopole::bem {

struct Box {
  std::array<double, 3> lower{kInfinity, kInfinity, kInfinity}, upper{-kInfinity, -kInfinity, -kInfinity};
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  /// Extends the box by a ball.
  void include(const double* centre, double radius) {
    for (std::size_t d = 0; d < 3; ++d) {
      lower[d] = std::min(lower[d], centre[d] - radius);
      upper[d] = std::max(upper[d], centre[d] + radius);
    }
  }
  void include(const Box& other) {
    for (std::size_t d = 0; d < 3; ++d) {
      lower[d] = std::min(lower[d], other.lower[d]);
      upper[d] = std::max(upper[d], other.upper[d]);
    }
  }
  bool holds(const double* point) const {
    return point[0] >= lower[0] && point[0] <= upper[0] && point[1] >= lower[1] && point[1] <= upper[1] &&
           point[2] >= lower[2] && point[2] <= upper[2];
  }
  bool meets(const Box& other) const {
    bool apart = false;
    for (std::size_t d = 0; d < 3; ++d) apart |= lower[d] > other.upper[d] || upper[d] < other.lower[d];
    return !apart;
  }
};

/// A tree of bounding boxes: 8 consecutive objects per leaf box, 8 boxes per box of the next level, and so
/// on. Tight where consecutive objects are close, as along a Morton curve, whatever their sizes.
class BoxTree {
 public:
  /// `box_of(i)` returns the box of object i, i = 0 .. count - 1.
  template <class BoxOf>
  BoxTree(Index count, BoxOf&& box_of) : count_(count) {
    std::vector<Box> boxes(static_cast<std::size_t>((count + kFan - 1) / kFan));
#pragma omp parallel for schedule(static)
    for (std::size_t b = 0; b < boxes.size(); ++b) {
      const Index end = std::min(count, (static_cast<Index>(b) + 1) * kFan);
      for (Index i = static_cast<Index>(b) * kFan; i < end; ++i) boxes[b].include(box_of(i));
    }
    levels_.push_back(std::move(boxes));
    while (levels_.back().size() > 1) {
      const std::vector<Box>& below = levels_.back();
      std::vector<Box> above((below.size() + kFan - 1) / kFan);
      for (std::size_t i = 0; i < below.size(); ++i) above[i / kFan].include(below[i]);
      levels_.push_back(std::move(above));
    }
  }

  /// Calls visit(i), ascending, for all objects of leaf boxes with wanted(box), descending only into such
  /// boxes.
  template <class Wanted, class Visit>
  void search(Wanted&& wanted, Visit&& visit) const {
    if (count_ > 0) descend(levels_.size() - 1, 0, wanted, visit);
  }

 private:
  static constexpr Index kFan = 8;

  template <class Wanted, class Visit>
  void descend(std::size_t level, std::size_t box, Wanted& wanted, Visit& visit) const {
    if (!wanted(levels_[level][box])) return;
    const Index first = static_cast<Index>(box) * kFan;
    if (level == 0) {
      const Index end = std::min(count_, first + kFan);
      for (Index i = first; i < end; ++i) visit(i);
      return;
    }
    const std::size_t end = std::min(levels_[level - 1].size(), static_cast<std::size_t>(first + kFan));
    for (std::size_t child = static_cast<std::size_t>(first); child < end; ++child)
      descend(level - 1, child, wanted, visit);
  }

  Index count_;
  std::vector<std::vector<Box>> levels_;  // finest first
};

}  // namespace octopole::bem
