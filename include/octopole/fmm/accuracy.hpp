// From digits to parameters: the calibrated table.
#pragma once

#include <span>

#include "octopole/operators/translations.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// What reaches a number of digits.
struct AccuracyRow {
  int digits;
  int order;
  int check_order;
  int ncrit;
};

/// Ascending digits. Made by `octopole calibrate`, which measures the relative L2 error of the potential
/// against direct summation by order on uniform and strongly non-uniform clouds with charges of both signs,
/// and takes for each number of digits the smallest order whose worst error keeps the safety factor, and of
/// the values of n_crit the one that is fastest there (geometric mean over the clouds).
std::span<const AccuracyRow> accuracy_table(Precision precision);

/// The row for `digits`, throwing Error when out of the precision's range.
const AccuracyRow& accuracy_row(Precision precision, int digits);

/// n_crit that suits an order chosen by the user.
int ncrit_for_order(Precision precision, int order);

}  // namespace octopole
#pragma GCC visibility pop
