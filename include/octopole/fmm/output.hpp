// What an evaluation computes.
#pragma once

#pragma GCC visibility push(default)
namespace octopole {

enum class Output { potential, potential_and_gradient };

}  // namespace octopole
#pragma GCC visibility pop
