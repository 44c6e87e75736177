// The calibrated table of parameters by number of digits.
#pragma once

#include <span>

#include "octopole/options.hpp"
#include "operators/translations.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Parameters that reach a number of digits.
struct AccuracyRow {
  int digits;
  int order;
  int check_order;
  int ncrit;
};

/// The rows in ascending order of digits. Made by `octopole calibrate`: it measures, for each order, the
/// relative L2 error of the potential, and of the gradient if requested, against direct summation on uniform
/// and strongly non-uniform point clouds with charges of both signs, and takes for each number of digits the
/// smallest order whose largest error keeps the safety factor (docs/accuracy.md has the exceptions). With the
/// gradient, both errors are below 10^-digits, also for targets around clusters of sources; with the Hessian,
/// all three. The potential of dipoles takes the orders of the gradient; docs/accuracy.md has an exception
/// for single precision. Vector kernels (`components` > 1) have a table for their results and, if the output
/// is that with the Hessian, one for their gradients.
std::span<const AccuracyRow> accuracy_table(Precision precision, Output output,
                                            SourceKind kind = SourceKind::charges, int components = 1);

/// The row for `digits`. Throws Error if precision and output do not reach that number of digits.
const AccuracyRow& accuracy_row(Precision precision, Output output, SourceKind kind, int digits,
                                int components = 1);

/// The n_crit that suits an order chosen by the user.
int ncrit_for_order(Precision precision, Output output, SourceKind kind, int order, int components = 1);

}  // namespace octopole
#pragma GCC visibility pop
