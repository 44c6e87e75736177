// exp, sin and cos of vectors against the C library in a higher precision.
#include "simd/array_math.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "octopole/kernels.hpp"
#include "simd/isa.hpp"

namespace octopole::simd {
namespace {

/// Runs `test` with every instruction set that can run here.
template <class Test>
void with_every_isa(const Test& test) {
  const Isa usual = active_isa();
  for (const Isa isa : available_isas()) {
    force_isa(isa);
    SCOPED_TRACE(isa_name(isa));
    test();
  }
  force_isa(usual);
}

/// Numbers that cover [low, high], and its ends.
template <class Real>
std::vector<Real> samples(double low, double high) {
  constexpr int count = 200'000;
  std::vector<Real> x{static_cast<Real>(low), static_cast<Real>(high)};
  for (int i = 0; i < count; ++i) {
    const double place = 0.6180339887498949 * i;
    x.push_back(static_cast<Real>(low + (high - low) * (place - std::floor(place))));
  }
  return x;
}

template <class Real>
void expect_exp(double low, double high, double tolerance) {
  const std::vector<Real> x = samples<Real>(low, high);
  std::vector<Real> y(x.size());
  array_exp(static_cast<Index>(x.size()), x.data(), y.data());
  long double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = std::exp(static_cast<long double>(x[i]));
    worst = std::max(worst, std::abs(static_cast<long double>(y[i]) - exact) / exact);
  }
  EXPECT_LT(worst, tolerance) << low << " " << high;
}

TEST(ArrayExp, IsAccurateOverItsRange) {
  with_every_isa([] {
    expect_exp<double>(-708, 709, 1e-13);
    expect_exp<double>(-1, 1, 1e-13);
    expect_exp<double>(-1e-8, 1e-8, 1e-13);
    expect_exp<float>(-87, 88, 2e-7);
    expect_exp<float>(-1, 1, 2e-7);
  });
}

template <class Real>
void expect_ends_of_exp(Real least, Real most) {
  constexpr Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  const std::array<Real, 8> x{0,
                              -inf,
                              inf,
                              nan,
                              least - 1,
                              most + 1,
                              -std::numeric_limits<Real>::max(),
                              std::numeric_limits<Real>::denorm_min()};
  std::array<Real, 8> y{};
  array_exp(8, x.data(), y.data());
  EXPECT_EQ(y[0], 1);
  EXPECT_EQ(y[1], 0);
  EXPECT_EQ(y[2], inf);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_EQ(y[4], 0);
  EXPECT_EQ(y[5], inf);
  EXPECT_EQ(y[6], 0);
  EXPECT_EQ(y[7], 1);
}

TEST(ArrayExp, BeyondItsRange) {
  with_every_isa([] {
    expect_ends_of_exp<double>(-708, 709);
    expect_ends_of_exp<float>(-87, 88);
  });
}

/// `growth`: of the tolerance with x.
template <class Real>
void expect_decay(double high, double tolerance, double growth) {
  const std::vector<Real> x = samples<Real>(0, high);
  std::vector<Real> y(x.size());
  array_decay(static_cast<Index>(x.size()), x.data(), y.data());
  long double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double exact = std::exp(-static_cast<long double>(x[i]));
    worst = std::max(worst,
                     std::abs(static_cast<long double>(y[i]) - exact) / exact / (tolerance + growth * x[i]));
  }
  EXPECT_LT(worst, 1) << high;
}

template <class Real>
void expect_ends_of_decay(Real most) {
  constexpr Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  const std::array<Real, 5> x{0, most + 1, std::numeric_limits<Real>::max(), inf, nan};
  std::array<Real, 5> y{};
  array_decay(5, x.data(), y.data());
  EXPECT_EQ(y, (std::array<Real, 5>{1, 0, 0, 0, 0}));
}

TEST(ArrayDecay, IsAccurateOverItsRangeAndZeroBeyond) {
  with_every_isa([] {
    expect_decay<double>(707.9, 1e-13, 0);
    expect_decay<double>(1, 1e-13, 0);
    expect_decay<float>(86.9, 2e-7, 1e-7);
    expect_decay<float>(1, 2e-7, 1e-7);
    expect_ends_of_decay<double>(708);
    expect_ends_of_decay<float>(87);
  });
}

// That of a number, from which operators are made, has the same bits with every instruction set.
TEST(Decay, OfANumber) {
  std::vector<double> first;
  with_every_isa([&first] {
    std::vector<double> values;
    for (const double x : {0.0, 1e-9, 0.3, 1.0, 17.5, 700.0, 709.0}) {
      values.push_back(decay(x));
      if (x < 708) {
        EXPECT_NEAR(values.back(), std::exp(-x), 1e-13 * std::exp(-x));
      }
    }
    if (first.empty()) first = values;
    EXPECT_EQ(values, first);
  });
}

template <class Real>
void expect_sin_cos(double low, double high, double tolerance) {
  const std::vector<Real> x = samples<Real>(low, high);
  std::vector<Real> s(x.size()), c(x.size());
  array_sin_cos(static_cast<Index>(x.size()), x.data(), s.data(), c.data());
  long double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto exact = static_cast<long double>(x[i]);
    worst = std::max({worst, std::abs(static_cast<long double>(s[i]) - std::sin(exact)),
                      std::abs(static_cast<long double>(c[i]) - std::cos(exact))});
  }
  EXPECT_LT(worst, tolerance) << low << " " << high;
}

TEST(ArraySinCos, AreAccurateOverTheirRange) {
  with_every_isa([] {
    expect_sin_cos<double>(-1e6, 1e6, 1e-13);
    expect_sin_cos<double>(-10, 10, 1e-13);
    expect_sin_cos<float>(-8000, 8000, 2e-7);
    expect_sin_cos<float>(-10, 10, 2e-7);
  });
}

// sin x is accurate relative to itself near 0.
TEST(ArraySinCos, NearZero) {
  with_every_isa([] {
    const std::array<double, 3> x{0, 1e-300, -1e-9};
    std::array<double, 3> s{}, c{};
    array_sin_cos(3, x.data(), s.data(), c.data());
    EXPECT_EQ(s, x);
    EXPECT_EQ(c, (std::array<double, 3>{1, 1, 1}));
  });
}

template <class Real>
void expect_any_length() {
  for (Index count = 0; count <= 35; ++count) {
    std::vector<Real> x(static_cast<std::size_t>(count) + 1, Real{0.5}), s(x), c(x), in_place(x);
    s.back() = c.back() = in_place.back() = -7;
    array_sin_cos(count, x.data(), s.data(), c.data());
    array_exp(count, in_place.data(), in_place.data());
    for (Index i = 0; i < count; ++i) {
      const auto k = static_cast<std::size_t>(i);
      EXPECT_NEAR(s[k], std::sin(0.5), 2e-7);
      EXPECT_NEAR(c[k], std::cos(0.5), 2e-7);
      EXPECT_NEAR(in_place[k], std::exp(0.5), 4e-7);
    }
    EXPECT_EQ(s.back(), -7);
    EXPECT_EQ(c.back(), -7);
    EXPECT_EQ(in_place.back(), -7);
  }
}

TEST(ArrayMath, WritesNothingBeyondTheEnd) {
  with_every_isa([] {
    expect_any_length<double>();
    expect_any_length<float>();
  });
}

}  // namespace
}  // namespace octopole::simd
