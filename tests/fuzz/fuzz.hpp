// Shared by the fuzzing harnesses: a scratch file, and a check of what a reader throws.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "octopole/error.hpp"

namespace octopole::fuzz {

/// The path of a scratch file of this process, in memory (/dev/shm) where available.
inline std::string scratch_file(const std::string& extension) {
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::is_directory("/dev/shm", ignored)
                                           ? "/dev/shm"
                                           : std::filesystem::temp_directory_path();
  return (folder / ("octopole-fuzz-" + std::to_string(getpid()) + extension)).string();
}

inline void write(const std::string& path, const std::uint8_t* data, std::size_t size) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
}

/// Runs a reader: it may only throw Error.
template <class Read>
void only_errors(const Read& read) {
  try {
    read();
  } catch (const Error&) {
    // the file is invalid
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "not an octopole::Error: %s\n", exception.what());
    std::abort();
  }
}

}  // namespace octopole::fuzz
