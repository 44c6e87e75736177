#include "bem/near_correction.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "bem/generate_mesh.hpp"
#include "bem/panel_integrals.hpp"
#include "io/points_file.hpp"
#include "kernels/direct.hpp"
#include "octopole/kernels.hpp"
#include "tests/support/unequal_sums.hpp"

namespace octopole::bem {
namespace {

const Surface& bus() {
  static const Surface surface = bus_mesh({.refine = 2, .gap = 0.4, .grading = 1.6});
  return surface;
}

double charge_of(Index number) {
  return std::sin(1.0 + 0.7 * static_cast<double>(number));
}

/// Distributes a surface that only rank 0 has.
Panels panels_of(const mpi::Comm& comm, const Surface& surface) {
  return distribute(comm, comm.is_root() ? surface : Surface{});
}

std::array<double, 9> corners_of(const Surface& surface, Index i) {
  std::array<double, 9> corners;
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t d = 0; d < 3; ++d) corners[3 * c + d] = surface.corner(i, static_cast<int>(c))[d];
  return corners;
}

/// A matrix entry by the definition of NearRule, from the whole surface.
double defined_entry(const Surface& surface, Index i, Index j, const NearRule& rule) {
  const std::array<double, 9> target = corners_of(surface, i), source = corners_of(surface, j);
  const std::array<double, 3> c = panel_centroid(target.data()), s = panel_centroid(source.data());
  if (std::hypot(c[0] - s[0], c[1] - s[1], c[2] - s[2]) < rule.multiple * panel_diameter(source.data()))
    return Laplace::constant * triangle_integral(source.data(), c.data()) / panel_area(source.data());
  double sum = 0;
  for (const RulePoint& k : rule.rule().points) {
    const std::array<double, 3> y = rule_point(k, source.data());
    sum += k.weight / std::hypot(c[0] - y[0], c[1] - y[1], c[2] - y[2]);
  }
  return Laplace::constant * sum;
}

struct Problem {
  mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  NearRule rule;
  Panels panels;
  std::vector<double> charges;

  explicit Problem(NearRule r, const Surface& surface = bus()) : rule(r), panels(panels_of(comm, surface)) {
    for (const Index n : panels.number) charges.push_back(charge_of(n));
  }

  /// Potential of all quadrature points at this rank's centroids, by direct sums instead of an FMM.
  std::vector<double> far_potential() const {
    std::vector<double> sources = quadrature_points(panels, rule.rule()),
                        spread(charges.size() * size_t(rule.points)), potential(charges.size(), 0);
    spread_charges(rule.rule(), charges, spread);
    direct_sum(Laplace{}, centroids(panels), comm.gather_all<double>(sources),
               comm.gather_all<double>(spread), std::span<double>(potential));
    return potential;
  }
};

class NearCorrectionTest : public testing::TestWithParam<NearRule> {};

TEST_P(NearCorrectionTest, MakesTheFarSumTheDefinedMatrix) {
  const Problem p(GetParam());
  NearCorrection near(p.comm, p.panels, p.rule);
  std::vector<double> potential = p.far_potential();
  near.add(p.charges, potential);
  for (Index i = 0; i < p.panels.count(); ++i) {
    double expected = 0;
    for (Index j = 0; j < p.panels.total; ++j)
      expected += defined_entry(bus(), p.panels.number[size_t(i)], j, p.rule) * charge_of(j);
    EXPECT_NEAR(potential[size_t(i)], expected, p.rule.in_double ? 1e-12 : 2e-6) << i;
  }
}

TEST_P(NearCorrectionTest, HasTheEntriesOfTheDefinedMatrix) {
  const Problem p(GetParam());
  const NearCorrection near(p.comm, p.panels, p.rule);
  const std::vector<double> diagonal = near.diagonal();
  std::vector<Index> numbers(size_t(near.columns()), -1);
  const std::vector<Index> all = p.comm.gather_all<Index>(p.panels.number);
  for (Index c = 0; c < near.columns(); ++c) numbers[size_t(c)] = all[size_t(near.global_row(c))];

  std::vector<std::int32_t> some;
  for (std::int32_t c = 0; c < near.columns(); c += 5) some.push_back(c);
  std::vector<double> block(some.size() * some.size());
  near.block(some, some, block.data());
  for (size_t a = 0; a < some.size(); a += 7)
    for (size_t b = 0; b < some.size(); ++b) {
      const double expected =
          defined_entry(bus(), numbers[size_t(some[a])], numbers[size_t(some[b])], p.rule);
      EXPECT_NEAR(near.entry(some[a], some[b]), expected, 1e-13 * expected);
      // A block has the entries of near pairs; far panels act as charges at their centroids.
      const double *t = near.centroid(some[a]), *s = near.centroid(some[b]);
      const double distance = std::hypot(t[0] - s[0], t[1] - s[1], t[2] - s[2]);
      const bool close = distance < p.rule.multiple * panel_diameter(near.panel(some[b]));
      EXPECT_NEAR(block[a + b * some.size()], close ? expected : Laplace::constant / distance,
                  (p.rule.in_double ? 1e-12 : 1e-6) * expected);
    }
  for (Index i = 0; i < near.rows(); ++i) {
    EXPECT_EQ(near.global_row(near.own_begin() + i), p.panels.first + i);
    const Index number = p.panels.number[size_t(i)];
    EXPECT_NEAR(diagonal[size_t(i)], defined_entry(bus(), number, number, p.rule),
                1e-13 * diagonal[size_t(i)]);
    EXPECT_TRUE(std::is_sorted(near.row(i).begin(), near.row(i).end()));
    EXPECT_TRUE(std::binary_search(near.row(i).begin(), near.row(i).end(), near.own_begin() + i));
  }
}

TEST_P(NearCorrectionTest, IsAdjointToItsTranspose) {
  const Problem p(GetParam());
  NearCorrection near(p.comm, p.panels, p.rule);
  const size_t n = p.charges.size();
  std::vector<double> y(n), forward(n, 0), backward(n, 0);
  for (size_t i = 0; i < n; ++i) y[i] = std::cos(3.0 * double(p.panels.number[i]));
  near.add(p.charges, forward);
  near.add_transposed(y, backward);
  double products[2] = {0, 0};
  for (size_t i = 0; i < n; ++i) {
    products[0] += y[i] * forward[i];
    products[1] += p.charges[i] * backward[i];
  }
  p.comm.allreduce(std::span<double>(products), MPI_SUM);
  EXPECT_NEAR(products[0], products[1], 1e-12 * (1 + std::abs(products[0])));
}

/// Sums run over columns in global row order, so that even their rounding equals that of one rank.
TEST_P(NearCorrectionTest, HasTheBitsOfOneRank) {
  const Problem p(GetParam());
  NearCorrection near(p.comm, p.panels, p.rule);
  std::vector<double> potential(p.charges.size(), 0);
  near.add(p.charges, potential);
  const std::vector<double> all = p.comm.gather_all<double>(potential);

  const mpi::Comm alone = mpi::Comm::duplicate(MPI_COMM_SELF);
  const Panels panels = distribute(alone, bus());
  std::vector<double> charges;
  for (const Index n : panels.number) charges.push_back(charge_of(n));
  std::vector<double> expected(charges.size(), 0);
  NearCorrection(alone, panels, p.rule).add(charges, expected);
  EXPECT_EQ(all, expected);
}

INSTANTIATE_TEST_SUITE_P(Rules, NearCorrectionTest,
                         testing::Values(NearRule{1, 2.5, true}, NearRule{3, 1.5, false},
                                         NearRule{7, 4, true}));

TEST(Panels, AreTheSurfaceWhateverTheRanks) {
  const Problem p({});
  Index count = p.comm.sum(p.panels.count());
  EXPECT_EQ(count, bus().size());
  EXPECT_EQ(p.panels.conductors, bus().conductors);
  std::vector<Index> numbers = p.comm.gather_all<Index>(p.panels.number);
  std::vector<Index> once = numbers;
  std::sort(once.begin(), once.end());
  for (Index i = 0; i < count; ++i) EXPECT_EQ(once[size_t(i)], i);
  for (Index i = 0; i < p.panels.count(); ++i) {
    const Index number = p.panels.number[size_t(i)];
    const std::array<double, 9> corners = corners_of(bus(), number);
    EXPECT_TRUE(std::equal(corners.begin(), corners.end(), p.panels.panel(i)));
    EXPECT_EQ(p.panels.conductor[size_t(i)], bus().conductor[size_t(number)]);
    EXPECT_EQ(p.panels.corner_numbers[size_t(3 * i)], bus().triangles[size_t(number)][0]);
  }
  const Panels alone = distribute(mpi::Comm::duplicate(MPI_COMM_SELF), bus());
  EXPECT_EQ(numbers, alone.number);
}

TEST(Panels, BelongToTheRankWhoseBlockHoldsThem) {
  for (const Index rows : {1, 4, 13, 100})
    for (const int ranks : {1, 2, 5, 13, 40})
      for (int rank = 0; rank < ranks; ++rank) {
        const RowBlock block = block_of(rows, rank, ranks);
        for (Index row = block.first; row < block.first + block.count; ++row)
          EXPECT_EQ(block_owner(row, rows, ranks), rank) << rows << ' ' << ranks;
      }
}

TEST(Panels, OfFewerThanRanks) {
  Surface one = sphere_mesh({.refine = 1});
  one.triangles.resize(2);
  one.conductor.resize(2);
  const Problem p({1, 2.5, true}, one);
  NearCorrection near(p.comm, p.panels, p.rule);
  std::vector<double> potential = p.far_potential();
  near.add(p.charges, potential);
  for (Index i = 0; i < p.panels.count(); ++i) {
    double expected = 0;
    for (Index j = 0; j < 2; ++j)
      expected += defined_entry(one, p.panels.number[size_t(i)], j, p.rule) * charge_of(j);
    EXPECT_NEAR(potential[size_t(i)], expected, 1e-13);
  }
  EXPECT_EQ(p.comm.sum(near.entries()), 4);
}

TEST(Panels, BadInputIsAnErrorOnAllRanks) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  EXPECT_THROW(distribute(comm, {}), AgreedError);
  const Panels panels = panels_of(comm, bus());
  EXPECT_THROW(NearCorrection(comm, panels, NearRule{1, 0.5, true}), AgreedError);
  EXPECT_THROW(NearCorrection(comm, panels, NearRule{5, 2, true}), AgreedError);
  if (comm.size() == 1) return;
  NearRule rule{3, 2, false};  // decides how many panels are sent
  if (comm.rank() == comm.size() - 1) rule.multiple += 1e-9;
  EXPECT_THROW(NearCorrection(comm, panels, rule), AgreedError);
}

TEST(Panels, HaveOneRelativeSizeWhateverSumsMpiMakes) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const Panels panels = panels_of(comm, bus());
  const double size = relative_size(comm, panels);
  const test::UnequalSums unequal;
  const double mine = relative_size(comm, panels);
  EXPECT_EQ(mine, size);  // from rank 0's sums, which are unchanged
  // At this tolerance the rule changes: a last digit would give some ranks three points and others six.
  const double tolerance = 1.8e-5 * size;
  EXPECT_EQ(near_rule(tolerance, mine).points, 3);
}

}  // namespace
}  // namespace octopole::bem
