// Random numbers that are the same with every standard library: a stream is a pure function of its seed.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <numbers>

namespace octopole::ugly {

/// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  /// Streams of different seeds, cases or purposes are unrelated.
  explicit Random(std::uint64_t seed, std::uint64_t number = 0, std::uint64_t purpose = 0) : state_(seed) {
    state_ = next() + number;
    state_ = next() + purpose;
  }

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// A number in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// An integer from low to high, both included.
  int integer(int low, int high) {
    return low + static_cast<int>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  bool chance(double probability) { return uniform() < probability; }
  /// Ten to a random power between the two.
  double decades(double low, double high) { return std::pow(10.0, uniform(low, high)); }
  double sign() { return chance(0.5) ? 1 : -1; }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return *std::next(values.begin(), static_cast<std::ptrdiff_t>(below(values.size())));
  }

 private:
  std::uint64_t state_;
};

}  // namespace octopole::ugly
