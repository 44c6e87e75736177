#include "cost/accuracy.hpp"

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

// With the gradient, whose error is larger: one order more, two at 12 digits.
constexpr std::array<AccuracyRow, 11> kDoubleGradient{{{2, 4, 4, 90},
                                                       {3, 5, 5, 90},
                                                       {4, 6, 6, 130},
                                                       {5, 7, 7, 190},
                                                       {6, 8, 8, 280},
                                                       {7, 9, 9, 280},
                                                       {8, 10, 10, 420},
                                                       {9, 11, 11, 420},
                                                       {10, 12, 12, 600},
                                                       {11, 13, 13, 600},
                                                       {12, 15, 15, 850}}};

// With the Hessian, for which targets around clusters of sources need one to three orders more than the
// gradient.
constexpr std::array<AccuracyRow, 11> kDoubleHessian{{{2, 5, 5, 90},
                                                      {3, 6, 6, 90},
                                                      {4, 7, 7, 130},
                                                      {5, 8, 8, 130},
                                                      {6, 9, 9, 190},
                                                      {7, 10, 10, 190},
                                                      {8, 11, 11, 280},
                                                      {9, 13, 13, 420},
                                                      {10, 14, 14, 420},
                                                      {11, 16, 16, 600},
                                                      {12, 17, 17, 600}}};

// Rounding errors of M2L are 1e-6 to 2e-6 of the gradient around clusters, so 6 digits are not reached.
constexpr std::array<AccuracyRow, 4> kSingleGradient{
    {{2, 4, 4, 90}, {3, 5, 5, 130}, {4, 6, 6, 130}, {5, 7, 7, 190}}};

// The potential of dipoles takes the orders of the gradient, at 6 digits in single precision one more than at
// 5: with those of the potential, errors at targets that have no source near them are above 10^-digits.
template <std::size_t Rows, std::size_t GradientRows>
constexpr std::array<AccuracyRow, Rows> rows_for_dipoles(
    std::array<AccuracyRow, Rows> rows, const std::array<AccuracyRow, GradientRows>& gradient) {
  for (std::size_t i = 0; i < Rows; ++i) {
    rows[i].order = i < GradientRows ? gradient[i].order : rows[i - 1].order + 1;
    rows[i].check_order = rows[i].order;
  }
  return rows;
}
constexpr std::array<AccuracyRow, 11> kDoubleDipoles = rows_for_dipoles(kDouble, kDoubleGradient);
constexpr std::array<AccuracyRow, 5> kSingleDipoles = rows_for_dipoles(kSingle, kSingleGradient);

// The results of vector kernels, relative to these, for small leaves and forces of random directions, of
// which most cancels: docs/developers/accuracy-log.md.
constexpr std::array<AccuracyRow, 11> kDoubleVector{{{2, 4, 4, 90},
                                                     {3, 5, 5, 90},
                                                     {4, 6, 6, 130},
                                                     {5, 7, 7, 190},
                                                     {6, 8, 8, 280},
                                                     {7, 9, 9, 280},
                                                     {8, 10, 10, 420},
                                                     {9, 11, 11, 420},
                                                     {10, 13, 13, 600},
                                                     {11, 14, 14, 600},
                                                     {12, 16, 16, 850}}};
constexpr std::array<AccuracyRow, 4> kSingleVector{
    {{2, 4, 4, 90}, {3, 5, 5, 130}, {4, 6, 6, 130}, {5, 7, 7, 190}}};

// With their gradients, likewise; to nine digits, because second derivatives of what rounding leaves of the
// columns are 4e-10 in clusters of targets far from all sources.
constexpr std::array<AccuracyRow, 8> kDoubleVectorGradient{{{2, 4, 4, 90},
                                                            {3, 5, 5, 90},
                                                            {4, 7, 7, 130},
                                                            {5, 8, 8, 130},
                                                            {6, 9, 9, 190},
                                                            {7, 10, 10, 190},
                                                            {8, 12, 12, 280},
                                                            {9, 13, 13, 420}}};
constexpr std::array<AccuracyRow, 3> kSingleVectorGradient{{{2, 4, 4, 90}, {3, 5, 5, 90}, {4, 7, 7, 130}}};

constexpr std::array<AccuracyRow, 3> kSingleHessian{{{2, 5, 5, 90}, {3, 6, 6, 90}, {4, 7, 7, 130}}};

}  // namespace

std::span<const AccuracyRow> accuracy_table(Precision precision, Output output, SourceKind kind,
                                            int components) {
  const bool gradient = output == Output::potential_and_gradient;
  const bool in_double = precision == Precision::double_precision;
  if (components > 1 && output == Output::potential_gradient_and_hessian)
    return in_double ? std::span<const AccuracyRow>(kDoubleVectorGradient)
                     : std::span<const AccuracyRow>(kSingleVectorGradient);
  if (components > 1)
    return in_double ? std::span<const AccuracyRow>(kDoubleVector)
                     : std::span<const AccuracyRow>(kSingleVector);
  if (output == Output::potential_gradient_and_hessian)
    return in_double ? std::span<const AccuracyRow>(kDoubleHessian)
                     : std::span<const AccuracyRow>(kSingleHessian);
  if (in_double)
    return gradient                      ? std::span<const AccuracyRow>(kDoubleGradient)
           : kind == SourceKind::charges ? std::span<const AccuracyRow>(kDouble)
                                         : std::span<const AccuracyRow>(kDoubleDipoles);
  return gradient                      ? std::span<const AccuracyRow>(kSingleGradient)
         : kind == SourceKind::charges ? std::span<const AccuracyRow>(kSingle)
                                       : std::span<const AccuracyRow>(kSingleDipoles);
}

const AccuracyRow& accuracy_row(Precision precision, Output output, SourceKind kind, int digits,
                                int components) {
  const auto table = accuracy_table(precision, output, kind, components);
  for (const AccuracyRow& row : table)
    if (row.digits == digits) return row;
  throw Error("digits = " + std::to_string(digits) + " is out of range: " +
                  (precision == Precision::double_precision ? "double" : "single") + " precision reaches " +
                  std::to_string(table.front().digits) + " to " + std::to_string(table.back().digits),
              precision == Precision::double_precision || digits < table.front().digits
                  ? "ask for digits in that range"
                  : "use double precision");
}

int ncrit_for_order(Precision precision, Output output, SourceKind kind, int order, int components) {
  const auto table = accuracy_table(precision, output, kind, components);
  for (const AccuracyRow& row : table)
    if (row.order >= order) return row.ncrit;
  return table.back().ncrit;
}

}  // namespace octopole
