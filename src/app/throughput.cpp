// octopole throughput: shows, measures again or deletes the kept throughput of the machine.
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "app/hosts.hpp"
#include "app/machine_throughput.hpp"
#include "app/program.hpp"
#include "app/text.hpp"
#include "base/threads.hpp"

namespace octopole::app {
namespace {

class ThroughputCommand : public Command {
 public:
  explicit ThroughputCommand(CLI::App& program)
      : parser_(program.add_subcommand(
            "throughput",
            "Show the machine's throughput that the cost model uses, with its key and its age")) {
    parser_->alias("rates");  // its earlier name
    CLI::Option* remeasure = parser_->add_flag("--remeasure", remeasure_, "Measure it again and keep it");
    parser_->add_flag("--delete", delete_, "Delete all kept values: the next run measures again")
        ->excludes(remeasure);
    parser_
        ->add_option("-t,--threads", threads_,
                     "Number of OpenMP threads that the throughput is for, as given to run")
        ->check(CLI::Range(1, 4096));
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    set_threads(threads_.value_or(default_threads(describe_machine(comm))));
    mpi::collectively(comm, [&] {
      if (comm.is_root()) run_alone(ThroughputCache(throughput_key()));
    });
    return kSuccess;
  }

 private:
  void run_alone(const ThroughputCache& cache) const {
    if (delete_) {
      const auto removed = cache.remove();
      for (const auto& file : removed) fmt::print("deleted    {}\n", file.string());
      if (removed.empty()) fmt::print("nothing is kept\n");
      return;
    }
    if (remeasure_) cache.measure(true);
    show(cache);
  }

  static void show(const ThroughputCache& cache) {
    const ThroughputKey& key = cache.key();
    fmt::print("file       {}\n",
               cache.file().empty() ? "none: neither XDG_CACHE_HOME nor HOME is set" : cache.file().string());
    fmt::print("key        {}, {}, {} threads\n", key.processor, key.simd, key.threads);
    fmt::print("           octopole {} ({}), {}, {}\n", key.octopole, key.git, key.compiler, key.flags);
    std::string reason;
    const std::optional<KeptThroughput> kept = cache.read(reason);
    if (kept)
      fmt::print("measured   {}, {:.1f} days ago; valid for {:g} days\n", utc_text(kept->measured),
                 std::max(0.0, std::difftime(std::time(nullptr), kept->measured)) / 86400, cache.days());
    else
      fmt::print("measured   {}: the next run measures\n", reason);
    if (const auto [name, value] = throughput_variable(); value)
      fmt::print("not used   {} is '{}', which takes precedence\n", name, value);
    if (!kept) return;
    Throughput throughput = kept->throughput;
    fmt::print("\n{:<20}", "operations/s/thread");
    for (const auto& [name, row] : throughput.rows()) fmt::print(" {:>16}", name);
    for (std::size_t k = 0; k < kOperationKinds; ++k) {
      fmt::print("\n{:<20}", kOperationKindNames[k]);
      for (const auto& [name, row] : throughput.rows()) fmt::print(" {:>16.3g}", (*row)[k]);
    }
    fmt::print("\n");
  }

  CLI::App* parser_;
  std::optional<int> threads_;
  bool remeasure_ = false, delete_ = false;
};

}  // namespace

std::unique_ptr<Command> make_throughput(CLI::App& program) {
  return std::make_unique<ThroughputCommand>(program);
}

}  // namespace octopole::app
