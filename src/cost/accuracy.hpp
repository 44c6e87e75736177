// From digits to parameters: the calibrated table.
#pragma once

#include <span>

#include "octopole/types.hpp"
#include "operators/translations.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// What reaches a number of digits.
struct AccuracyRow {
  int digits;
  int order;
  int check_order;
  int ncrit;
};

/// Ascending digits. Made by `octopole calibrate`, which measures the relative L2 error of the potential, and
/// where it is asked for of the gradient, too, against direct summation by order on uniform and strongly
/// non-uniform clouds with charges of both signs, and takes for each number of digits the smallest order
/// whose worst error keeps the safety factor (docs/accuracy.md has the exceptions). With the gradient both
/// errors are below 10^-digits, for targets around clusters of sources, too.
std::span<const AccuracyRow> accuracy_table(Precision precision, Output output);

/// The row for `digits`, throwing Error when out of the range of precision and output.
const AccuracyRow& accuracy_row(Precision precision, Output output, int digits);

/// n_crit that suits an order chosen by the user.
int ncrit_for_order(Precision precision, Output output, int order);

}  // namespace octopole
#pragma GCC visibility pop
