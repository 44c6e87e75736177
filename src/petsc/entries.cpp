#include "petsc/entries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "fmm/agreement.hpp"
#include "kernels/derivatives.hpp"
#include "mpi/agreement.hpp"

namespace octopole::petsc {
namespace {

const char* given(const std::optional<std::vector<double>>& normals) {
  return normals ? "given" : "none";
}

void check_normals(const std::optional<std::vector<double>>& normals, Index points, const char* of) {
  if (normals && static_cast<Index>(normals->size()) != 3 * points)
    throw Error(
        fmt::format("{} numbers instead of {} are normals of {} {}", normals->size(), 3 * points, points, of),
        "pass three numbers per point");
  if (normals && !check_values(*normals).finite)
    throw Error(fmt::format("normals of {} are not finite", of), "pass finite numbers");
}

}  // namespace

Entries::Entries(const AnyKernel& kernel, Normals normals) : kernel_(kernel), normals_(std::move(normals)) {}

void Entries::check(const mpi::Comm& comm, Index sources, Index targets) const {
  const std::array<mpi::NamedValue, 4> values = {
      mpi::NamedValue{"the kernel", std::string(kernel_.name())},
      {"the kernel's parameters", fmt::format("{}", fmt::join(kernel_.parameters(), " "))},
      {"normals of the sources", given(normals_.sources)},
      {"normals of the targets", given(normals_.targets)}};
  mpi::require_equal(comm, values,
                     "pass the same kernel, and normals on every rank (even without points) or on none");
  mpi::collectively(comm, [&] {
    if (block() > 1 && (normals_.sources || normals_.targets))
      throw Error(fmt::format("there is no matrix of the vector kernel {} with normals", kernel_.name()),
                  "use laplace or yukawa, or leave the normals out");
    check_normals(normals_.sources, sources, "sources");
    check_normals(normals_.targets, targets, "targets");
  });
}

ProductKind Entries::product() const {
  return {normals_.sources ? SourceKind::dipoles : SourceKind::charges,
          normals_.targets ? Output::potential_and_gradient : Output::potential};
}

Strengths Entries::strengths(std::span<const double> x, int vectors, bool transposed,
                             std::vector<double>& dipoles) const {
  const auto& normals = transposed ? normals_.targets : normals_.sources;
  if (!normals) return {x, {}, vectors};
  const auto width = static_cast<std::size_t>(vectors);
  dipoles.resize(3 * x.size());
#pragma omp parallel for schedule(static)
  for (std::size_t k = 0; k < normals->size(); ++k)
    for (std::size_t v = 0; v < width; ++v) dipoles[k * width + v] = (*normals)[k] * x[k / 3 * width + v];
  return {{}, dipoles, vectors};
}

void Entries::read(const Field& field, bool transposed, std::span<double> y) const {
  const auto& normals = transposed ? normals_.sources : normals_.targets;
  if (!normals) {
    std::copy(field.potential.begin(), field.potential.end(), y.begin());
    return;
  }
  const auto width = static_cast<std::size_t>(field.vectors);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < normals->size() / 3; ++i)
    for (std::size_t v = 0; v < width; ++v) {
      double sum = 0;
      for (std::size_t k = 3 * i; k < 3 * i + 3; ++k) sum += (*normals)[k] * field.gradient[k * width + v];
      y[i * width + v] = sum;
    }
}

void Entries::fill(const Point& target, const Point& source, double* values) const {
  std::array<double, 3> d{};
  double r2 = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    d[c] = target.position[c] - source.position[c];
    r2 += d[c] * d[c];
  }
  const auto size = static_cast<std::size_t>(block());
  if (!(r2 > 0)) {
    std::fill_n(values, size * size, 0.0);
    return;
  }
  const double inverse_r = 1 / std::sqrt(r2), constant = kernel_.constant();
  if (size > 1) {
    for (std::size_t column = 0; column < size; ++column) {
      std::array<double, 3> unit{}, u{};
      unit[column] = 1;
      kernel_.add_vector(d, inverse_r, unit, u.data());
      for (std::size_t row = 0; row < size; ++row) values[row * size + column] = constant * u[row];
    }
    return;
  }
  const int order = (normals_.sources ? 1 : 0) + (normals_.targets ? 1 : 0);
  const RadialFactors factors = kernel_.at(r2, inverse_r, order);
  if (order == 0) {
    *values = constant * factors.potential;
    return;
  }
  // The derivative with respect to the source has the opposite sign of that with respect to the target.
  const std::array<double, 20> derivative = derivatives_of(factors, d, inverse_r);
  const auto along = [&derivative](int part) { return derivative[static_cast<std::size_t>(part)]; };
  double sum = 0;
  for (int a = 0; a < 3; ++a) {
    if (order == 1) {
      sum += (normals_.targets ? target.normal[a] : -source.normal[a]) * along(1 + a);
      continue;
    }
    for (int b = 0; b < 3; ++b)
      sum -= target.normal[a] * source.normal[b] * along(product_of_parts(1 + a, 1 + b));
  }
  *values = constant * sum;
}

std::string Entries::description() const {
  const std::string kernel(kernel_.name());
  if (block() > 1) return fmt::format("kernel {}, blocks of {} x {}", kernel, block(), block());
  if (normals_.sources && normals_.targets) return fmt::format("kernel {}, hypersingular", kernel);
  if (normals_.sources) return fmt::format("kernel {}, double layer", kernel);
  if (normals_.targets) return fmt::format("kernel {}, adjoint double layer", kernel);
  return fmt::format("kernel {}", kernel);
}

}  // namespace octopole::petsc
