#include "app/distribution_options.hpp"

#include <fmt/core.h>

#include "app/help.hpp"

namespace octopole::app {

CLI::Option* DistributionOptions::add_to(CLI::App& parser, const std::string& shape_name) {
  constexpr Index kMost = 1'000'000'000'000;
  shape_option_ = parser.add_option(shape_name, shape_, "cube, sphere, ellipsoid, plummer, line or clusters")
                      ->check(CLI::IsMember(shape_names()));
  points_option_ = parser.add_option("-n,--points", distribution_.sources, "Number of sources")
                       ->check(CLI::Range(Index{1}, kMost));
  others_ = {
      points_option_,
      parser.add_option("-s,--seed", distribution_.seed, "Seed of the random numbers")->capture_default_str(),
      parser.add_option("--charges", charges_, "uniform in [-1, 1), or unit")
          ->check(CLI::IsMember({"uniform", "unit"}))
          ->capture_default_str(),
      parser
          .add_option("--targets", distribution_.targets,
                      "Number of targets other than the sources, of the same shape")
          ->check(CLI::Range(Index{1}, kMost))};
  shape_option_->group(kInputGroup);
  for (CLI::Option* option : others_) option->group(kInputGroup);
  return shape_option_;
}

void DistributionOptions::make_optional() {
  shape_option_->needs(points_option_);
  for (CLI::Option* option : others_) option->needs(shape_option_);
}

PointDistribution DistributionOptions::get() const {
  PointDistribution distribution = distribution_;
  distribution.shape = parse_shape(shape_);
  distribution.charges = parse_charges(charges_);
  return distribution;
}

Points make_points(const mpi::Comm& comm, const PointDistribution& distribution,
                   const BeforeReading& before_making) {
  Points points;
  points.source_count = distribution.sources;
  points.target_count = distribution.targets.value_or(distribution.sources);
  points.targets_are_sources = !distribution.targets;
  const RowBlock sources = block_of(distribution.sources, comm.rank(), comm.size());
  const RowBlock targets = block_of(distribution.targets.value_or(0), comm.rank(), comm.size());
  if (before_making) before_making(sources, targets);
  points.sources = make_positions(distribution.shape, sources.first, sources.count, distribution.seed);
  points.charges = make_charges(distribution.charges, sources.first, sources.count, distribution.seed);
  if (distribution.targets) {
    points.targets = make_positions(distribution.shape, targets.first, targets.count, distribution.seed,
                                    RngStream::targets);
  }
  return points;
}

std::string describe(const PointDistribution& distribution) {
  return fmt::format("{} of {} points, seed {}", shape_name(distribution.shape), distribution.sources,
                     distribution.seed);
}

}  // namespace octopole::app
