// octopole generate: a synthetic cloud in a file.
#include <fmt/core.h>

#include <optional>

#include "command.hpp"
#include "octopole/base/version.hpp"
#include "octopole/io/clouds.hpp"
#include "octopole/io/pending_file.hpp"
#include "octopole/io/points_file.hpp"

namespace octopole::app {
namespace {

class Generate : public Command {
 public:
  explicit Generate(CLI::App& program)
      : parser_(program.add_subcommand(
            "generate", "Write a synthetic cloud of charges, the same on any number of ranks")) {
    parser_->add_option("shape", shape_, "cube, sphere, ellipsoid, plummer or line")
        ->required()
        ->check(CLI::IsMember({"cube", "sphere", "ellipsoid", "plummer", "line"}));
    parser_->add_option("-n,--points", count_, "Number of sources")
        ->required()
        ->check(CLI::Range(Index{1}, kMost));
    parser_->add_option("-s,--seed", seed_, "Seed of the random numbers")->capture_default_str();
    parser_->add_option("-o,--output", output_, "File to write (HDF5)")->required();
    parser_->add_option("--charges", charges_, "uniform in [-1, 1), or unit")
        ->check(CLI::IsMember({"uniform", "unit"}))
        ->capture_default_str();
    parser_->add_option("--targets", target_count_, "So many other points of the same shape as targets")
        ->check(CLI::Range(Index{1}, kMost));
    parser_->add_flag("-q,--quiet", quiet_, "Print nothing");
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    const Shape shape = parse_shape(shape_);
    const Charges charges = parse_charges(charges_);
    std::vector<Table> tables;
    add(comm, tables, "/sources/positions", count_, 3,
        [&](Index first, std::span<double> values) { fill_cloud(shape, first, values, seed_); });
    add(comm, tables, "/sources/charges", count_, 1,
        [&](Index first, std::span<double> values) { fill_charges(charges, first, values, seed_); });
    if (target_count_)
      add(comm, tables, "/targets/positions", *target_count_, 3, [&](Index first, std::span<double> values) {
        fill_cloud(shape, first, values, seed_, Stream::targets);
      });
    const std::vector<Attribute> attributes = {{"octopole_version", std::string(version().version)},
                                               {"shape", shape_},
                                               {"charges", charges_},
                                               {"seed", std::to_string(seed_)}};
    write_tables(comm, output_, tables, attributes);
    if (comm.is_root() && !quiet_) {
      const std::string targets = target_count_ ? fmt::format(" and {} targets", *target_count_) : "";
      fmt::print("{} {} charges{} in {}\n", count_, shape_, targets, output_);
    }
    return kSuccess;
  }

 private:
  static constexpr Index kMost = 1'000'000'000'000;

  template <class Fill>
  static void add(const mpi::Comm& comm, std::vector<Table>& tables, const char* dataset, Index rows,
                  Index columns, Fill fill) {
    tables.push_back({dataset, rows, columns, block_of(rows, comm.rank(), comm.size()),
                      [=](Index first, Index count, double* values) {
                        fill(first, std::span<double>(values, static_cast<std::size_t>(count * columns)));
                      }});
  }

  CLI::App* parser_;
  std::string shape_, charges_ = "uniform", output_;
  Index count_ = 0;
  std::optional<Index> target_count_;
  std::uint64_t seed_ = 1;
  bool quiet_ = false;
};

}  // namespace

std::unique_ptr<Command> make_generate(CLI::App& program) {
  return std::make_unique<Generate>(program);
}

void check_output(const mpi::Comm& comm, const std::string& path) {
  mpi::collectively(comm, [&] {
    if (comm.is_root()) check_writable(path);
  });
}

}  // namespace octopole::app
