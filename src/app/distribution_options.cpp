#include "app/distribution_options.hpp"

#include <fmt/core.h>

#include "app/help.hpp"

namespace octopole::app {

CLI::Option* CloudOptions::add_to(CLI::App& parser, const std::string& shape_name) {
  constexpr Index kMost = 1'000'000'000'000;
  shape_option_ = parser.add_option(shape_name, shape_, "cube, sphere, ellipsoid, plummer, line or clusters")
                      ->check(CLI::IsMember(shape_names()));
  points_option_ = parser.add_option("-n,--points", cloud_.sources, "Number of sources")
                       ->check(CLI::Range(Index{1}, kMost));
  others_ = {points_option_,
             parser.add_option("-s,--seed", cloud_.seed, "Seed of the random numbers")->capture_default_str(),
             parser.add_option("--charges", charges_, "uniform in [-1, 1), or unit")
                 ->check(CLI::IsMember({"uniform", "unit"}))
                 ->capture_default_str(),
             parser
                 .add_option("--targets", cloud_.targets,
                             "Number of targets other than the sources, of the same shape")
                 ->check(CLI::Range(Index{1}, kMost))};
  shape_option_->group(kInputGroup);
  for (CLI::Option* option : others_) option->group(kInputGroup);
  return shape_option_;
}

void CloudOptions::make_optional() {
  shape_option_->needs(points_option_);
  for (CLI::Option* option : others_) option->needs(shape_option_);
}

Cloud CloudOptions::get() const {
  Cloud cloud = cloud_;
  cloud.shape = parse_shape(shape_);
  cloud.charges = parse_charges(charges_);
  return cloud;
}

Points make_points(const mpi::Comm& comm, const Cloud& cloud, const BeforeReading& before_making) {
  Points points;
  points.source_count = cloud.sources;
  points.target_count = cloud.targets.value_or(cloud.sources);
  points.targets_are_sources = !cloud.targets;
  const RowBlock sources = block_of(cloud.sources, comm.rank(), comm.size());
  const RowBlock targets = block_of(cloud.targets.value_or(0), comm.rank(), comm.size());
  if (before_making) before_making(sources, targets);
  points.sources = make_cloud(cloud.shape, sources.first, sources.count, cloud.seed);
  points.charges = make_charges(cloud.charges, sources.first, sources.count, cloud.seed);
  if (cloud.targets) {
    points.targets = make_cloud(cloud.shape, targets.first, targets.count, cloud.seed, RngStream::targets);
  }
  return points;
}

std::string describe(const Cloud& cloud) {
  return fmt::format("{} of {} points, seed {}", shape_name(cloud.shape), cloud.sources, cloud.seed);
}

}  // namespace octopole::app
