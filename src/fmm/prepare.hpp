// Reads operators from the store, or computes them, for all ranks.
#pragma once

#include <string>

#include "mpi/comm.hpp"
#include "operators/operator_set.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Rank 0 reads the operators of `key` from `store` (may be null; used on rank 0 only), or computes them and
/// saves them there; all ranks get the same bits. `note` says on every rank where they came from. Collective.
template <Kernel K, class Real>
OperatorSet<Real> prepare_operators(const mpi::Comm& comm, const K& kernel, const OperatorKey& key,
                                    OperatorStore<Real>* store, std::string& note);

}  // namespace octopole
#pragma GCC visibility pop
