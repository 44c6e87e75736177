#include "octopole/fmm/accuracy.hpp"

#include <array>
#include <string>

namespace octopole {
namespace {

constexpr std::array<AccuracyRow, 11> kDouble{{{2, 3, 3, 90},
                                               {3, 4, 4, 130},
                                               {4, 5, 5, 190},
                                               {5, 6, 6, 280},
                                               {6, 7, 7, 280},
                                               {7, 8, 8, 420},
                                               {8, 9, 9, 600},
                                               {9, 10, 10, 600},
                                               {10, 11, 11, 850},
                                               {11, 12, 12, 850},
                                               {12, 13, 13, 850}}};

constexpr std::array<AccuracyRow, 5> kSingle{
    {{2, 3, 3, 130}, {3, 4, 4, 130}, {4, 5, 5, 280}, {5, 6, 6, 280}, {6, 7, 7, 420}}};

}  // namespace

std::span<const AccuracyRow> accuracy_table(Precision precision) {
  return precision == Precision::double_precision ? std::span<const AccuracyRow>(kDouble)
                                                  : std::span<const AccuracyRow>(kSingle);
}

const AccuracyRow& accuracy_row(Precision precision, int digits) {
  const auto table = accuracy_table(precision);
  for (const AccuracyRow& row : table)
    if (row.digits == digits) return row;
  throw Error("digits = " + std::to_string(digits) + " is out of range: " +
                  (precision == Precision::double_precision ? "double" : "single") + " precision reaches " +
                  std::to_string(table.front().digits) + " to " + std::to_string(table.back().digits),
              precision == Precision::double_precision || digits < table.front().digits
                  ? "ask for digits in that range"
                  : "use double precision");
}

int ncrit_for_order(Precision precision, int order) {
  const auto table = accuracy_table(precision);
  for (const AccuracyRow& row : table)
    if (row.order >= order) return row.ncrit;
  return table.back().ncrit;
}

}  // namespace octopole
