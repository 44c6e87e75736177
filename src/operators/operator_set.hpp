// All precomputed operators, as one value that can be stored, broadcast and reused.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "operators/m2l_fft.hpp"
#include "operators/m2l_svd.hpp"
#include "operators/translations.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Incremented whenever the meaning of stored operators changes: part of the database's key.
inline constexpr int kOperatorFormat = 6;

template <class Real>
struct OperatorSet {
  Translations<Real> translations;
  M2lFft<Real> fft;          // filled when key.m2l is fft ...
  M2lFft<float> fft_single;  // ... or this one, when M2L is in single precision and the rest in double
  M2lSvd<Real> svd;          // filled when key.m2l is svd

  const OperatorKey& key() const { return translations.key; }

  bool m2l_by_fft() const { return key().m2l == M2lMethod::fft; }
  bool m2l_in_single_alone() const {
    return sizeof(Real) != sizeof(float) && key().m2l_precision == Precision::single_precision;
  }

  /// Calls f(name, AlignedVector<T>&) for every computed array, in a fixed order.
  template <class F>
  void for_each_array(F&& f) {
    translations.for_each_array(f);
    if (m2l_by_fft() && m2l_in_single_alone())
      fft_single.for_each_array(f);
    else if (m2l_by_fft())
      fft.for_each_array(f);
    else
      svd.for_each_array(f);
  }
};

template <class Real>
OperatorSet<Real> make_operators(const AnyKernel& kernel, const OperatorKey& key);

/// Returns an operator set of `key` with everything but the computed arrays; fill them through
/// for_each_array, then call adopt_arrays, which derives the ranks from the arrays' sizes and throws Error if
/// a size is invalid.
template <class Real>
OperatorSet<Real> lay_out_operators(const OperatorKey& key);
template <class Real>
void adopt_arrays(OperatorSet<Real>& set);

/// Operators by level: those of a scale-free kernel are the same on all levels, others have a set for each of
/// the levels `first` to last.
template <class Real>
class LevelOperators {
 public:
  LevelOperators() = default;
  explicit LevelOperators(OperatorSet<Real> of_all) : sets_{share(std::move(of_all))} {}
  explicit LevelOperators(int first) : by_level_(true), first_(first) {}

  bool by_level() const { return by_level_; }
  /// Adds the set of the next level.
  void add(OperatorSet<Real> set) { sets_.push_back(share(std::move(set))); }
  bool has(const OperatorKey& key) const { return find(key) != sets_.end(); }
  /// Adds that of the next level from `others`, if one of them has this key.
  bool add_from(const LevelOperators& others, const OperatorKey& key) {
    const auto found = others.find(key);
    if (found == others.sets_.end()) return false;
    sets_.push_back(*found);
    return true;
  }

  const OperatorSet<Real>& level(int level) const {
    return *sets_[by_level_ ? static_cast<std::size_t>(level - first_) : 0];
  }
  /// Any set: surfaces and sizes are those of all levels.
  const OperatorSet<Real>& any() const { return *sets_.front(); }

 private:
  using Shared = std::shared_ptr<const OperatorSet<Real>>;
  static Shared share(OperatorSet<Real> set) {
    return std::make_shared<const OperatorSet<Real>>(std::move(set));
  }
  typename std::vector<Shared>::const_iterator find(const OperatorKey& key) const {
    return std::find_if(sets_.begin(), sets_.end(), [&](const Shared& set) { return set->key() == key; });
  }
  bool by_level_ = false;
  int first_ = 0;
  std::vector<Shared> sets_;
};

/// The number of sets for a tree of `levels` levels: one for a scale-free kernel, else one for each level
/// from `first` on, and at least one.
int operator_sets(const OperatorKey& key, int first, int levels);

/// The key of the operators of nodes with half side `half`, in the caller's unit.
OperatorKey key_for(OperatorKey key, const AnyKernel& kernel, double half);

/// Storage of operators between runs. Called on one rank only; load returns false when the store has no
/// operators of this key, with the cause in `reason` (empty if they have not been stored yet).
template <class Real>
class OperatorStore {
 public:
  virtual ~OperatorStore() = default;
  virtual bool load(const OperatorKey& key, OperatorSet<Real>& set, std::string& reason) = 0;
  virtual void save(OperatorSet<Real>& set) = 0;
};

}  // namespace octopole
#pragma GCC visibility pop
