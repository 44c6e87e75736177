#include "simd/isa.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "octopole/error.hpp"

using namespace octopole;

TEST(Isa, BaselineIsAlwaysAvailable) {
  const auto isas = simd::available_isas();
  ASSERT_FALSE(isas.empty());
  EXPECT_EQ(isas.front(), simd::Isa::baseline);
  EXPECT_TRUE(std::is_sorted(isas.begin(), isas.end()));
}

TEST(Isa, NamesRoundTrip) {
  for (const auto isa :
       {simd::Isa::baseline, simd::Isa::avx2_reproducible, simd::Isa::avx2, simd::Isa::avx512})
    EXPECT_EQ(simd::parse_isa(simd::isa_name(isa)), isa);
  EXPECT_THROW(simd::parse_isa("avx1024"), Error);
}

TEST(Isa, ForcedOneIsActive) {
  const auto before = simd::active_isa();
  for (const auto isa : simd::available_isas()) {
    simd::force_isa(isa);
    EXPECT_EQ(simd::active_isa(), isa);
  }
  simd::force_isa(before);
}

TEST(Isa, OnlyAvx2IsMadeReproducible) {
  const auto before = simd::active_isa();
  for (const auto isa : simd::available_isas()) {
    simd::force_isa(isa);
    simd::make_reproducible();
    EXPECT_EQ(simd::active_isa(), isa == simd::Isa::avx2 ? simd::Isa::avx2_reproducible : isa);
  }
  simd::force_isa(before);
}

TEST(Isa, WhatCannotRunIsRefused) {
  const auto isas = simd::available_isas();
  for (const auto isa : {simd::Isa::avx2_reproducible, simd::Isa::avx2, simd::Isa::avx512})
    if (std::find(isas.begin(), isas.end(), isa) == isas.end()) {
      EXPECT_THROW(simd::force_isa(isa), Error);
    }
}
