// Numbers as text, consecutive ones as ranges: 0-3,8,10-11.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace octopole::app {

/// Formats ascending numbers.
inline std::string number_list(const std::vector<int>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(numbers[i]);
    if (last > i) text += '-' + std::to_string(numbers[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace octopole::app
