// Operators that the tests of a process compute once.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "octopole/fmm.hpp"
#include "operators/operator_set.hpp"

namespace octopole::test {

/// Keeps every set that it is given until the process ends.
template <class Real>
class KeptOperators final : public OperatorStore<Real> {
 public:
  bool load(const OperatorKey& key, OperatorSet<Real>& set, std::string&) override {
    const auto found =
        std::find_if(sets_.begin(), sets_.end(), [&](const auto& kept) { return kept.key() == key; });
    if (found == sets_.end()) return false;
    set = *found;
    return true;
  }
  void save(OperatorSet<Real>& set) override { sets_.push_back(set); }

 private:
  std::vector<OperatorSet<Real>> sets_;
};

/// For tests of many cases with equal operators; those of computing operators do without.
inline OperatorStores kept_operators() {
  static KeptOperators<double> in_double;
  static KeptOperators<float> in_single;
  return {&in_double, &in_single};
}

}  // namespace octopole::test
