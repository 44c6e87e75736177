// Files that many runs append to, at the same time perhaps: a line each, whole or not at all.
#pragma once

#include <chrono>
#include <string>

#include "io/file_lock.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Throws the Error that append_line would for a place that cannot be written; makes no file.
void check_appendable(const std::string& path);

/// Appends `line` (without line breaks) and a newline in one write at the file's end, under an advisory lock
/// where the file system has one; makes the file where there is none. A last line that was cut off (by a full
/// disk or a killed run) gets its newline first, so that it spoils no other. Throws Error where the system
/// refuses, or another process keeps the lock for `patience`, with the file as it was. Not collective: one
/// process calls it.
void append_line(const std::string& path, const std::string& line,
                 std::chrono::milliseconds patience = kLockPatience);

}  // namespace octopole
#pragma GCC visibility pop
