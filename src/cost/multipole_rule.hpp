// How multipoles are sent between the ranks of a run.
#pragma once

#include "octopole/options.hpp"
#include "tree/ghost_needs.hpp"

#pragma GCC visibility push(default)
namespace octopole {

tree::MultipoleRule multipole_rule(const Parameters& parameters, int ranks);

}  // namespace octopole
#pragma GCC visibility pop
