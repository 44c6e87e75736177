// Packs rows of an array into the buffer of an exchange, and unpacks them.
#pragma once

#include <cstring>
#include <span>

#include "base/types.hpp"

namespace octopole::distributed {

/// Copies row rows[i] of the array to record i of the buffer.
inline void pack_rows(const char* array, std::span<const Index> rows, std::size_t row_bytes, char* buffer) {
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::memcpy(buffer + i * row_bytes, array + static_cast<std::size_t>(rows[i]) * row_bytes, row_bytes);
}

/// Copies record i of the buffer to row rows[i] of the array.
inline void unpack_rows(const char* buffer, std::span<const Index> rows, std::size_t row_bytes, char* array) {
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::memcpy(array + static_cast<std::size_t>(rows[i]) * row_bytes, buffer + i * row_bytes, row_bytes);
}

/// Writes a row of `width` doubles as floats.
inline void narrow_row(const double* row, Index width, char* record) {
  for (Index c = 0; c < width; ++c) {
    const float value = static_cast<float>(row[c]);
    std::memcpy(record + static_cast<std::size_t>(c) * sizeof(float), &value, sizeof(float));
  }
}

inline void widen_row(const char* record, Index width, double* row) {
  for (Index c = 0; c < width; ++c) {
    float value;
    std::memcpy(&value, record + static_cast<std::size_t>(c) * sizeof(float), sizeof(float));
    row[c] = static_cast<double>(value);
  }
}

}  // namespace octopole::distributed
