// Agreement of the ranks on options, rates and parameters before they work together.
#pragma once

#include <string_view>
#include <vector>

#include "mpi/agreement.hpp"
#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The options that must be equal on all ranks, by name: all except the rates.
std::vector<mpi::NamedValue> named_options(const Options& options);

/// The minimum over the ranks of each rate, that is, of the slowest kind of processor: ranks may pass
/// different rates. Collective.
Rates agree_on_rates(const mpi::Comm& comm, const Rates& rates);

/// The parameters that all ranks use: those that rank 0 resolves, bit for bit, with agreed rates. Throws
/// AgreedError if ranks pass different options (named, with the ranks) or resolve() refuses them. Collective.
Parameters agree_on_parameters(const mpi::Comm& comm, const Options& options, std::string_view kernel_name);

}  // namespace octopole
#pragma GCC visibility pop
