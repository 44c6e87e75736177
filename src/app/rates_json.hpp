// Rates as JSON: {"single": {kind: number, ...}, "double": {...}}.
#pragma once

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string>

#include "octopole/base/error.hpp"
#include "octopole/fmm/rates.hpp"

namespace octopole::app {

/// Throws where a rate is missing or is not one; other members do not matter.
inline Rates rates_from(const nlohmann::ordered_json& json) {
  Rates rates;
  const auto take = [&](const char* precision, Rates::Row& row) {
    for (std::size_t k = 0; k < kWorkKinds; ++k) {
      row[k] = json.at(precision).at(std::string(kWorkKindNames[k])).get<double>();
      if (!(row[k] > 0 && row[k] < 1e18)) throw Error(fmt::format("{} is not a rate", row[k]));
    }
  };
  take("single", rates.in_single);
  take("double", rates.in_double);
  return rates;
}

}  // namespace octopole::app
