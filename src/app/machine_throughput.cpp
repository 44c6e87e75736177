#include "app/machine_throughput.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/text.hpp"
#include "base/machine.hpp"
#include "base/threads.hpp"
#include "io/atomic_file.hpp"
#include "octopole/error.hpp"
#include "octopole/version.hpp"
#include "simd/isa.hpp"

namespace octopole::app {

using nlohmann::ordered_json;

ordered_json throughput_json(Throughput throughput) {
  ordered_json json;
  for (const auto& [name, row] : throughput.rows())
    for (std::size_t k = 0; k < kOperationKinds; ++k)
      json[std::string(name)][std::string(kOperationKindNames[k])] = (*row)[k];
  return json;
}

Throughput throughput_from(const ordered_json& json) {
  Throughput throughput;
  for (const auto& [name, row] : throughput.rows()) {
    const std::string key(name);
    const bool form = row == &throughput.in_one_float || row == &throughput.in_estimate;
    const ordered_json& kinds = json.at(form && !json.contains(key) ? "single" : key);
    for (std::size_t k = 0; k < kOperationKinds; ++k) {
      const double rate = kinds.at(std::string(kOperationKindNames[k])).get<double>();
      if (!(rate > 0 && rate < 1e18)) throw Error(fmt::format("{} is not a rate", rate));
      (*row)[k] = rate;
    }
  }
  return throughput;
}

namespace {

namespace fs = std::filesystem;

/// Format number of the files, increased whenever their content changes.
constexpr int kFormat = 6;
constexpr double kDays = 90;
constexpr std::time_t kSecondsOfDay = 86400;

ordered_json key_json(const ThroughputKey& key) {
  return {{"processor", key.processor}, {"simd", key.simd}, {"threads", key.threads},
          {"octopole", key.octopole},   {"git", key.git},   {"compiler", key.compiler},
          {"flags", key.flags}};
}

/// File name of a key: readable, and unique by a hash.
std::string file_name(const ThroughputKey& key) {
  std::string name = "throughput-";
  for (const char c : key.processor)
    if (std::isalnum(static_cast<unsigned char>(c)) && name.size() < 70) name += c;
  std::uint32_t hash = 0x811c9dc5;
  for (const char c : key_json(key).dump(-1, ' ', true, ordered_json::error_handler_t::replace))
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
  return fmt::format("{}-{}-{}t-{:08x}.json", name, key.simd, key.threads, hash);
}

fs::path directory() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return fs::path(cache) / "octopole";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache" / "octopole";
  return {};
}

/// The variable `name`, else `earlier`, its earlier name.
EnvironmentVariable variable(const char* name, const char* earlier) {
  if (const char* value = std::getenv(name)) return {name, value};
  return {earlier, std::getenv(earlier)};
}

double days_allowed() {
  const auto [name, text] = variable("OCTOPOLE_THROUGHPUT_DAYS", "OCTOPOLE_RATES_DAYS");
  if (!text || !*text) return kDays;
  char* end = nullptr;
  const double days = std::strtod(text, &end);
  if (*end || !std::isfinite(days) || days < 0)
    throw Error(fmt::format("{} is '{}'", name, text),
                "set a number of days, after which the throughput is measured again");
  return days;
}

}  // namespace

EnvironmentVariable throughput_variable() {
  return variable("OCTOPOLE_THROUGHPUT", "OCTOPOLE_RATES");
}

ThroughputKey throughput_key() {
  const Version build = version();
  return {processor_name(),        std::string(simd::isa_name(simd::active_isa())),
          max_threads(),           std::string(build.version),
          std::string(build.git),  std::string(build.compiler),
          std::string(build.flags)};
}

ThroughputCache::ThroughputCache(ThroughputKey key) : key_(std::move(key)), days_(days_allowed()) {
  if (const fs::path place = directory(); !place.empty()) file_ = place / file_name(key_);
}

std::optional<KeptThroughput> ThroughputCache::read(std::string& reason) const {
  reason = "none yet";
  std::ifstream file(file_);
  if (file_.empty() || !file) return std::nullopt;
  try {
    const ordered_json json = ordered_json::parse(file);
    if (json.at("format") != kFormat || json.at("key") != key_json(key_)) {
      reason = "of another version or machine";
      return std::nullopt;
    }
    const std::optional<std::time_t> measured = utc_time(json.at("measured").get<std::string>());
    if (!measured) throw Error("'measured' is not a time");
    const std::time_t age = std::time(nullptr) - *measured;
    if (age < -kSecondsOfDay) {
      reason = "from the future (" + utc_text(*measured) + ")";
      return std::nullopt;
    }
    if (static_cast<double>(age) > days_ * kSecondsOfDay) {
      reason = fmt::format("of {}, more than {:g} days ago", utc_text(*measured), days_);
      return std::nullopt;
    }
    const KeptThroughput kept{throughput_from(json), *measured};
    reason.clear();
    return kept;
  } catch (const std::exception& error) {
    reason = std::string("damaged: ") + error.what();
    return std::nullopt;
  }
}

KeptThroughput ThroughputCache::measure(bool again) const {
  if (file_.empty()) throw Error("neither XDG_CACHE_HOME nor HOME is set");
  fs::create_directories(file_.parent_path());
  const FileLock lock((file_.parent_path() / "throughput").string());
  std::string reason;
  if (!again)
    if (const std::optional<KeptThroughput> kept = read(reason)) return *kept;
  check_writable(file_.string());
  write(measure_throughput());
  // Remove outdated files of other versions and machines.
  for (const fs::path& other : files()) {
    std::error_code absent;
    const auto age = fs::file_time_type::clock::now() - fs::last_write_time(other, absent);
    if (!absent && other != file_ && std::chrono::duration<double>(age).count() > days_ * kSecondsOfDay)
      fs::remove(other, absent);
  }
  if (const std::optional<KeptThroughput> kept = read(reason)) return *kept;
  throw Error("'" + file_.string() + "' does not return the throughput that was written to it: " + reason);
}

void ThroughputCache::write(const Throughput& throughput) const {
  ordered_json json = {
      {"format", kFormat}, {"key", key_json(key_)}, {"measured", utc_text(std::time(nullptr))}};
  json.update(throughput_json(throughput));
  write_text_file(file_.string(), json.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

std::vector<fs::path> ThroughputCache::files() const {
  std::vector<fs::path> result;
  std::error_code failed;
  if (file_.empty()) return result;
  for (fs::directory_iterator at(file_.parent_path(), failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().filename().string();
    const bool kept =
        name.starts_with("throughput-") || name.starts_with("rates-");  // rates-: older versions
    if (kept && name.find(".json") != std::string::npos) result.push_back(at->path());
  }
  return result;
}

std::vector<fs::path> ThroughputCache::remove() const {
  std::vector<fs::path> removed = files();
  if (removed.empty()) return removed;
  const FileLock lock((file_.parent_path() / "throughput").string());
  for (const fs::path& file : removed) fs::remove(file);
  return removed;
}

namespace {

constexpr std::string_view kReference = "reference";

/// Reads a user's file without checks of its machine and age.
Throughput read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error("cannot read the throughput file '" + path + "'");
  try {
    return throughput_from(ordered_json::parse(file));
  } catch (const std::exception& error) {
    throw Error("'" + path + "' is not a throughput file: " + error.what(),
                "remove it, or name another one with --throughput");
  }
}

MachineThroughput cached_throughput() {
  const ThroughputCache cache(throughput_key());
  std::string reason;
  if (const auto kept = cache.read(reason)) return {kept->throughput, cache.file().string()};
  try {
    return {cache.measure(false).throughput, "measured, kept in " + cache.file().string()};
  } catch (const std::exception& error) {
    return {measure_throughput(), std::string("measured, not kept: ") + error.what()};
  }
}

MachineThroughput throughput_by(const std::string& choice) {
  if (choice.empty()) return cached_throughput();
  if (choice == kReference) return {reference_throughput(), "reference"};
  if (choice == "measure") return {measure_throughput(), "measured"};
  return {read(choice), choice};
}

}  // namespace

std::string choose_throughput(const mpi::Comm& comm, std::string option) {
  if (const char* said = throughput_variable().value; option.empty() && said) option = said;
  comm.broadcast(option);
  if (option == kReference) simd::make_reproducible();
  return option;
}

MachineThroughput machine_throughput(const mpi::Comm& comm, const std::string& choice) {
  MachineThroughput result;
  mpi::collectively(comm, [&] {
    if (comm.is_root()) result = throughput_by(choice);
  });
  for (const auto& [name, row] : result.throughput.rows()) comm.broadcast(std::span<double>(*row));
  comm.broadcast(result.origin);
  return result;
}

}  // namespace octopole::app
