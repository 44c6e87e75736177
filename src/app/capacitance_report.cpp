#include "app/capacitance_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <numbers>

#include "octopole/version.hpp"

namespace octopole::app {
namespace {

using Json = nlohmann::ordered_json;

/// value(m, k) for all conductors, by rows.
template <class Value>
Json matrix(std::size_t n, const Value& value) {
  Json rows = Json::array();
  for (std::size_t m = 0; m < n; ++m) {
    Json row = Json::array();
    for (std::size_t k = 0; k < n; ++k) row.push_back(value(m, k));
    rows.push_back(std::move(row));
  }
  return rows;
}

template <class Value>
std::string table(const std::vector<std::string>& names, const Value& value) {
  std::string text;
  for (std::size_t m = 0; m < names.size(); ++m) {
    text += fmt::format("  {:<12}", names[m]);
    for (std::size_t k = 0; k < names.size(); ++k) text += fmt::format(" {:>14.7g}", value(m, k));
    text += '\n';
  }
  return text;
}

}  // namespace

double CapacitanceReport::farads(std::size_t m, std::size_t k) const {
  return result.at(m, k) * 4 * std::numbers::pi * bem::kElectricConstant * unit;
}

std::string to_json(const CapacitanceReport& r) {
  const bem::Capacitance& c = r.result;
  const std::size_t n = c.conductors;
  Json json;
  json["octopole"] = std::string(version().version);
  json["meshes"] = r.meshes;
  if (!r.repairs.empty()) json["repairs"] = r.repairs;
  json["unit_in_metres"] = r.unit;
  json["panels"] = r.panels;
  json["ranks"] = r.ranks;
  json["threads"] = r.threads;
  json["conductors"] = r.conductors;
  json["capacitance_farads"] = matrix(n, [&](auto m, auto k) { return r.farads(m, k); });
  json["capacitance_over_4_pi_eps0_unit"] = matrix(n, [&](auto m, auto k) { return c.at(m, k); });
  if (r.length) {
    json["length"] = *r.length;
    json["capacitance_over_4_pi_eps0_length"] =
        matrix(n, [&](auto m, auto k) { return c.at(m, k) / *r.length; });
  }
  Json sums = Json::array();
  for (std::size_t m = 0; m < n; ++m) {
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += r.farads(m, k);
    sums.push_back(sum);
  }
  json["row_sums_farads"] = sums;
  json["asymmetry"] = c.asymmetry();
  json["converged"] = c.converged();
  json["solver"] = {{"type", c.solver},
                    {"preconditioner", c.preconditioner},
                    {"rtol", c.accuracy.rtol},
                    {"fmm_digits", c.accuracy.digits},
                    {"fmm_digits_wanted", c.accuracy.wanted},
                    {"relaxed", c.accuracy.relaxed}};
  json["quadrature"] = {{"points", c.near.points},
                        {"near_multiple", c.near.multiple},
                        {"near_entries", c.near_entries},
                        {"near_bytes", c.near_bytes}};
  json["solves"] = Json::array();
  for (std::size_t k = 0; k < c.solves.size(); ++k) {
    const petsc::SolveReport& s = c.solves[k].solve;
    double charge = 0;
    for (std::size_t m = 0; m < n; ++m) charge += r.farads(m, k);
    json["solves"].push_back({{"conductor", r.conductors[k]},
                              {"converged", s.converged},
                              {"reason", s.reason},
                              {"iterations", s.iterations},
                              {"residual", s.residual},
                              {"total_charge_coulombs", charge},
                              {"seconds", s.seconds},
                              {"residual_history", s.history}});
  }
  json["products"] = Json::array();
  for (const petsc::AccuracyLevel& level : c.levels)
    json["products"].push_back({{"digits", level.digits},
                                {"products", level.products},
                                {"seconds", level.seconds},
                                {"setup_seconds", level.setup_seconds}});
  if (const auto& t = c.product_times)
    json["product_times"] = {{"repeats", t->repeats},
                             {"mat_mult_seconds", t->mat_mult},
                             {"fmm_seconds", t->fmm},
                             {"ratio", t->ratio}};
  json["seconds"] = {{"read", r.read_seconds},
                     {"near_correction", c.correction_seconds},
                     {"preconditioner", c.preconditioner_seconds},
                     {"solves", c.solve_seconds},
                     {"saved_by_relaxing", petsc::seconds_saved(c.levels)},
                     {"all_but_reading", r.seconds}};
  return json.dump(2) + "\n";
}

std::string to_table(const CapacitanceReport& r) {
  const bem::Capacitance& c = r.result;
  std::string text = fmt::format("octopole      {}, capacitance\n", version().version);
  text += fmt::format("surface       {} panels, {} conductors\n", r.panels, c.conductors);
  if (!r.repairs.empty()) text += fmt::format("repairs       {}\n", r.repairs);
  text += fmt::format("machine       {} ranks x {} threads\n", r.ranks, r.threads);
  text += fmt::format("solver        {}, {}, rtol {:g}; FMM of {} digits{}\n", c.solver, c.preconditioner,
                      c.accuracy.rtol, c.accuracy.digits, c.accuracy.relaxed ? ", relaxed" : "");
  text += fmt::format(
      "near          {} points per panel, within {} diameters: {:.1f} panels each, {:.1f} MiB\n",
      c.near.points, c.near.multiple, static_cast<double>(c.near_entries) / static_cast<double>(r.panels),
      static_cast<double>(c.near_bytes) / 1048576);
  for (std::size_t k = 0; k < c.solves.size(); ++k) {
    const petsc::SolveReport& s = c.solves[k].solve;
    text += fmt::format("  {:<12} {} iterations, residual {:.2e}, {:.2f} s\n", r.conductors[k], s.iterations,
                        s.residual, s.seconds);
  }
  for (const petsc::AccuracyLevel& level : c.levels)
    text += fmt::format("products      {} with {} digits, {:.3f} s each\n", level.products, level.digits,
                        level.products > 0 ? level.seconds / static_cast<double>(level.products) : 0.0);
  if (const auto& t = c.product_times)
    text += fmt::format("a product     {:.4f} s, the FMM alone {:.4f} s: a ratio of {:.3f} ({} of each)\n",
                        t->mat_mult, t->fmm, t->ratio, t->repeats);
  text += fmt::format("seconds       read {:.2f}, near {:.2f}, preconditioner {:.2f}, solves {:.2f}\n",
                      r.read_seconds, c.correction_seconds, c.preconditioner_seconds, c.solve_seconds);
  text += "capacitance (F), one row per conductor's charge, one column per conductor at 1 V\n";
  text += table(r.conductors, [&](auto m, auto k) { return r.farads(m, k); });
  if (r.length) {
    text += fmt::format("the same over 4 pi eps0 {:g}\n", *r.length);
    text += table(r.conductors, [&](auto m, auto k) { return c.at(m, k) / *r.length; });
  }
  text += fmt::format("asymmetry     {:.2e} of the largest\n", c.asymmetry());
  return text;
}

std::vector<std::string> failures(const CapacitanceReport& r) {
  std::vector<std::string> lines;
  for (std::size_t k = 0; k < r.result.solves.size(); ++k) {
    const petsc::SolveReport& s = r.result.solves[k].solve;
    if (s.converged) continue;
    lines.push_back(fmt::format(
        "'{}' did not converge ({}): residual {:.2e} after {} iterations instead of {:g} (allow more with "
        "--max-iterations, use the preconditioner octopole_near with larger blocks, or ask for less with "
        "--rtol; "
        "what was reached is in the results)",
        r.conductors[k], s.reason, s.residual, s.iterations, r.result.accuracy.rtol));
  }
  return lines;
}

}  // namespace octopole::app
