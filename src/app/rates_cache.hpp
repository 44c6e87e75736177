// The rates that the program measured on this kind of machine and keeps for its next runs.
#pragma once

#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "octopole/options.hpp"

namespace octopole::app {

/// All that decides the rates; kept ones hold for an equal key only.
struct RatesKey {
  std::string processor, simd;
  int threads = 1;                             // all busy while measured
  std::string octopole, git, compiler, flags;  // whose loops they are
  bool operator==(const RatesKey&) const = default;
};

/// Of the calling process.
RatesKey rates_key();

struct KeptRates {
  Rates rates;
  std::time_t measured = 0;
};

/// One file a key in $XDG_CACHE_HOME/octopole (or ~/.cache/octopole). Not collective: one rank uses it.
class RatesCache {
 public:
  /// Throws Error where OCTOPOLE_RATES_DAYS is no number of days.
  explicit RatesCache(RatesKey key);

  const RatesKey& key() const { return key_; }
  /// Empty where neither XDG_CACHE_HOME nor HOME is set: nothing is kept then.
  const std::filesystem::path& file() const { return file_; }
  /// Older ones are measured again: OCTOPOLE_RATES_DAYS, else 90.
  double days() const { return days_; }

  /// The kept rates, where they are whole, of this key, neither too old nor more than a day from the future
  /// (clocks of nodes differ a little); else nothing, and why in `reason`.
  std::optional<KeptRates> read(std::string& reason) const;

  /// Measures and keeps, for which one process at a time has the directory; where another one has just kept
  /// rates of this key those are taken, unless `again`. Returns what the file gives back. Throws Error where
  /// the directory cannot be used; nothing has been measured then.
  KeptRates measure(bool again) const;

  /// Removes all kept rates, of other keys, too; returns their files.
  std::vector<std::filesystem::path> remove() const;

 private:
  void write(const Rates& rates) const;
  std::vector<std::filesystem::path> files() const;

  RatesKey key_;
  std::filesystem::path file_;
  double days_;
};

}  // namespace octopole::app
