// octopole generate: a point distribution in a file.
#include <fmt/core.h>

#include <array>

#include "app/kernel_options.hpp"
#include "app/options.hpp"
#include "app/program.hpp"
#include "cost/option_table.hpp"
#include "io/points_file.hpp"
#include "kernels/any_kernel.hpp"
#include "octopole/version.hpp"

namespace octopole::app {
namespace {

class Generate : public Command {
 public:
  explicit Generate(CLI::App& program)
      : parser_(program.add_subcommand(
            "generate",
            "Write a synthetic point distribution with charges, the same on any number of ranks")) {
#ifdef OCTOPOLE_WITH_BEM
    mesh_ = make_generate_mesh(*parser_);
    parser_->description(parser_->get_description() + "; or a mesh");
#endif
    // Required, but not by the subcommand `mesh`: checked in run().
    required_ = {distribution_.add_to(*parser_, "shape"), parser_->get_option("--points"),
                 parser_->add_option("-o,--output", output_, "File to write (HDF5)")};
    parser_->add_option("--kernel", kernel_, "Write the strengths that this kernel takes")
        ->check(CLI::IsMember(names_of_kernels()))
        ->option_text("NAME=" + kernel_);
    strengths_.add_to(*parser_);
    parser_->add_flag("-q,--quiet", quiet_, "Print nothing");
  }

  CLI::App* parser() const override {
    return parser_;
  }

  int run(const mpi::Comm& comm) override {
    if (mesh_ && mesh_->parser()->parsed()) {
      if (parser_->count_all() > mesh_->parser()->count_all() + 1)
        throw UsageError("options of `generate` and of `generate mesh` are mixed",
                         "put all of them after `mesh`");
      return mesh_->run(comm);
    }
    for (const CLI::Option* option : required_)
      if (option->count() == 0)
        throw UsageError(option->get_name() + " is required", "see octopole generate --help");
    const PointDistribution distribution = distribution_.get();
    std::vector<Table> tables;
    add(comm, tables, "/sources/positions", distribution.sources, 3,
        [=](Index first, std::span<double> values) {
          fill_positions(distribution.shape, first, values, distribution.seed);
        });
    auto [kind, vectors, components] = strengths_.get();
    const KernelType& kernel = *kernel_type(kernel_);
    components = kernel.components;
    if (components > 1 && kind != SourceKind::charges)
      throw UsageError(
          fmt::format("the sources of {} have {}: leave --source-kind out", kernel.name, kernel.strengths));
    if (components > 1) {
      add(comm, tables, fmt::format("/sources/{}", kernel.strengths), distribution.sources, 3 * vectors,
          [=, count = vectors](Index first, std::span<double> values) {
            fill_dipoles(distribution.charges, first, values, distribution.seed, count);
          });
      tables.back().vectors = vectors;
    } else if (kind != SourceKind::dipoles) {
      add(comm, tables, "/sources/charges", distribution.sources, vectors,
          [=, count = vectors](Index first, std::span<double> values) {
            fill_charges(distribution.charges, first, values, distribution.seed, count);
          });
      tables.back().vectors = vectors;
    }
    if (kind != SourceKind::charges) {
      add(comm, tables, "/sources/dipoles", distribution.sources, 3 * vectors,
          [=, count = vectors](Index first, std::span<double> values) {
            fill_dipoles(distribution.charges, first, values, distribution.seed, count);
          });
      tables.back().vectors = vectors;
    }
    if (distribution.targets)
      add(comm, tables, "/targets/positions", *distribution.targets, 3,
          [=](Index first, std::span<double> values) {
            fill_positions(distribution.shape, first, values, distribution.seed, RngStream::targets);
          });
    const std::vector<Attribute> attributes = {{"octopole_version", std::string(version().version)},
                                               {"shape", std::string(shape_name(distribution.shape))},
                                               {"charges", std::string(charges_name(distribution.charges))},
                                               {"seed", std::to_string(distribution.seed)}};
    write_tables(comm, output_, tables, attributes);
    if (comm.is_root() && !quiet_) {
      const std::string targets =
          distribution.targets ? fmt::format(" and {} targets", *distribution.targets) : "";
      fmt::print("{} {} {}{} in {}\n", distribution.sources, shape_name(distribution.shape),
                 components > 1                            ? fmt::format("points with {}", kernel.strengths)
                 : kind == SourceKind::charges_and_dipoles ? "charges with dipoles"
                                                           : std::string(Choices<SourceKind>::name(kind)),
                 targets, output_);
    }
    return kSuccess;
  }

 private:
  template <class Fill>
  static void add(const mpi::Comm& comm, std::vector<Table>& tables, const std::string& dataset, Index rows,
                  Index columns, Fill fill) {
    tables.push_back({dataset, rows, columns, block_of(rows, comm.rank(), comm.size()),
                      [=](Index first, Index count, double* values) {
                        fill(first, std::span<double>(values, static_cast<std::size_t>(count * columns)));
                      }});
  }

  CLI::App* parser_;
  std::unique_ptr<Command> mesh_;  // none in programs without boundary elements
  std::array<const CLI::Option*, 3> required_{};
  DistributionOptions distribution_;
  StrengthOptions strengths_;
  std::string output_, kernel_ = std::string(Laplace::name);
  bool quiet_ = false;
};

}  // namespace

std::unique_ptr<Command> make_generate(CLI::App& program) {
  return std::make_unique<Generate>(program);
}

}  // namespace octopole::app
