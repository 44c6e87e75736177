// The work of an evaluation, counted, and what it costs at given rates.
#pragma once

#include <array>

#include "octopole/base/profile.hpp"
#include "octopole/fmm/options.hpp"
#include "octopole/fmm/setup.hpp"

namespace octopole {

/// Work of one phase by kind: pairs of points, floating-point operations (M2L by SVD at the rank expected).
struct PhaseWork {
  double pairs = 0, gathers = 0, gemm = 0, transform = 0, sweep = 0;
};
using Work = std::array<PhaseWork, kPhases>;

/// What the work of one evaluation is made of.
struct WorkCounts {
  double sources = 0, source_leaves = 0;                       // P2M
  double m2m_children = 0, l2l_children = 0;                   // M2M, L2L
  double families_in = 0, families_out = 0, family_pairs = 0;  // M2L by FFT: transforms there and back
  double v_pairs = 0;                                          // M2L by SVD
  double local_nodes = 0;                                      // check potentials to locals
  double targets = 0;                                          // L2P
  double near_pairs = 0, near_gathers = 0, m2p_targets = 0, p2l_sources = 0;  // P2P; M2P, P2L: by surface
};

/// The counts of this rank's part of a set-up.
WorkCounts count_work(const PointSetup& setup, const OperatorKey& key);

/// The counts of one piece of a phase, as WorkObserver::evaluated names it: those that the phase's work is
/// made of are the piece's, and over all pieces add up to count_work's.
WorkCounts count_piece(const PointSetup& setup, const OperatorKey& key, Phase phase, std::size_t part);

/// `svd_rank` is the mean rank of M2L by SVD.
Work work_of(const WorkCounts& counts, const OperatorKey& key, double svd_rank);

/// The mean rank that M2L by SVD is expected to have, measured for Laplace at orders 6 to 14: about a seventh
/// of the surface's points.
double expected_svd_rank(const OperatorKey& key);

/// Seconds of one thread, by phase; `same` where the targets are the sources, of which P2P in double makes
/// use.
std::array<double, kPhases> seconds_of(const Work& work, const Parameters& parameters, const Rates& rates,
                                       bool same, bool gradient = false);

}  // namespace octopole
