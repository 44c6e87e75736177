// All public headers but octopole/petsc.hpp: the FMM, its options and results, files, and verification.
#pragma once

#include "octopole/error.hpp"
#include "octopole/field.hpp"
#include "octopole/files.hpp"
#include "octopole/fmm.hpp"
#include "octopole/kernels.hpp"
#include "octopole/options.hpp"
#include "octopole/summary.hpp"
#include "octopole/verify.hpp"
#include "octopole/version.hpp"
