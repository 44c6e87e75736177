// Times in the format of files: 2026-11-28T14:30:00Z.
#pragma once

#include <cstdio>
#include <ctime>
#include <optional>
#include <string>

namespace octopole::app {

inline std::string utc_text(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// Parses a time that utc_text() wrote; empty for any other text.
inline std::optional<std::time_t> utc_time(const std::string& text) {
  std::tm parts{};
  int end = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end) != 6 ||
      end != static_cast<int>(text.size()))
    return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const std::time_t time = timegm(&parts);
  if (utc_text(time) != text) return std::nullopt;
  return time;
}

}  // namespace octopole::app
