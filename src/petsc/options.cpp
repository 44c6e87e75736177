#include "octopole/petsc/options.hpp"

#include <array>

#include "octopole/petsc/errors.hpp"
#include "options_scope.hpp"

namespace octopole::petsc {
namespace {

/// Questions to the database. PetscOptionsObject is the name that PETSc's macros look for.
class Asker {
 public:
  explicit Asker(PetscOptionItems* items) : PetscOptionsObject(items) {}

  PetscErrorCode number(const char* name, const char* text, std::optional<int>& value) {
    PetscInt n = value.value_or(0);
    PetscBool set = PETSC_FALSE;
    if (const PetscErrorCode e = PetscOptionsInt(name, text, "", n, &n, &set)) return e;
    if (set) value = static_cast<int>(n);
    return none;
  }
  PetscErrorCode number(const char* name, const char* text, std::optional<double>& value) {
    PetscReal x = value.value_or(0);
    PetscBool set = PETSC_FALSE;
    if (const PetscErrorCode e = PetscOptionsReal(name, text, "", x, &x, &set)) return e;
    if (set) value = x;
    return none;
  }
  PetscErrorCode number(const char* name, const char* text, double& value) {
    std::optional<double> x = value;
    if (const PetscErrorCode e = number(name, text, x)) return e;
    value = *x;
    return none;
  }
  PetscErrorCode flag(const char* name, const char* text, bool& value) {
    PetscBool b = value ? PETSC_TRUE : PETSC_FALSE;
    if (const PetscErrorCode e = PetscOptionsBool(name, text, "", b, &b, nullptr)) return e;
    value = b == PETSC_TRUE;
    return none;
  }
  /// Sets `choice` where the option is given.
  template <std::size_t N>
  PetscErrorCode one_of(const char* name, const char* text, const std::array<const char*, N>& names,
                        std::size_t current, std::optional<std::size_t>& choice) {
    PetscInt place = static_cast<PetscInt>(current);
    PetscBool set = PETSC_FALSE;
    if (const PetscErrorCode e = PetscOptionsEList(name, text, "", names.data(), static_cast<PetscInt>(N),
                                                   names[current], &place, &set))
      return e;
    if (set) choice = static_cast<std::size_t>(place);
    return none;
  }

 private:
  static constexpr PetscErrorCode none = static_cast<PetscErrorCode>(0);
  PetscOptionItems* PetscOptionsObject;
};

constexpr std::array<const char*, 3> kPrecisions = {"auto", "double", "single"};
constexpr std::array<const char*, 4> kForms = {"auto", "two-floats", "one-float", "estimate"};
constexpr std::array<const char*, 3> kMethods = {"auto", "fft", "svd"};
constexpr std::array<const char*, 2> kBalances = {"work", "points"};
constexpr std::array<const char*, 2> kTransports = {"neighbourhood", "point-to-point"};

PetscErrorCode ask_precision(Asker& ask, const char* name, const char* text,
                             std::optional<Precision>& precision) {
  std::optional<std::size_t> choice;
  const std::size_t current = !precision ? 0 : *precision == Precision::double_precision ? 1 : 2;
  if (const PetscErrorCode e = ask.one_of(name, text, kPrecisions, current, choice)) return e;
  if (choice == 0) precision.reset();
  if (choice == 1) precision = Precision::double_precision;
  if (choice == 2) precision = Precision::single_precision;
  return static_cast<PetscErrorCode>(0);
}

PetscErrorCode ask_all(Asker ask, Options& o) {
  PetscErrorCode e = static_cast<PetscErrorCode>(0);
  std::optional<std::size_t> choice;
  std::optional<int> max_level = o.max_level;
  const auto next = [&e](PetscErrorCode code) { return (e = code) == 0; };
  const bool done =
      next(ask.number("-octopole_digits", "Digits of the product, 2 to 12 (else from the solver's tolerance)",
                      o.digits)) &&
      next(ask.number("-octopole_order", "Points an edge of the equivalent surfaces", o.order)) &&
      next(
          ask.number("-octopole_check_order", "Points an edge of the upward check surface", o.check_order)) &&
      next(ask.number("-octopole_ncrit", "Most sources or targets of a leaf", o.ncrit)) &&
      next(ask.number("-octopole_padding", "Side of the root cube over what the points need, 1 to 2",
                      o.padding)) &&
      next(ask.number("-octopole_max_level", "Deepest level of the tree", max_level)) &&
      next(ask.flag("-octopole_tune", "Choose ncrit and padding by the cost model", o.tune)) &&
      next(ask_precision(ask, "-octopole_precision", "Precision of all operators", o.precision)) &&
      next(ask_precision(ask, "-octopole_near_precision", "Precision of P2P", o.near_precision)) &&
      next(ask_precision(ask, "-octopole_m2l_precision", "Precision of M2L by fft", o.m2l_precision)) &&
      next(ask.one_of("-octopole_m2l", "Multipole to local", kMethods,
                      !o.m2l                     ? 0
                      : *o.m2l == M2lMethod::fft ? 1
                                                 : 2,
                      choice));
  if (!done) return e;
  o.max_level = *max_level;
  if (choice == 0) o.m2l.reset();
  if (choice == 1) o.m2l = M2lMethod::fft;
  if (choice == 2) o.m2l = M2lMethod::svd;
  if (!next(ask.number("-octopole_svd_tolerance", "M2L by svd: relative truncation", o.svd_tolerance)) ||
      !next(ask.number("-octopole_svd_rank", "M2L by svd: largest rank", o.svd_rank)) ||
      !next(ask.flag("-octopole_balance", "2:1 balance of the tree", o.balance)))
    return e;
  choice.reset();
  if (!next(ask.one_of("-octopole_balance_by", "Equal shares of what for the ranks", kBalances,
                       o.balance_by == BalanceBy::work ? 0 : 1, choice)))
    return e;
  if (choice) o.balance_by = *choice == 0 ? BalanceBy::work : BalanceBy::points;
  choice.reset();
  if (!next(ask.one_of("-octopole_transport", "How messages travel", kTransports,
                       o.transport == mpi::Transport::neighbourhood ? 0 : 1, choice)))
    return e;
  if (choice) o.transport = *choice == 0 ? mpi::Transport::neighbourhood : mpi::Transport::point_to_point;
  std::optional<int> users;
  if (o.coarse_users) users = static_cast<int>(*o.coarse_users);
  if (!next(ask.flag("-octopole_direct_leaves", "Direct sums for W and X pairs where they are shorter",
                     o.direct_leaves)) ||
      !next(ask.number("-octopole_coarse_users",
                       "Multipoles of nodes near more than so many ranks go by one collective", users)))
    return e;
  if (users) o.coarse_users = *users;
  std::optional<double> limit;  // a PetscInt may be too short
  if (o.memory_limit) limit = static_cast<double>(*o.memory_limit);
  if (!next(
          ask.number("-octopole_memory_limit", "Bytes that a rank may hold by estimate, 0 for any", limit)) ||
      !next(ask.flag("-octopole_allow_overfull_leaves",
                     "Leaves at the deepest level may take nearly all time", o.allow_overfull_leaves)))
    return e;
  if (limit) o.memory_limit = static_cast<Index>(*limit);
  return e;
}

PetscErrorCode ask_near_form(Asker ask, Options& o) {
  constexpr std::array forms = {NearForm::two_floats, NearForm::one_float, NearForm::estimate};
  std::optional<std::size_t> choice;
  const std::size_t current = o.near_form ? 1 + static_cast<std::size_t>(*o.near_form) : 0;
  const PetscErrorCode e =
      ask.one_of("-octopole_near_form", "Points of P2P in single precision", kForms, current, choice);
  if (choice == 0) o.near_form.reset();
  if (choice && *choice > 0) o.near_form = forms[*choice - 1];
  return e;
}

PetscErrorCode ask_surfaces(Asker ask, Options& o) {
  if (const PetscErrorCode e =
          ask.number("-octopole_downward_check_order",
                     "Points an edge of the downward check surface (M2L by svd)", o.downward_check_order))
    return e;
  if (const PetscErrorCode e =
          ask.number("-octopole_inner_radius", "Inner surfaces, in half sides", o.inner_radius))
    return e;
  if (const PetscErrorCode e =
          ask.number("-octopole_outer_radius", "Outer surfaces, in half sides", o.outer_radius))
    return e;
  return ask.number("-octopole_outer_grading", "Of the outer surfaces' points: 0 is equidistant",
                    o.outer_grading);
}

PetscErrorCode read(MPI_Comm comm, const char* prefix, Options& options) {
  OCTOPOLE_PETSC_OPTIONS_BEGIN(comm, prefix, "octopole FMM", "");
  OCTOPOLE_PETSC_CALL(ask_all(Asker(PetscOptionsObject), options));
  OCTOPOLE_PETSC_CALL(ask_near_form(Asker(PetscOptionsObject), options));
  OCTOPOLE_PETSC_CALL(ask_surfaces(Asker(PetscOptionsObject), options));
  OCTOPOLE_PETSC_OPTIONS_END();
  return static_cast<PetscErrorCode>(0);
}

}  // namespace

Settings read_options(MPI_Comm comm, const Settings& defaults) {
  const QuietErrors quiet;
  Settings settings = defaults;
  check(read(comm, settings.prefix.empty() ? nullptr : settings.prefix.c_str(), settings.fmm),
        "options database");
  return settings;
}

}  // namespace octopole::petsc
