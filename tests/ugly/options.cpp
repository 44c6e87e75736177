#include "tests/ugly/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "cost/accuracy.hpp"
#include "cost/option_table.hpp"

namespace octopole::ugly {
namespace {

constexpr Precision kSingle = Precision::single_precision, kDouble = Precision::double_precision;

// Computing operators takes long at high orders, above all for M2L by SVD.
constexpr int kLargestSvdOrder = 7;

/// Digits that an order reaches for the potential; 1 for the lowest orders, which are not in the table.
int digits_of_order(int order, SourceKind kind) {
  int digits = 1;
  for (const AccuracyRow& row : accuracy_table(kDouble, Output::potential, kind))
    if (row.order <= order) digits = row.digits;
  return digits;
}

class Draw {
 public:
  Draw(Random& random, Random& limits, Random& kinds) : random_(random), limits_(limits), kinds_(kinds) {}

  Choice choice() {
    draw_digits_and_order();
    draw_kind();
    draw_precisions();
    draw_near_form();
    draw_m2l();
    draw_surfaces();
    draw_tree();
    follow_small_leaves();
    draw_ranks();
    draw_limits();
    if (random_.chance(0.05)) spoil();
    choice_.options = o_;
    // Surfaces that are not the usual ones represent dipoles worse still.
    if (widened_ > 1 && o_.source_kind != SourceKind::charges) widened_ *= 10;
    choice_.bound = widened_ * std::pow(10.0, -reached()) + added_;
    // If the output is only the potential, or the caller chose the order, the parameters are those for the
    // potential; likewise for the Hessian.
    const bool chosen_for_gradient = o_.output != Output::potential && !o_.order,
               chosen_for_hessian = o_.output == Output::potential_gradient_and_hessian && !o_.order;
    choice_.gradient_bound = (chosen_for_gradient ? 1 : 30) * choice_.bound;
    choice_.hessian_bound = chosen_for_hessian ? choice_.bound : 30 * choice_.gradient_bound;
    describe();
    return choice_;
  }

 private:
  bool in_single() const { return o_.precision == kSingle; }
  int digits() const { return o_.digits.value_or(o_.order ? 12 : in_single() ? 4 : 6); }
  int single_digits() const { return 6 - static_cast<int>(o_.output); }
  /// Of P2P alone: one less where second derivatives are summed, those with respect to sources included.
  int near_digits() const {
    const bool dipoles = o_.source_kind != SourceKind::charges;
    return static_cast<int>(o_.output) + (dipoles ? 1 : 0) >= 2 ? 5 : 6;
  }
  bool few_digits(int most) const { return !o_.precision && (o_.digits || !o_.order) && digits() <= most; }
  /// The precision of all operators, as defined in options.hpp.
  Precision overall() const {
    if (o_.precision) return *o_.precision;
    return few_digits(single_digits()) && o_.near_precision != kDouble && o_.m2l_precision != kDouble
               ? kSingle
               : kDouble;
  }
  Precision near() const {
    return o_.near_precision.value_or(few_digits(near_digits()) ? kSingle : overall());
  }
  int order() const {
    return o_.order ? *o_.order : accuracy_row(overall(), o_.output, o_.source_kind, digits()).order;
  }

  /// Leaves of fewer than 10 points take operators of one digit more, of a larger order and perhaps in double
  /// precision: adapts what was drawn before.
  void follow_small_leaves() {
    if (!o_.ncrit || *o_.ncrit >= 10 || o_.order) return;
    Options others;
    others.digits = digits();
    others.output = o_.output;
    others.source_kind = o_.source_kind;
    others.precision = o_.precision;
    others.near_precision = o_.near_precision;
    others.m2l_precision = o_.m2l_precision;
    others.ncrit = o_.ncrit;
    const Parameters resolved = resolve(others, "laplace");
    const OperatorKey& key = resolved.operators;
    if (o_.check_order) *o_.check_order += key.order - order();
    if (o_.downward_check_order) *o_.downward_check_order += key.order - order();
    if (o_.near_form && resolved.near_precision != kSingle) o_.near_form = NearForm::two_floats;
    if (key.precision == overall()) return;
    if (o_.m2l == M2lMethod::svd || o_.svd_tolerance || o_.svd_rank) o_.m2l_precision = std::nullopt;
  }

  double reached() const {
    double d = o_.digits ? *o_.digits : o_.order ? digits_of_order(*o_.order, o_.source_kind) : digits();
    if (o_.order) d = std::min<double>(d, digits_of_order(*o_.order, o_.source_kind));
    if (overall() == kSingle || near() == kSingle || o_.m2l_precision == kSingle) d = std::min(d, 6.0);
    if (o_.near_form == NearForm::estimate) d = std::min(d, 3.0);
    return d;
  }

  void draw_digits_and_order() {
    if (random_.chance(0.45)) o_.output = Output::potential_and_gradient;
    const double which = random_.uniform();
    if (which < 0.7) o_.digits = random_.chance(0.7) ? random_.integer(2, 7) : random_.integer(8, 12);
    if (which > 0.6 && which < 0.95)
      o_.order = random_.chance(0.8) ? random_.integer(2, 9) : random_.integer(10, 14);
  }

  /// The kind of the sources; for some that are promised the gradient also the Hessian.
  void draw_kind() {
    if (kinds_.chance(0.35))
      o_.source_kind = kinds_.chance(0.5) ? SourceKind::dipoles : SourceKind::charges_and_dipoles;
    if (kinds_.chance(0.4) && o_.output == Output::potential_and_gradient)
      o_.output = Output::potential_gradient_and_hessian;
  }

  void draw_precisions() {
    const bool near_will_do = (o_.digits ? *o_.digits : 6) <= near_digits();
    const bool single_will_do = o_.digits ? *o_.digits <= single_digits() : near_will_do;
    const double which = random_.uniform();
    if (which < 0.15) {
      o_.precision = kDouble;
    } else if (which < 0.35 && single_will_do) {
      o_.precision = kSingle;
    }
    if (in_single() || !near_will_do) return;
    if (random_.chance(0.15)) o_.near_precision = random_.one_of({kSingle, kDouble});
    const bool m2l_will_do = o_.digits || !o_.order ? digits() <= single_digits() : true;
    if (m2l_will_do && random_.chance(0.15)) o_.m2l_precision = random_.one_of({kSingle, kDouble});
    if (overall() == kSingle) {  // then no part may be in double
      o_.near_precision = o_.near_precision ? std::optional(kSingle) : std::nullopt;
      o_.m2l_precision = o_.m2l_precision ? std::optional(kSingle) : std::nullopt;
    }
  }

  void draw_near_form() {
    if (!random_.chance(0.2)) return;
    o_.near_form = NearForm::two_floats;
    if (near() != kSingle) return;
    const bool few = (o_.digits || !o_.order ? digits() : 0) <= 3;
    o_.near_form = few ? random_.one_of({NearForm::two_floats, NearForm::one_float, NearForm::estimate})
                       : random_.one_of({NearForm::two_floats, NearForm::one_float});
  }

  void draw_m2l() {
    const Precision m2l = o_.m2l_precision.value_or(overall());
    const bool svd = order() <= kLargestSvdOrder && m2l == overall() && random_.chance(0.3);
    if (!svd && random_.chance(0.3)) o_.m2l = M2lMethod::fft;
    if (random_.chance(0.15)) o_.check_order = order() + random_.integer(0, 2);
    if (random_.chance(0.1)) o_.downward_check_order = order() + (svd ? random_.integer(0, 2) : 0);
    if (!svd) return;
    if (random_.chance(0.7)) o_.m2l = M2lMethod::svd;
    if (o_.m2l && random_.chance(0.2)) {
      o_.svd_tolerance = random_.decades(-15, -2);
      added_ += 30 * *o_.svd_tolerance;
    }
    if (o_.m2l && random_.chance(0.1)) {  // too small a rank is the caller's choice
      o_.svd_rank = random_.integer(1, 200);
      added_ = std::numeric_limits<double>::infinity();
    }
  }

  void draw_surfaces() {
    if (!random_.chance(0.1) || order() > 8) return;
    o_.inner_radius = random_.uniform(1.0, 1.1);
    o_.outer_radius = random_.uniform(2.8, 3.0);
    o_.outer_grading = random_.uniform(0.0, 1.2);
    widened_ = 30;
  }

  void draw_tree() {
    // Small leaves at high orders make deep trees of large operators.
    if (random_.chance(0.5)) o_.ncrit = static_cast<int>(random_.decades(order() > 9 ? 1.3 : 0, 3));
    if (random_.chance(0.25)) o_.max_level = random_.integer(1, 20);
    if (random_.chance(0.2)) o_.padding = random_.uniform(1.0, 2.0);
    if (random_.chance(0.25)) o_.tune = false;
    if (random_.chance(0.2)) o_.two_to_one = false;
    if (random_.chance(0.2)) o_.direct_leaves = false;
    if (random_.chance(0.1) && order() <= kLargestSvdOrder) {  // this throughput may select SVD
      Throughput throughput;
      for (const auto& [name, row] : throughput.rows())
        for (double& rate : *row) rate = random_.decades(6, 11);
      o_.throughput = throughput;
    }
  }

  void draw_ranks() {
    if (random_.chance(0.3)) o_.load_balance = LoadBalance::points;
    if (random_.chance(0.4)) o_.transport = mpi::Transport::point_to_point;
    if (random_.chance(0.25)) o_.allgather_threshold = random_.integer(1, 30);
  }

  /// Limits that no case reaches, and the number of vectors.
  void draw_limits() {
    const double which = limits_.uniform();
    if (which < 0.25) {
      o_.memory_limit = kNoMemoryLimit;
    } else if (which < 0.5) {
      o_.memory_limit = Index{1} << 40;
    }
    if (limits_.chance(0.3)) o_.allow_overfull_leaves = true;
    if (limits_.chance(0.25)) o_.vectors = limits_.integer(2, 10);
  }

  /// Sets one option out of range or in conflict with another, whatever the rest is.
  void spoil() {
    choice_.refused = true;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    switch (random_.below(16)) {
      case 0:
        o_.digits = random_.one_of({-1, 0, 1, 13, 100});
        break;
      case 1:
        o_.order = random_.one_of({-1, 0, 1, 21, 1000});
        break;
      case 2:
        o_.check_order = order() - 1;
        break;
      case 3:
        o_.downward_check_order = 25;
        break;
      case 4:
        o_.ncrit = random_.one_of({-5, 0, 1'000'000'001});
        break;
      case 5:
        o_.padding = random_.one_of({0.0, 0.999, 2.001, nan});
        break;
      case 6:
        o_.max_level = random_.one_of({-1, 0, 21});
        break;
      case 7:
        o_.inner_radius = random_.one_of({0.99, 1.51, nan});
        break;
      case 8:
        o_.outer_radius = random_.one_of({1.0, 3.6, nan});
        break;
      case 9:
        o_.outer_grading = random_.one_of({-0.1, 1.5, nan});
        break;
      case 10:
        o_.allgather_threshold = random_.one_of({Index{0}, Index{-1}});
        break;
      case 11:
        o_.throughput = Throughput{};  // all zero
        break;
      case 12:
        o_.m2l = M2lMethod::fft;
        o_.svd_tolerance = 1e-7;
        break;
      case 13:  // single precision with a part in double
        o_.precision = kSingle;
        (random_.chance(0.5) ? o_.near_precision : o_.m2l_precision) = kDouble;
        break;
      case 14:  // more digits than single precision has
        o_.digits = random_.integer(7, 12);
        o_.precision = std::nullopt;
        o_.near_precision = kSingle;
        break;
      default:  // M2L by SVD in another precision than the rest, chosen by name or by its tolerance
        o_.precision = kDouble;
        o_.m2l_precision = kSingle;
        o_.m2l = random_.chance(0.5) ? std::optional(M2lMethod::svd) : std::nullopt;
        o_.svd_tolerance = 1e-7;
    }
  }

  template <class T>
  void say(const char* name, const std::optional<T>& value) {
    if (value) choice_.description += fmt::format(" {}={}", name, *value);
  }
  template <class T>
  void say(const char* name, const T& value, const T& usual) {
    if (value != usual) choice_.description += fmt::format(" {}={}", name, value);
  }
  void describe() {
    const Options usual;
    const auto name_of = [](const std::optional<Precision>& p) {
      return p ? std::optional(precision_name(*p)) : std::nullopt;
    };
    say("digits", o_.digits);
    say("order", o_.order);
    say("check_order", o_.check_order);
    say("downward_check_order", o_.downward_check_order);
    say("ncrit", o_.ncrit);
    say("padding", o_.padding);
    say("tune", o_.tune, usual.tune);
    if (o_.throughput) choice_.description += " throughput=random";
    if (o_.output != usual.output)
      choice_.description += fmt::format(" output={}", Choices<Output>::name(o_.output));
    if (o_.source_kind != usual.source_kind)
      choice_.description += fmt::format(" source_kind={}", Choices<SourceKind>::name(o_.source_kind));
    say("vectors", o_.vectors, usual.vectors);
    say("max_level", o_.max_level, usual.max_level);
    say("inner_radius", o_.inner_radius, usual.inner_radius);
    say("outer_radius", o_.outer_radius, usual.outer_radius);
    say("outer_grading", o_.outer_grading, usual.outer_grading);
    say("precision", name_of(o_.precision));
    say("near_precision", name_of(o_.near_precision));
    say("m2l_precision", name_of(o_.m2l_precision));
    if (o_.near_form) say("near_form", std::optional(near_form_name(*o_.near_form)));
    if (o_.m2l) say("m2l", std::optional(m2l_name(*o_.m2l)));
    say("svd_tolerance", o_.svd_tolerance);
    say("svd_rank", o_.svd_rank);
    say("two_to_one", o_.two_to_one, usual.two_to_one);
    say("direct_leaves", o_.direct_leaves, usual.direct_leaves);
    say("load_balance", load_balance_name(o_.load_balance), load_balance_name(usual.load_balance));
    say("transport", transport_name(o_.transport), transport_name(usual.transport));
    say("allgather_threshold", o_.allgather_threshold);
    say("memory_limit", o_.memory_limit);
    say("allow_overfull_leaves", o_.allow_overfull_leaves, usual.allow_overfull_leaves);
    if (choice_.refused) choice_.description += " (to be refused)";
  }

  Random& random_;
  Random& limits_;
  Random& kinds_;
  Options o_;
  Choice choice_;
  double widened_ = 1, added_ = 0;
};

}  // namespace

Choice draw_options(Random& random, Random& limits, Random& kinds) {
  return Draw(random, limits, kinds).choice();
}

}  // namespace octopole::ugly
