#include "fmm_options.hpp"

#include "command.hpp"
#include "octopole/kernels.hpp"

namespace octopole::app {

std::string_view output_name(Output output) {
  return output == Output::potential ? "potential" : "gradient";
}
Output parse_output(std::string_view name) {
  return name == output_name(Output::potential) ? Output::potential : Output::potential_and_gradient;
}

namespace {

/// Bytes of "none" or of a number with or without a unit ("512MiB"); throws CLI::ValidationError.
Index parse_memory_limit(std::string text) {
  if (text == "none") return kNoMemoryLimit;
  const CLI::AsSizeValue to_bytes(false);  // a KB has 1024 bytes
  if (const std::string problem = to_bytes(text); !problem.empty())
    throw CLI::ValidationError("--memory-limit", problem);
  Index bytes = 0;
  if (!CLI::detail::lexical_cast(text, bytes) || bytes <= 0)
    throw CLI::ValidationError("--memory-limit", "must be none, or more than no bytes");
  return bytes;
}

}  // namespace

void FmmOptions::add_method_to(CLI::App& parser) {
  const auto precision = [&](const char* name, std::optional<Precision>& value, const char* what) {
    parser
        .add_option_function<std::string>(
            name,
            [&value](const std::string& text) {
              value.reset();
              if (text == "double") value = Precision::double_precision;
              if (text == "single") value = Precision::single_precision;
            },
            what)
        ->check(CLI::IsMember({"auto", "double", "single"}))
        ->default_str("auto");
  };
  precision("--precision", options_.precision, "Of all operators: auto (as digits allow), double or single");
  precision("--near-precision", options_.near_precision, "Of P2P alone");
  parser
      .add_option_function<std::string>(
          "--near-form",
          [this](const std::string& text) {
            options_.near_form.reset();
            for (const NearForm form : {NearForm::two_floats, NearForm::one_float, NearForm::estimate})
              if (text == near_form_name(form)) options_.near_form = form;
          },
          "Points of P2P in single precision: auto, two-floats, one-float (faster) or estimate (of 1/sqrt, "
          "faster still: 3 digits)")
      ->check(CLI::IsMember({"auto", "two-floats", "one-float", "estimate"}))
      ->default_str("auto");
  precision("--m2l-precision", options_.m2l_precision, "Of M2L by fft alone");
  parser.add_option("--m2l", m2l_, "Multipole to local: auto, fft or svd")
      ->check(CLI::IsMember({"auto", "fft", "svd"}))
      ->capture_default_str();
  parser.add_option("--inner-radius", options_.inner_radius, "Inner surfaces, in half sides")
      ->capture_default_str();
  parser.add_option("--outer-radius", options_.outer_radius, "Outer surfaces, in half sides")
      ->capture_default_str();
  parser
      .add_option("--outer-grading", options_.outer_grading,
                  "Of the outer surfaces' points: 0 is equidistant")
      ->capture_default_str();
}

void FmmOptions::add_to(CLI::App& parser) {
  parser.add_option(
      "-d,--digits", options_.digits,
      "Digits of what is computed (relative L2 errors, docs/accuracy.md), chooses order and ncrit");
  parser.add_option("--order", options_.order, "Points an edge of the equivalent surfaces");
  parser.add_option("--check-order", options_.check_order, "Points an edge of the upward check surface");
  parser.add_option("--downward-check-order", options_.downward_check_order,
                    "Points an edge of the downward check surface (M2L by svd)");
  parser.add_option("--ncrit", options_.ncrit,
                    "Maximum sources or targets per leaf; below 10 takes operators of one digit more");
  parser.add_option("--padding", options_.padding, "Side of the root cube over what the points need, 1 to 2");
  parser.add_flag("--no-tune", no_tune_, "Take ncrit from the table of digits, not from the cost model");
  parser.add_option("--max-level", options_.max_level, "Deepest level of the tree")->capture_default_str();
  add_method_to(parser);
  parser.add_option("--svd-rank", options_.svd_rank, "M2L by svd: largest rank a transfer vector");
  parser.add_option("--svd-tolerance", options_.svd_tolerance, "M2L by svd: relative truncation");
  parser.add_flag("--no-balance", no_balance_, "Leave out the tree's 2:1 balance");
  parser.add_option("--balance-by", balance_by_, "Equal shares of work (counted) or points for the ranks")
      ->check(CLI::IsMember({"work", "points"}))
      ->capture_default_str();
  parser.add_flag("--no-direct-leaves", no_direct_leaves_,
                  "Serve every W and X pair by M2P and P2L, also where a direct sum is shorter");
  parser.add_option("--transport", transport_, "neighbourhood (collectives) or point-to-point")
      ->check(CLI::IsMember({"neighbourhood", "point-to-point"}))
      ->capture_default_str();
  parser
      .add_option("--coarse-users", options_.coarse_users,
                  "Multipoles of nodes near more than so many ranks go by one Allgatherv")
      ->default_str("by ranks and order");
}

void FmmOptions::add_limits_to(CLI::App& parser) {
  parser
      .add_option_function<std::string>(
          "--memory-limit",
          [this](const std::string& text) { options_.memory_limit = parse_memory_limit(text); },
          "Refuse a run that would hold more a rank by estimate: bytes (512MiB, 4GiB), or none")
      ->default_str("what the nodes have");
  parser.add_flag("--allow-overfull-leaves", options_.allow_overfull_leaves,
                  "Evaluate also where pairs of leaves at the deepest level take nearly all of the time");
}

Options FmmOptions::get() const {
  Options options = options_;
  if (m2l_ != "auto") options.m2l = m2l_ == "svd" ? M2lMethod::svd : M2lMethod::fft;
  options.balance = !no_balance_;
  options.tune = !no_tune_;
  options.direct_leaves = !no_direct_leaves_;
  options.balance_by = balance_by_ == "points" ? BalanceBy::points : BalanceBy::work;
  options.transport =
      transport_ == "point-to-point" ? mpi::Transport::point_to_point : mpi::Transport::neighbourhood;
  try {
    resolve(options, Laplace::name);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  return options;
}

}  // namespace octopole::app
