#include "operators/operator_set.hpp"

#include <algorithm>

#include "kernels/any_kernel.hpp"
#include "operators/surface.hpp"

namespace octopole {
namespace {

[[noreturn]] void bad_size(const std::string& name, std::size_t size) {
  throw Error("the operator array '" + name + "' has " + std::to_string(size) +
                  " entries, which is inconsistent with the order or rank",
              "the stored operators are damaged or of another key: remove them");
}

/// The rank of a factor of `size` numbers, which has `length` numbers per singular value.
Index rank_of(const std::string& name, std::size_t size, Index length, Index max_rank) {
  const Index rank = static_cast<Index>(size) / length;
  if (rank * length != static_cast<Index>(size) || rank < 1 || rank > max_rank) bad_size(name, size);
  return rank;
}

void require_size(const std::string& name, std::size_t size, Index expected) {
  if (static_cast<Index>(size) != expected) bad_size(name, size);
}

}  // namespace

int operator_sets(const OperatorKey& key, int first, int levels) {
  return is_scale_free(key) ? 1 : std::max(1, levels - first);
}

OperatorKey key_for(OperatorKey key, const AnyKernel& kernel, double half) {
  key.kernel_parameters = kernel.in_units_of(half).for_operators().parameters();
  return key;
}

template <class Real>
OperatorSet<Real> make_operators(const AnyKernel& kernel, const OperatorKey& key) {
  if (key.kernel != kernel.name())
    throw Error("operators of kernel '" + std::string(key.kernel) + "' requested for kernel '" +
                std::string(kernel.name()) + "'");
  if (key.kernel_parameters != kernel.parameters())
    throw Error("operators of kernel '" + std::string(key.kernel) +
                "' requested for other parameters than the kernel's");
  OperatorSet<Real> set;
  set.translations = make_translations<Real>(kernel, key);
  if (set.m2l_by_fft() && set.m2l_in_single_alone())
    set.fft_single = make_m2l_fft<float>(kernel, key);
  else if (set.m2l_by_fft())
    set.fft = make_m2l_fft<Real>(kernel, key);
  else
    set.svd = make_m2l_svd<Real>(kernel, key);
  return set;
}

template <class Real>
OperatorSet<Real> lay_out_operators(const OperatorKey& key) {
  OperatorSet<Real> set;
  lay_out_surfaces(key, set.translations);
  if (key.m2l == M2lMethod::fft) {
    set.fft.order = set.fft_single.order = key.order;
    set.fft.frequencies = set.fft_single.frequencies = Index(key.order) * key.order * key.order;
  } else {
    lay_out_m2l_svd(key, set.svd);
  }
  return set;
}

template <class Real>
void adopt_arrays(OperatorSet<Real>& set) {
  Translations<Real>& t = set.translations;
  const Index n = t.equivalent_size();
  t.upward_rank = rank_of("upward_first", t.upward_first.size(), t.upward_check_size(), n);
  t.downward_rank = rank_of("downward_first", t.downward_first.size(), t.downward_check_size(), n);
  require_size("upward_second", t.upward_second.size(), n * t.upward_rank);
  require_size("downward_second", t.downward_second.size(), n * t.downward_rank);
  require_size("m2m", t.m2m.size(), n * n);
  require_size("l2l", t.l2l.size(), n * n);
  if (set.m2l_by_fft()) {
    const auto check = [](const auto& fft) {
      require_size("m2l_fft", fft.transforms.size(), fft.frequencies * 686);
    };
    if (set.m2l_in_single_alone())
      check(set.fft_single);
    else
      check(set.fft);
    return;
  }
  for (std::size_t c = 0; c < set.svd.classes.size(); ++c) {
    auto& transfer_class = set.svd.classes[c];
    transfer_class.rank = rank_of("m2l_svd_right_" + std::to_string(c), transfer_class.right.size(), n, n);
    require_size("m2l_svd_left_" + std::to_string(c), transfer_class.left.size(),
                 t.downward_check_size() * transfer_class.rank);
  }
}

template OperatorSet<double> make_operators<double>(const AnyKernel&, const OperatorKey&);
template OperatorSet<float> make_operators<float>(const AnyKernel&, const OperatorKey&);
template OperatorSet<double> lay_out_operators(const OperatorKey&);
template OperatorSet<float> lay_out_operators(const OperatorKey&);
template void adopt_arrays(OperatorSet<double>&);
template void adopt_arrays(OperatorSet<float>&);

}  // namespace octopole
