#include "fmm/prepare.hpp"

#include "octopole/kernels.hpp"

namespace octopole {
namespace {

template <Kernel K, class Real>
OperatorSet<Real> read_or_make(const K& kernel, const OperatorKey& key, OperatorStore<Real>* store,
                               std::string& note) {
  note = "computed";
  if (!store) return make_operators<K, Real>(kernel, key);
  OperatorSet<Real> set = lay_out_operators<Real>(key);
  std::string reason;
  if (store->load(key, set, reason)) {
    note = "read from the database";
    return set;
  }
  set = make_operators<K, Real>(kernel, key);
  if (!reason.empty()) note += " (" + reason + ")";
  try {
    store->save(set);
    note += ", stored in the database";
  } catch (const Error& error) {
    note += ", not stored: " + std::string(error.what());
  }
  return set;
}

}  // namespace

template <Kernel K, class Real>
OperatorSet<Real> prepare_operators(const mpi::Comm& comm, const K& kernel, const OperatorKey& key,
                                    OperatorStore<Real>* store, std::string& note) {
  OperatorSet<Real> set;
  mpi::collectively(comm, [&] {
    if (comm.is_root())
      set = read_or_make(kernel, key, store, note);
    else
      set = lay_out_operators<Real>(key);
  });
  comm.broadcast(note);
  set.for_each_array([&]<class T>(const std::string&, AlignedVector<T>& values) {
    Index size = static_cast<Index>(values.size());
    comm.broadcast(std::span<Index>(&size, 1));
    values.resize(static_cast<std::size_t>(size));
    comm.broadcast(std::span<T>(values));
  });
  mpi::collectively(comm, [&] { adopt_arrays(set); });
  return set;
}

template OperatorSet<float> prepare_operators(const mpi::Comm&, const Laplace&, const OperatorKey&,
                                              OperatorStore<float>*, std::string&);
template OperatorSet<double> prepare_operators(const mpi::Comm&, const Laplace&, const OperatorKey&,
                                               OperatorStore<double>*, std::string&);

}  // namespace octopole
