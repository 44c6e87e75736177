#include "app/parameters_json.hpp"

#include <string>
#include <variant>

namespace octopole::app {

using nlohmann::ordered_json;

namespace {

struct AsJson {
  ordered_json operator()(std::monostate) const { return nullptr; }
  template <class T>
  ordered_json operator()(const T& value) const {
    return value;
  }
};

}  // namespace

ordered_json parameters_json(const Parameters& parameters, Destination destination) {
  ordered_json json = ordered_json::object();
  for (const ReportedParameter& parameter : reported_parameters(parameters, destination))
    json[std::string(parameter.name)] = std::visit(AsJson(), parameter.value);
  return json;
}

}  // namespace octopole::app
