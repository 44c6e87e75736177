#include "app/rates_file.hpp"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/rates_cache.hpp"
#include "app/rates_json.hpp"
#include "octopole/error.hpp"

namespace octopole::app {
namespace {

/// Reads a user's file without checks of its machine and age.
Rates read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error("cannot read the rates '" + path + "'");
  try {
    return rates_from(nlohmann::ordered_json::parse(file));
  } catch (const std::exception& error) {
    throw Error("'" + path + "' is not a file of rates: " + error.what(),
                "remove it, or name another one with --rates");
  }
}

MachineRates cached_rates() {
  const RatesCache cache(rates_key());
  std::string reason;
  if (const auto kept = cache.read(reason)) return {kept->rates, cache.file().string()};
  try {
    return {cache.measure(false).rates, "measured, kept in " + cache.file().string()};
  } catch (const std::exception& error) {
    return {measure_rates(), std::string("measured, not kept: ") + error.what()};
  }
}

MachineRates choose(std::string choice) {
  if (const char* said = std::getenv("OCTOPOLE_RATES"); choice.empty() && said) choice = said;
  if (choice.empty()) return cached_rates();
  if (choice == "reference") return {reference_rates(), "reference"};
  if (choice == "measure") return {measure_rates(), "measured"};
  return {read(choice), choice};
}

}  // namespace

MachineRates machine_rates(const mpi::Comm& comm, const std::string& choice) {
  MachineRates result;
  mpi::collectively(comm, [&] {
    if (comm.is_root()) result = choose(choice);
  });
  for (const auto& [name, row] : result.rates.rows()) comm.broadcast(std::span<double>(*row));
  comm.broadcast(result.origin);
  return result;
}

}  // namespace octopole::app
