// The subcommand of `octopole generate` that makes surfaces.
#pragma once

#include "command.hpp"

namespace octopole::app {

std::unique_ptr<Command> make_generate_mesh(CLI::App& generate);

}  // namespace octopole::app
