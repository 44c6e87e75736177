// Rates as JSON: {"single": {kind: number, ...}, "double": {...}, ...}, by the names of Rates::rows().
#pragma once

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string>

#include "octopole/error.hpp"
#include "octopole/options.hpp"

namespace octopole::app {

inline nlohmann::ordered_json rates_json(Rates rates) {
  nlohmann::ordered_json json;
  for (const auto& [name, row] : rates.rows())
    for (std::size_t k = 0; k < kWorkKinds; ++k)
      json[std::string(name)][std::string(kWorkKindNames[k])] = (*row)[k];
  return json;
}

/// Parses rates; throws if a rate is missing or invalid. Other members are ignored. Only "single" and
/// "double" are required: missing forms of the near field are taken from "single".
inline Rates rates_from(const nlohmann::ordered_json& json) {
  Rates rates;
  for (const auto& [name, row] : rates.rows()) {
    const std::string key(name);
    const bool form = row == &rates.in_one_float || row == &rates.in_estimate;
    const nlohmann::ordered_json& kinds = json.at(form && !json.contains(key) ? "single" : key);
    for (std::size_t k = 0; k < kWorkKinds; ++k) {
      const double rate = kinds.at(std::string(kWorkKindNames[k])).get<double>();
      if (!(rate > 0 && rate < 1e18)) throw Error(fmt::format("{} is not a rate", rate));
      (*row)[k] = rate;
    }
  }
  return rates;
}

}  // namespace octopole::app
