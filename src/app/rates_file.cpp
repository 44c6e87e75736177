#include "rates_file.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "octopole/base/error.hpp"
#include "octopole/io/pending_file.hpp"
#include "octopole/simd/isa.hpp"
#include "rates_json.hpp"

namespace octopole::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// Of the files kept: another number where kinds of work, or the loops they stand for, are others.
constexpr int kFormat = 5;

/// The processor's name as the system tells it; empty where it does not.
std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
      return line.substr(line.find(": ") + 2);
  return {};
}

/// Letters and digits of the processor's name and the instruction set.
std::string file_name() {
  std::string name = "rates-";
  for (const char c : processor())
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  return name + "-" + std::string(simd::isa_name(simd::active_isa())) + ".json";
}

fs::path cache_directory() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return fs::path(cache) / "octopole";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache" / "octopole";
  return {};
}

/// Those that the program has kept must be of this version; a user's file is taken as it is.
Rates read(const fs::path& path, bool kept = false) {
  std::ifstream file(path);
  if (!file) throw Error("cannot read the rates '" + path.string() + "'");
  try {
    const ordered_json json = ordered_json::parse(file);
    if (kept && json.value("format", 1) != kFormat) throw Error("its rates are of another version's loops");
    return rates_from(json);
  } catch (const std::exception& error) {
    throw Error("'" + path.string() + "' is not a file of rates: " + error.what(),
                "remove it, or name another one with --rates");
  }
}

void write(const fs::path& path, const Rates& rates) {
  ordered_json json = {
      {"format", kFormat}, {"processor", processor()}, {"simd", simd::isa_name(simd::active_isa())}};
  json.update(rates_json(rates));
  fs::create_directories(path.parent_path());
  write_text_file(path.string(), json.dump(1) + "\n");
}

MachineRates cached_rates() {
  const fs::path directory = cache_directory();
  if (directory.empty()) return {measure_rates(), "measured"};
  const fs::path path = directory / file_name();
  try {
    std::error_code absent;
    if (fs::exists(path, absent)) return {read(path, true), path.string()};
  } catch (const Error&) {
    // Damaged, or of an older version: measured anew.
  }
  MachineRates measured{measure_rates(), "measured, kept in " + path.string()};
  try {
    write(path, measured.rates);
  } catch (const std::exception&) {
    measured.origin = "measured";
  }
  return measured;
}

MachineRates choose(std::string choice) {
  if (const char* said = std::getenv("OCTOPOLE_RATES"); choice.empty() && said) choice = said;
  if (choice.empty()) return cached_rates();
  if (choice == "reference") return {reference_rates(), "reference"};
  if (choice == "measure") return {measure_rates(), "measured"};
  return {read(choice), choice};
}

}  // namespace

MachineRates machine_rates(const mpi::Comm& comm, const std::string& choice) {
  MachineRates result;
  mpi::collectively(comm, [&] {
    if (comm.is_root()) result = choose(choice);
  });
  for (const auto& [name, row] : result.rates.rows()) comm.broadcast(std::span<double>(*row));
  comm.broadcast(result.origin);
  return result;
}

}  // namespace octopole::app
