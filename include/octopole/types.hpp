// Types of options and results: what an evaluation computes, and how.
#pragma once

#include <cstdint>
#include <string_view>

#pragma GCC visibility push(default)
namespace octopole {

/// Type of global counts and of indices of points: 64 bits. Stored indices may be shorter.
using Index = std::int64_t;

/// What an evaluation computes.
enum class Output { potential, potential_and_gradient };

/// Floating-point precision; its value is the bytes per number.
enum class Precision : int { single_precision = 4, double_precision = 8 };

/// M2L by FFT, or by a truncated SVD of each transfer vector's matrix.
enum class M2lMethod : int { fft = 0, svd = 1 };

/// How P2P in single precision takes points if sources = targets. Pairs closer than 1e-6 half sides of their
/// leaf (two floats), or 0.03 half sides of the larger leaf (one float; 0.1 for 6 digits), are summed in
/// double.
enum class NearForm : std::int8_t {
  two_floats,  ///< two floats per coordinate
  one_float,   ///< one float per coordinate, relative to the centre of the point's own leaf
  estimate     ///< as one_float, with the hardware's 1/sqrt if it is good to 2^-13 (AVX-512); for 3 digits
};

/// What ranks get equal shares of: the work of an evaluation, counted from the lists and weighted by the
/// throughput, or points.
enum class BalanceBy { work, points };

std::string_view balance_name(BalanceBy by);           ///< "work", "points"
std::string_view precision_name(Precision precision);  ///< "double", "single"
std::string_view m2l_name(M2lMethod method);           ///< "fft", "svd"
std::string_view near_form_name(NearForm form);        ///< "two-floats", "one-float", "estimate"

namespace mpi {

/// How records are sent: by one neighbourhood collective, or by one message per peer. Both deliver the same
/// bytes.
enum class Transport { neighbourhood, point_to_point };
inline constexpr Transport kDefaultTransport = Transport::neighbourhood;
std::string_view transport_name(Transport transport);  ///< "neighbourhood", "point-to-point"

}  // namespace mpi

}  // namespace octopole
#pragma GCC visibility pop
