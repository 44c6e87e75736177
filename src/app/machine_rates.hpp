// The machine's rates for the cost model: from a file, or measured once and kept for later runs.
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

/// Rates as JSON: {"single": {kind: number, ...}, "double": {...}, ...}, by the names of Rates::rows().
nlohmann::ordered_json rates_json(Rates rates);

/// Parses rates; throws if a rate is missing or invalid. Other members are ignored. Only "single" and
/// "double" are required: missing forms of the near field are taken from "single".
Rates rates_from(const nlohmann::ordered_json& json);

/// Everything that determines the rates; kept rates are valid only for an equal key.
struct RatesKey {
  std::string processor, simd;
  int threads = 1;                             // all busy while measured
  std::string octopole, git, compiler, flags;  // of the measured loops
  bool operator==(const RatesKey&) const = default;
};

/// Key of the calling process.
RatesKey rates_key();

struct KeptRates {
  Rates rates;
  std::time_t measured = 0;
};

/// One file per key in $XDG_CACHE_HOME/octopole (or ~/.cache/octopole). Not collective: used by one rank.
class RatesCache {
 public:
  /// Throws Error if OCTOPOLE_RATES_DAYS is not a number of days.
  explicit RatesCache(RatesKey key);

  const RatesKey& key() const { return key_; }
  /// The file of the key; empty if neither XDG_CACHE_HOME nor HOME is set: nothing is kept then.
  const std::filesystem::path& file() const { return file_; }
  /// Age beyond which rates are measured again: OCTOPOLE_RATES_DAYS, else 90.
  double days() const { return days_; }

  /// Kept rates if they are complete, of this key, and neither too old nor more than a day in the future
  /// (clocks of nodes differ slightly); else empty, with the cause in `reason`.
  std::optional<KeptRates> read(std::string& reason) const;

  /// Measures and keeps rates, one process at a time per directory; if another one has just kept rates of
  /// this key, takes those, unless `again`. Returns the rates as read back from the file. Throws Error if the
  /// directory cannot be used, before measuring.
  KeptRates measure(bool again) const;

  /// Removes all kept rates, also those of other keys; returns their files.
  std::vector<std::filesystem::path> remove() const;

 private:
  void write(const Rates& rates) const;
  std::vector<std::filesystem::path> files() const;

  RatesKey key_;
  std::filesystem::path file_;
  double days_;
};

/// Rates and their origin.
struct MachineRates {
  Rates rates;
  std::string origin;
};

/// Rates by --rates or, if empty, the environment variable OCTOPOLE_RATES: "reference" is reference_rates(),
/// "measure" measures without keeping; anything else is a file, which must exist. If neither is set, those of
/// the RatesCache, measured and kept if it has no valid ones; a directory that cannot be written is no error.
/// Determined on rank 0 for all ranks. Throws Error for a file that does not contain rates. Collective.
MachineRates machine_rates(const mpi::Comm& comm, const std::string& choice);

}  // namespace octopole::app
