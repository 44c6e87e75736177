#include "petsc/product_times.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/profile.hpp"
#include "petsc/errors.hpp"
#include "petsc/shell.hpp"
#include "petsc/vectors.hpp"

namespace octopole::petsc {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Seconds of the slowest rank; all start together.
template <class Work>
double seconds_of(MPI_Comm comm, const Work& work) {
  MPI_Barrier(comm);
  const double start = seconds_now();
  work();
  const double mine = seconds_now() - start;
  double slowest = 0;
  MPI_Allreduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, comm);
  return slowest;
}

struct Product {
  Mat matrix = nullptr;
  Vec x = nullptr, y = nullptr;
  ~Product() {
    (void)VecDestroy(&x);
    (void)VecDestroy(&y);
    (void)MatDestroy(&matrix);
  }
};

}  // namespace

ProductTimes time_products(MPI_Comm comm, const std::shared_ptr<Operator>& op, int repeats) {
  const QuietErrors quiet;
  AccuracyLevels* const levels = op->accuracy_levels();
  if (!levels || repeats < 1) throw Error("only products of an FMM are timed, and at least one of them");
  Product p;
  p.matrix = make_shell(comm, op);
  check(MatCreateVecs(p.matrix, &p.x, &p.y), "MatCreateVecs");
  {
    WriteArray x(p.x);
    for (std::size_t i = 0; i < x.values().size(); ++i) x.values()[i] = std::sin(static_cast<double>(i));
  }
  std::vector<double> charges(static_cast<std::size_t>(levels->sources()));
  for (std::size_t i = 0; i < charges.size(); ++i) charges[i] = std::sin(static_cast<double>(i));
  Field field;
  const auto product = [&] { check(MatMult(p.matrix, p.x, p.y), "MatMult"); };
  const auto plain = [&] { levels->evaluate_plain(charges, field); };
  product();
  plain();
  std::vector<double> products, plains, ratios;
  for (int i = 0; i < repeats; ++i) {
    products.push_back(seconds_of(comm, product));
    plains.push_back(seconds_of(comm, plain));
    ratios.push_back(products.back() / plains.back());
  }
  return {repeats, median(products), median(plains), median(ratios)};
}

}  // namespace octopole::petsc
