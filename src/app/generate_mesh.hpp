// The subcommand of `octopole generate` that makes surfaces.
#pragma once

#include "app/command.hpp"

namespace octopole::app {

/// Only in programs with boundary elements.
std::unique_ptr<Command> make_generate_mesh(CLI::App& generate);

}  // namespace octopole::app
