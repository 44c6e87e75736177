// Files to which many runs append, possibly at the same time: one line each, complete or not at all.
#pragma once

#include <chrono>
#include <string>

#include "io/file_lock.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Throws the Error that append_line would throw if `path` cannot be written; does not create the file.
void check_appendable(const std::string& path);

/// Appends `line` (without line breaks) and a newline in one write at the end of the file, under an advisory
/// lock if the file system has one; creates the file if there is none. If the last line was cut off (by a
/// full disk or a killed run), its newline is added first, so that it spoils no other line. Throws Error if
/// the system refuses, or another process holds the lock for `patience`; the file is then unchanged. Not
/// collective: one process calls it.
void append_line(const std::string& path, const std::string& line,
                 std::chrono::milliseconds patience = kLockPatience);

}  // namespace octopole
#pragma GCC visibility pop
