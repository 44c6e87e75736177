// The machine's throughput for the cost model: from a file, or measured once and kept for later runs.
#pragma once

#include <ctime>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mpi/comm.hpp"
#include "octopole/options.hpp"

namespace octopole::app {

/// As JSON: {"single": {kind: number, ...}, "double": {...}, ...}, by the names of Throughput::rows().
nlohmann::ordered_json throughput_json(Throughput throughput);

/// Parses a throughput; throws if a rate is missing or invalid. Other members are ignored. Only "single" and
/// "double" are required: missing forms of the near field are taken from "single".
Throughput throughput_from(const nlohmann::ordered_json& json);

/// Everything that determines the throughput; a kept one is valid only for an equal key.
struct ThroughputKey {
  std::string processor, simd;
  int threads = 1;                             // all busy while measured
  std::string octopole, git, compiler, flags;  // of the measured loops
  bool operator==(const ThroughputKey&) const = default;
};

/// Key of the calling process.
ThroughputKey throughput_key();

/// An environment variable; `value` is null if it is not set.
struct EnvironmentVariable {
  const char *name, *value;
};

/// The variable that chooses the throughput: OCTOPOLE_THROUGHPUT or, if it is not set, OCTOPOLE_RATES, its
/// earlier name.
EnvironmentVariable throughput_variable();

struct KeptThroughput {
  Throughput throughput;
  std::time_t measured = 0;
};

/// One file per key in $XDG_CACHE_HOME/octopole (or ~/.cache/octopole). Not collective: used by one rank.
class ThroughputCache {
 public:
  /// Throws Error if OCTOPOLE_THROUGHPUT_DAYS (earlier OCTOPOLE_RATES_DAYS) is not a number of days.
  explicit ThroughputCache(ThroughputKey key);

  const ThroughputKey& key() const { return key_; }
  /// The file of the key; empty if neither XDG_CACHE_HOME nor HOME is set: nothing is kept then.
  const std::filesystem::path& file() const { return file_; }
  /// Age in days beyond which the throughput is measured again: OCTOPOLE_THROUGHPUT_DAYS, else 90.
  double days() const { return days_; }

  /// The kept throughput if it is complete, of this key, and neither too old nor more than a day in the
  /// future (clocks of nodes differ slightly); else empty, with the cause in `reason`.
  std::optional<KeptThroughput> read(std::string& reason) const;

  /// Measures and keeps the throughput, one process at a time per directory; if another one has just kept
  /// that of this key, takes it, unless `again`. Returns the throughput as read back from the file. Throws
  /// Error if the directory cannot be used, before measuring.
  KeptThroughput measure(bool again) const;

  /// Removes every kept throughput, also those of other keys; returns their files.
  std::vector<std::filesystem::path> remove() const;

 private:
  void write(const Throughput& throughput) const;
  std::vector<std::filesystem::path> files() const;

  ThroughputKey key_;
  std::filesystem::path file_;
  double days_;
};

/// The throughput and its origin.
struct MachineThroughput {
  Throughput throughput;
  std::string origin;
};

/// The value of --throughput or, if it is empty, that of throughput_variable() on rank 0. If it is
/// "reference", all ranks call simd::make_reproducible(): call this before the machine is described.
/// Collective.
std::string choose_throughput(const mpi::Comm& comm, std::string option);

/// The throughput by `choice`, from choose_throughput(): "reference" is reference_throughput(), "measure"
/// measures without keeping; anything else is a file, which must exist. If it is empty, that of the
/// ThroughputCache, measured and kept if it has no valid one; a directory that cannot be written is not an
/// error. Determined on rank 0 for all ranks. Throws Error for a file without a throughput. Collective.
MachineThroughput machine_throughput(const mpi::Comm& comm, const std::string& choice);

}  // namespace octopole::app
