#include "app/parameters_json.hpp"

namespace octopole::app {

using nlohmann::ordered_json;

ordered_json parameters_json(const Parameters& p) {
  return {{"digits", p.digits ? ordered_json(*p.digits) : ordered_json()},
          {"order", p.operators.order},
          {"check_order", p.operators.check_order},
          {"ncrit", p.ncrit},
          {"padding", p.padding},
          {"precision", precision_name(p.operators.precision)},
          {"near_precision", precision_name(p.near_precision)},
          {"near_form", near_form_name(p.near_form)},
          {"m2l_precision", precision_name(p.operators.m2l_precision)},
          {"m2l", m2l_name(p.operators.m2l)}};
}

}  // namespace octopole::app
