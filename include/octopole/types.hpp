// Types of options and results: what an evaluation computes, and how.
#pragma once

#include <cstdint>
#include <string_view>

#pragma GCC visibility push(default)
namespace octopole {

/// Anything counted globally, and any index into arrays of points: always 64 bits, but for stored ones.
using Index = std::int64_t;

/// What an evaluation computes.
enum class Output { potential, potential_and_gradient };

enum class Precision : int { single_precision = 4, double_precision = 8 };

/// M2L by FFT, or by a truncated SVD of each transfer vector's matrix.
enum class M2lMethod : int { fft = 0, svd = 1 };

/// How P2P among sources that are the targets takes points in single precision: as two floats a coordinate;
/// as one float relative to the centre of their own leaf; or so and with the hardware's estimate of 1/sqrt,
/// where that is good to 2^-13 (AVX-512), for 3 digits. With one float, pairs closer than so many half sides
/// of the larger leaf are summed in double: kMinSeparation for up to 5 digits, kMinSeparation6Digits for 6.
/// With two floats as in p2p.
enum class NearForm : std::int8_t { two_floats, one_float, estimate };

/// What ranks get equal shares of: the work of an evaluation, counted from the lists and weighed by rates, or
/// points.
enum class BalanceBy { work, points };

std::string_view balance_name(BalanceBy by);           ///< "work", "points"
std::string_view precision_name(Precision precision);  ///< "double", "single"
std::string_view m2l_name(M2lMethod method);           ///< "fft", "svd"
std::string_view near_form_name(NearForm form);        ///< "two-floats", "one-float", "estimate"

namespace mpi {

/// How records travel: one neighbourhood collective, or one message a peer. Both deliver the same bytes.
enum class Transport { neighbourhood, point_to_point };
#ifdef OCTOPOLE_SMPI  // SimGrid's MPI declares neighbourhood collectives and does nothing in them
inline constexpr Transport kDefaultTransport = Transport::point_to_point;
#else
inline constexpr Transport kDefaultTransport = Transport::neighbourhood;
#endif
std::string_view transport_name(Transport transport);

}  // namespace mpi

}  // namespace octopole
#pragma GCC visibility pop
