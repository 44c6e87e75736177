#include "tests/ugly/run_case.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <limits>
#include <utility>

#include "base/threads.hpp"
#include "tests/ugly/reference.hpp"

namespace octopole::ugly {
namespace {

// Relative to the scale: the order of sums depends only on the tree (docs/accuracy.md).
constexpr double kAgreement = 1e-12;
// How much larger the error of a single target may be than that of all: a check of what averages hide, not a
// promise. At targets of a small leaf, derivatives of the field of distant sources have errors that grow with
// the distance over the leaf's size; so has the field of dipoles in a small leaf at distant targets. By order
// of derivatives, those with respect to the source included.
constexpr double kSingleTarget[] = {100, 1e4, 1e6, 1e8};

struct Part {
  std::vector<std::size_t> target_places;
  std::vector<double> sources, targets, charges, dipoles;
};

std::size_t components_of(const Case& c) {
  return static_cast<std::size_t>(c.kernel.components());
}

Part part_of_rank(const Case& c, int rank) {
  const std::vector<std::size_t> source_places = places_of(c.source_rank, rank);
  Part part;
  part.target_places = places_of(c.target_rank, rank);
  part.sources = part_of(c.problem.sources, 3, source_places);
  if (c.kind != SourceKind::dipoles) part.charges = part_of(c.charges, components_of(c), source_places);
  if (c.kind != SourceKind::charges) part.dipoles = part_of(c.dipoles, 3, source_places);
  if (!c.problem.targets_are_sources) part.targets = part_of(c.problem.targets, 3, part.target_places);
  return part;
}

void spoil(const Case& c, int rank, Part& part) {
  if (c.bad_input == BadInput::no_sources)
    for (auto* values : {&part.sources, &part.charges, &part.dipoles}) values->clear();
  if (rank != c.bad_rank) return;
  if (c.bad_input == BadInput::nan_position) part.sources.back() = std::numeric_limits<double>::quiet_NaN();
  std::vector<double>& strengths = part.charges.empty() ? part.dipoles : part.charges;
  if (c.bad_input == BadInput::infinite_charge) strengths.back() = -std::numeric_limits<double>::infinity();
  if (c.bad_input == BadInput::charge_missing) strengths.pop_back();
  if (c.bad_input == BadInput::coordinate_missing) part.sources.pop_back();
}

/// The strengths, `width` numbers per source, of all vectors: those of the problem and, in the other vectors,
/// in reverse order with other magnitudes, of which some are zero.
std::vector<double> in_vectors(const Case& c, const std::vector<double>& one) {
  if (c.vectors == 1) return one;
  std::vector<double> all;
  for (std::size_t i = 0; i < one.size(); ++i)
    for (int v = 0; v < c.vectors; ++v) {
      static constexpr double kMagnitudes[] = {1, 0, 1e-30, 1e20};
      all.push_back(v == c.judged ? one[i] : kMagnitudes[v % 4] * one[one.size() - 1 - i]);
    }
  return all;
}

constexpr std::vector<double> Field::*kParts[] = {&Field::potential, &Field::gradient, &Field::hessian,
                                                  &Field::pressure};
constexpr int kPressure = 3;
/// Numbers per target in a part: derivatives of order k, or the pressure.
std::size_t width_of(const Case& c, int k) {
  constexpr std::size_t kWidths[] = {1, 3, 6, 1};
  return kWidths[k] * (k == kPressure ? 1 : components_of(c));
}
std::vector<int> parts_of(const Case& c) {
  std::vector<int> parts = {0};
  if (c.output == Output::potential_and_gradient) parts = {0, 1};
  if (c.output == Output::potential_gradient_and_hessian) parts = {0, 1, 2};
  if (c.kernel.has_pressure() && c.output != Output::potential) parts.push_back(kPressure);
  return parts;
}

/// The field of the vector that is judged.
Field judged(const Case& c, const Field& all) {
  if (c.vectors == 1) return all;
  Field one;
  const auto vectors = static_cast<std::size_t>(c.vectors);
  for (const auto part : kParts)
    for (std::size_t i = static_cast<std::size_t>(c.judged); i < (all.*part).size(); i += vectors)
      (one.*part).push_back((all.*part)[i]);
  return one;
}

/// Runs the part of `rank`, or the whole case on rank 0.
Field evaluate(const Case& c, const Part& part, int rank, MPI_Comm comm) {
  const auto differs = [&](BadInput how) { return c.bad_input == how && rank == c.bad_rank; };
  Output output = c.output;
  if (differs(BadInput::other_output))
    output = output == Output::potential ? Output::potential_and_gradient : Output::potential;
  Fmm fmm(comm, c.kernel, options_of(c, rank));
  if (c.history == History::other_points) {
    fmm.set_points(std::vector<double>{0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.5, 0.5, -0.5});
    const std::vector<double> charges{1, -2, 3, 4, -5, 6, 7, -8, 9};
    fmm.evaluate(std::span(charges).first(3 * components_of(c)), output);
  }
  if (c.problem.targets_are_sources != differs(BadInput::other_overload))
    fmm.set_points(part.sources);
  else
    fmm.set_points(part.sources, part.targets);
  if (c.history == History::other_charges)
    fmm.evaluate(std::vector<double>(part.sources.size() / 3 * components_of(c), 1e3));
  const std::vector<double> charges = in_vectors(c, part.charges), dipoles = in_vectors(c, part.dipoles);
  const Strengths strengths(charges, dipoles, c.vectors);
  if (c.history != History::moved) return judged(c, fmm.evaluate(strengths, output));
  Fmm other = std::move(fmm);
  return judged(c, other.evaluate(strengths, output));
}

/// The error on this rank, empty if none.
std::string what_fails(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return std::string("Error: ") + error.what();
  } catch (const std::exception& error) {
    return std::string("not an octopole::Error: ") + error.what();
  }
  return {};
}

template <class T>
T reduced(T value, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, type, op, comm);
  return value;
}

/// Whether the text is the same on all ranks.
bool same_everywhere(const std::string& text, MPI_Comm comm) {
  const unsigned long hash = std::hash<std::string>{}(text);
  return reduced(hash, MPI_UNSIGNED_LONG, MPI_MIN, comm) == reduced(hash, MPI_UNSIGNED_LONG, MPI_MAX, comm);
}

void add_ranks(Errors& errors, MPI_Comm comm) {
  errors.difference = reduced(errors.difference, MPI_LONG_DOUBLE, MPI_SUM, comm);
  errors.scale = reduced(errors.scale, MPI_LONG_DOUBLE, MPI_SUM, comm);
  errors.worst = reduced(errors.worst, MPI_DOUBLE, MPI_MAX, comm);
}

/// Results at this rank's targets from a run of rank 0 alone, with all points in rank order: the order of
/// coincident points affects rounding.
std::string evaluate_alone(const Case& c, const Part& mine, Field& field, MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  const std::size_t targets = c.problem.all_targets().size() / 3;
  Field all;
  for (const int k : parts_of(c)) (all.*kParts[k]).resize(width_of(c, k) * targets);
  std::string failure;
  if (rank == 0) {
    Part together;
    for (int r = 0; r < c.ranks; ++r) {
      const Part part = part_of_rank(c, r);
      together.sources.insert(together.sources.end(), part.sources.begin(), part.sources.end());
      together.targets.insert(together.targets.end(), part.targets.begin(), part.targets.end());
      together.charges.insert(together.charges.end(), part.charges.begin(), part.charges.end());
      together.dipoles.insert(together.dipoles.end(), part.dipoles.begin(), part.dipoles.end());
    }
    failure = what_fails([&] { all = evaluate(c, together, 0, MPI_COMM_SELF); });
  }
  for (const auto part : kParts)
    MPI_Bcast((all.*part).data(), static_cast<int>((all.*part).size()), MPI_DOUBLE, 0, comm);
  long before = 0;
  const long count = static_cast<long>(mine.target_places.size());
  MPI_Exscan(&count, &before, 1, MPI_LONG, MPI_SUM, comm);
  if (rank == 0) before = 0;
  for (const int k : parts_of(c)) {
    const auto width = static_cast<long>(width_of(c, k));
    const auto first = (all.*kParts[k]).begin() + width * before;
    (field.*kParts[k]).assign(first, first + width * count);
  }
  return failure;
}

/// Collects what is wrong with the results of a case.
class Judge {
 public:
  Judge(const Case& c, const Part& part, const Field& field, MPI_Comm comm)
      : c_(c),
        part_(part),
        field_(field),
        comm_(comm),
        reference_(c.kernel.components() > 1
                       ? direct_vector_sum(c.kernel, c.problem, c.charges, part.target_places, c.output)
                       : direct_sum(c.kernel, c.problem, c.kind != SourceKind::dipoles, c.dipoles,
                                    part.target_places, c.output)) {}

  std::string faults() {
    for (const int k : parts_of(c_)) compare(k);
    if (faults_.empty() && c_.ranks > 1 && !c_.mixed_isas && c_.choice.same_on_one_rank)
      compare_with_one_rank();
    return faults_;
  }

 private:
  using Numbers = std::vector<long double>;
  static constexpr const char* kNames[] = {"potential", "gradient", "Hessian", "pressure"};
  static constexpr Numbers Reference::*kExact[] = {&Reference::potential, &Reference::gradient,
                                                   &Reference::hessian, &Reference::pressure};
  static constexpr Numbers Reference::*kScales[] = {&Reference::potential_scale, &Reference::gradient_scale,
                                                    &Reference::hessian_scale, &Reference::pressure_scale};

  /// Compares part k with the direct sum.
  void compare(int k) {
    const std::vector<double>& values = field_.*kParts[k];
    const Numbers& exact = reference_.*kExact[k];
    const std::size_t width = width_of(c_, k);
    if (reduced(static_cast<int>(values.size() != exact.size()), MPI_INT, MPI_MAX, comm_)) {
      faults_ += fmt::format("the {}'s length is wrong; ", kNames[k]);
      return;
    }
    // Dipoles that were not announced have a larger error, as a gradient that was not.
    const bool announced = c_.kind <= c_.choice.options.source_kind;
    const double bounds[] = {c_.choice.bound, c_.choice.gradient_bound, c_.choice.hessian_bound,
                             c_.choice.bound};
    const double bound = (announced ? 1 : 30) * bounds[k];
    const Errors mine = errors_of(values, exact, reference_.*kScales[k], width);
    Errors all = mine;
    add_ranks(all, comm_);
    const int order = k == kPressure ? 0 : k;
    const double single = kSingleTarget[order + (c_.dipoles.empty() && c_.kernel.components() == 1 ? 0 : 1)];
    if (all.relative() < bound && all.worst < single * bound) return;
    faults_ +=
        fmt::format("{} {:.2e} from the direct sum, more than {:.2e}, ", kNames[k], all.relative(), bound);
    faults_ += worst_target(values, exact, width, mine, all.worst);
  }

  /// A description of the worst target, from its rank.
  std::string worst_target(const std::vector<double>& values, const std::vector<long double>& exact,
                           std::size_t width, const Errors& mine, double worst) {
    int rank = 0;
    MPI_Comm_rank(comm_, &rank);
    const bool here = mine.worst == worst && !values.empty();
    const int speaker = reduced(here ? rank : c_.ranks, MPI_INT, MPI_MIN, comm_);
    char text[200] = "";
    if (rank == speaker)
      std::snprintf(text, sizeof text, "%.2e at target %zu: %.17g for %.17Lg; ", worst,
                    part_.target_places[mine.worst_place], values[width * mine.worst_place],
                    exact[width * mine.worst_place]);
    if (speaker < c_.ranks) MPI_Bcast(text, sizeof text, MPI_CHAR, speaker, comm_);
    return text;
  }

  void compare_with_one_rank() {
    Field alone;
    const std::string failure = evaluate_alone(c_, part_, alone, comm_);
    if (!failure.empty()) faults_ += "on one rank: " + failure + "; ";
    const auto widened = [](const std::vector<double>& values) {
      return std::vector<long double>(values.begin(), values.end());
    };
    for (const int k : parts_of(c_))
      report_disagreement(
          errors_of(field_.*kParts[k], widened(alone.*kParts[k]), reference_.*kScales[k], width_of(c_, k)),
          kNames[k]);
  }

  void report_disagreement(Errors errors, const char* what) {
    add_ranks(errors, comm_);
    if (!(errors.relative() < kAgreement))
      faults_ += fmt::format("{} {:.2e} from that of one rank; ", what, errors.relative());
  }

  const Case& c_;
  const Part& part_;
  const Field& field_;
  MPI_Comm comm_;
  Reference reference_;
  std::string faults_;  // the same on all ranks, except for failures of rank 0 alone
};

/// What the error has to say of ranks that disagree; empty of other errors.
std::string disagreement(const Case& c) {
  if (c.bad_input == BadInput::other_option) return fmt::format("ranks disagree: {} is ", c.other_option);
  if (c.choice.refused) return {};  // before any call that differs
  if (c.bad_input == BadInput::other_overload) return "ranks disagree: the call is set_points(";
  if (c.bad_input == BadInput::other_output) return "ranks disagree: the call is evaluate for ";
  return {};
}

}  // namespace

Outcome run_case(const Case& c, MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  set_threads(c.threads[static_cast<std::size_t>(rank)]);
  simd::force_isa(c.isas[static_cast<std::size_t>(rank)]);
  Part part = part_of_rank(c, rank);
  spoil(c, rank, part);

  Field field;
  const std::string failure = what_fails([&] { field = evaluate(c, part, rank, comm); });
  Outcome outcome{Verdict::failed, {}};
  const bool to_be_refused = c.choice.refused || c.bad_input != BadInput::none;
  if (!same_everywhere(failure, comm)) {
    outcome.reason = "ranks disagree on the error; rank 0: " + (failure.empty() ? "none" : failure);
  } else if (!failure.empty()) {
    const bool as_expected = to_be_refused && failure.starts_with("Error: " + disagreement(c));
    outcome = {as_expected ? Verdict::refused : Verdict::failed, failure};
  } else if (to_be_refused) {
    outcome.reason = "not refused";
  } else {
    outcome.reason = Judge(c, part, field, comm).faults();
    if (outcome.reason.empty()) outcome.verdict = Verdict::passed;
  }
  outcome.verdict = static_cast<Verdict>(reduced(static_cast<int>(outcome.verdict), MPI_INT, MPI_MAX, comm));
  return outcome;
}

}  // namespace octopole::ugly
