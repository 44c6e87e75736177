#include "app/options.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "app/program.hpp"
#include "cost/option_table.hpp"
#include "octopole/kernels.hpp"

namespace octopole::app {

std::string_view output_name(Output output) {
  return Choices<Output>::name(output);
}
Output parse_output(std::string_view name) {
  for (const Output output : Choices<Output>::values)
    if (output_name(output) == name) return output;
  throw UsageError(fmt::format("there is no output '{}'", name));
}
std::vector<std::string> output_names(bool scalar_only) {
  std::vector<std::string> names;
  for (const Output output : Choices<Output>::values)
    if (!scalar_only || output != Output::potential_and_pressure) names.emplace_back(output_name(output));
  return names;
}

void FieldOptions::add_to(CLI::App& parser, const std::string& group) {
  CLI::Option* gradient = parser.add_flag("--gradient", gradient_, "Also compute the gradient")->group(group);
  parser.add_option("--fields", fields_, "Compute and write, instead: potential,gradient,hessian,pressure")
      ->delimiter(',')
      ->excludes(gradient)
      ->option_text("NAMES")
      ->group(group);
  gradient->option_text(" ");
}

FieldParts FieldOptions::get(const AnyKernel& kernel) const {
  if (fields_.empty()) return {true, gradient_, false, false};
  FieldParts parts{false, false, false, false};
  const std::string gradient = kernel.gradient_name();
  for (const std::string& name : fields_)
    if (name == "potential" || name == kernel.result_name()) {
      parts.potential = true;
    } else if (name == "gradient" || name == gradient) {
      parts.gradient = true;
    } else if (name == "hessian" && kernel.components() == 1) {
      parts.hessian = true;
    } else if (name == "pressure" && kernel.has_pressure()) {
      parts.pressure = true;
    } else {
      throw UsageError(fmt::format("--fields: the kernel {} has no {}", kernel.name(), name),
                       fmt::format("choose among {}, {}{}", kernel.result_name(), gradient,
                                   kernel.components() == 1 ? ", hessian"
                                   : kernel.has_pressure()  ? ", pressure"
                                                            : ""));
    }
  return parts;
}

namespace {

/// Parses "none" or a number of bytes with or without a unit ("512MiB"); throws CLI::ValidationError.
Index parse_memory_limit(std::string text) {
  if (text == "none") return kNoMemoryLimit;
  const CLI::AsSizeValue to_bytes(false);  // a KB has 1024 bytes
  if (const std::string problem = to_bytes(text); !problem.empty())
    throw CLI::ValidationError("--memory-limit", problem);
  Index bytes = 0;
  if (!CLI::detail::lexical_cast(text, bytes) || bytes <= 0)
    throw CLI::ValidationError("--memory-limit", "must be none, or a positive number of bytes");
  return bytes;
}

/// The flag of an option, and that of its alias, as CLI11 takes them: "--new-name,--old-name".
std::string flags_of(const OptionInfo& info, const std::string& prefix = "--") {
  std::string flags =
      (info.letter.empty() ? "" : std::string(info.letter) + ",") + prefix + std::string(info.name);
  if (!info.alias.empty()) flags += "," + prefix + std::string(info.alias);
  std::replace(flags.begin(), flags.end(), '_', '-');
  return flags;
}

std::string range_of(const OptionInfo& info) {
  return std::isinf(info.most) ? fmt::format(" (at least {})", info.least)
                               : fmt::format(" ({} to {})", info.least, info.most);
}

/// Adds one option of the table to a parser.
class OptionAdder {
 public:
  OptionAdder(CLI::App& parser, Options& options) : parser_(parser), options_(options) {}

  void operator()(const OptionInfo& info, bool Options::*member) {
    const bool is_on = options_.*member;  // the flag sets the other value
    const std::string help = is_on ? "Turn off: " + std::string(info.help) : std::string(info.help);
    parser_
        .add_flag_callback(
            flags_of(info, is_on ? "--no-" : "--"), [&value = options_.*member, is_on] { value = !is_on; },
            help)
        ->group(group_of(info));
  }
  void operator()(const OptionInfo& info, std::optional<Index> Options::*member) {
    if (info.name == "memory_limit") {
      parser_
          .add_option_function<std::string>(
              "--memory-limit",
              [&value = options_.*member](const std::string& text) { value = parse_memory_limit(text); },
              std::string(info.help) + " (512MiB, 4GiB, none)")
          ->default_str(std::string(info.if_unset))
          ->group(group_of(info));
      return;
    }
    add_number(info, options_.*member)->default_str(std::string(info.if_unset));
  }
  void operator()(const OptionInfo& info, std::optional<int> Options::*member) {
    add_number(info, options_.*member)->default_str(std::string(info.if_unset));
  }
  void operator()(const OptionInfo& info, std::optional<double> Options::*member) {
    add_number(info, options_.*member)->default_str(std::string(info.if_unset));
  }
  void operator()(const OptionInfo& info, int Options::*member) {
    add_number(info, options_.*member)->capture_default_str();
  }
  void operator()(const OptionInfo& info, double Options::*member) {
    add_number(info, options_.*member)->capture_default_str();
  }
  template <class Enum>
  void operator()(const OptionInfo& info, std::optional<Enum> Options::*member) {
    add_choice<Enum>(info, options_.*member, {"auto"})->default_str("auto");
  }
  template <class Enum>
  void operator()(const OptionInfo& info, Enum Options::*member) {
    add_choice<Enum>(info, options_.*member, {})
        ->default_str(std::string(Choices<Enum>::name(options_.*member)));
  }

 private:
  static std::string group_of(const OptionInfo& info) {
    const std::string_view name = kOptionGroupNames[static_cast<std::size_t>(info.group)];
    return info.basic ? std::string(kAccuracyGroup) : expert_group(name);
  }
  template <class Number>
  CLI::Option* add_number(const OptionInfo& info, Number& value) {
    return parser_.add_option(flags_of(info), value, std::string(info.help) + range_of(info))
        ->group(group_of(info));
  }
  template <class Enum, class Value>
  CLI::Option* add_choice(const OptionInfo& info, Value& value, std::vector<std::string> names) {
    for (const Enum choice : Choices<Enum>::values) names.emplace_back(Choices<Enum>::name(choice));
    const auto set = [&value, unset = value](const std::string& text) {
      value = unset;  // "auto"
      for (const Enum choice : Choices<Enum>::values)
        if (text == Choices<Enum>::name(choice)) value = choice;
    };
    return parser_.add_option_function<std::string>(flags_of(info), set, std::string(info.help))
        ->check(CLI::IsMember(names))
        ->group(group_of(info));
  }

  CLI::App& parser_;
  Options& options_;
};

/// Adds the options of the table that `wanted` accepts; each command adds its own output option.
template <class Wanted>
void add_options(CLI::App& parser, Options& options, const Wanted& wanted) {
  for_each_option([&, add = OptionAdder(parser, options)](const OptionInfo& info, auto member) mutable {
    if (info.name != "output" && wanted(info)) add(info, member);
  });
}

}  // namespace

void FmmOptions::add_method_to(CLI::App& parser, std::initializer_list<std::string_view> others) {
  add_options(parser, options_, [&](const OptionInfo& info) {
    return info.method || std::find(others.begin(), others.end(), info.name) != others.end();
  });
}

void FmmOptions::add_to(CLI::App& parser, std::initializer_list<std::string_view> without) {
  add_options(parser, options_, [&](const OptionInfo& info) {
    return info.group != OptionGroup::limits &&
           std::find(without.begin(), without.end(), info.name) == without.end();
  });
  vectors_ = parser.get_option_no_throw("--vectors");
  source_kind_ = parser.get_option_no_throw("--source-kind");
}

void FmmOptions::take_from_file(const std::string& path, const StrengthShape& in_file,
                                Options& options) const {
  const auto given = [](const CLI::Option* option) { return option && option->count() > 0; };
  if (given(vectors_) && options_.vectors != in_file.vectors)
    throw AgreedError(
        fmt::format("--vectors {}, but '{}' has {}", options_.vectors, path,
                    in_file.vectors == 1 ? "one vector" : fmt::format("{} vectors", in_file.vectors)),
        "leave --vectors out: the file says how many there are");
  if (given(source_kind_) && options_.source_kind != in_file.kind)
    throw AgreedError(
        fmt::format("--source-kind {}, but '{}' has {}", Choices<SourceKind>::name(options_.source_kind),
                    path, Choices<SourceKind>::name(in_file.kind)),
        "leave --source-kind out: the file says what there is");
  options.vectors = in_file.vectors;
  options.source_kind = in_file.kind;
}

void FmmOptions::add_limits_to(CLI::App& parser) {
  add_options(parser, options_, [](const OptionInfo& info) { return info.group == OptionGroup::limits; });
}

Options FmmOptions::get() const {
  try {
    resolve(options_, Laplace::name);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  return options_;
}

// ---- a point distribution.

void StrengthOptions::add_to(CLI::App& parser) {
  parser.add_option("--vectors", vectors_, "Number of vectors of strengths")
      ->check(CLI::Range(1, kMostVectors))
      ->group(kInputGroup);
  std::vector<std::string> kinds(Choices<SourceKind>::values.size());
  std::transform(Choices<SourceKind>::values.begin(), Choices<SourceKind>::values.end(), kinds.begin(),
                 Choices<SourceKind>::name);
  parser.add_option("--source-kind", kind_, "What sources carry: charges, dipoles, charges-and-dipoles")
      ->check(CLI::IsMember(kinds))
      ->group(kInputGroup);
}

StrengthShape StrengthOptions::get() const {
  StrengthShape shape{SourceKind::charges, vectors_, 1};
  for (const SourceKind kind : Choices<SourceKind>::values)
    if (Choices<SourceKind>::name(kind) == kind_) shape.kind = kind;
  return shape;
}

CLI::Option* DistributionOptions::add_to(CLI::App& parser, const std::string& shape_name) {
  constexpr Index kMost = 1'000'000'000'000;
  shape_option_ = parser.add_option(shape_name, shape_, "cube, sphere, ellipsoid, plummer, line or clusters")
                      ->check(CLI::IsMember(shape_names()));
  points_option_ = parser.add_option("-n,--points", distribution_.sources, "Number of sources")
                       ->check(CLI::Range(Index{1}, kMost));
  others_ = {points_option_,
             parser.add_option("-s,--seed", distribution_.seed, "Seed of the random numbers")
                 ->option_text(fmt::format("UINT={}", distribution_.seed)),
             parser.add_option("--charges", charges_, "uniform in [-1, 1), or unit")
                 ->check(CLI::IsMember({"uniform", "unit"}))
                 ->option_text("NAME=" + charges_),
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
  const auto [kind, vectors, components] = distribution.strengths;
  if (before_making) before_making(sources, targets, distribution.strengths);
  points.vectors = vectors;
  points.kind = kind;
  points.sources = make_positions(distribution.shape, sources.first, sources.count, distribution.seed);
  if (components > 1)  // three components, as dipoles have
    points.charges =
        make_dipoles(distribution.charges, sources.first, sources.count, distribution.seed, vectors);
  else if (kind != SourceKind::dipoles)
    points.charges =
        make_charges(distribution.charges, sources.first, sources.count, distribution.seed, vectors);
  if (kind != SourceKind::charges)
    points.dipoles =
        make_dipoles(distribution.charges, sources.first, sources.count, distribution.seed, vectors);
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
