// What ranks must agree on before they work together: options, rates, and parameters decided once.
#pragma once

#include <string_view>
#include <vector>

#include "mpi/agreement.hpp"
#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Every option but the rates, by name: those that ranks must pass alike.
std::vector<mpi::NamedValue> named_options(const Options& options);

/// Of each rate the least over the ranks, which is what the slowest kind of processor does: ranks may pass
/// rates of their own. Collective.
Rates agree_on_rates(const mpi::Comm& comm, const Rates& rates);

/// The parameters that all ranks work by: rank 0's resolution, bit for bit, at agreed rates. Throws
/// AgreedError where ranks pass different options (named, with the ranks) or resolve() refuses them.
/// Collective.
Parameters agree_on_parameters(const mpi::Comm& comm, const Options& options, std::string_view kernel_name);

}  // namespace octopole
#pragma GCC visibility pop
