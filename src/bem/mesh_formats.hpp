// Mesh file formats: one reader and one writer for each, and what they share.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bem/surface.hpp"

namespace octopole::bem {

enum class MeshFormat { gmsh, obj, stl };

/// Format of the extension ".msh", ".obj" or ".stl", in upper or lower case; throws Error for others.
MeshFormat mesh_format(const std::string& path);

/// Contents of a mesh file.
struct RawMesh {
  std::vector<Point> vertices;
  std::vector<Corners> triangles;
  std::vector<std::int32_t> group;  // (triangles) index in `groups`, or kNoGroup
  std::vector<std::string> groups;  // names in the file; some may have no triangles
  bool weld = false;                // this format does not share vertices
};
inline constexpr std::int32_t kNoGroup = -1;

/// Sequential reader of a file's bytes; errors name the position.
class Scanner {
 public:
  /// Reads the whole file. Throws Error if it cannot be read.
  explicit Scanner(const std::string& path);

  const std::string& path() const { return path_; }
  std::string_view bytes() const { return bytes_; }
  bool at_end() const { return place_ == bytes_.size(); }
  std::size_t remaining() const { return bytes_.size() - place_; }

  /// Throws Error "path: line .." or, in binary parts, "path: byte ..".
  [[noreturn]] void fail(const std::string& what, const std::string& advice = {}) const;
  /// From now on errors name bytes (true) or lines.
  void set_binary(bool binary) { binary_ = binary; }

  /// Skips white space, including line ends.
  void skip_space();
  /// The next word, "" at the end; `peek` does not consume it.
  std::string_view word();
  std::string_view peek();
  /// The rest of the line; its end is consumed but not returned.
  std::string_view line();
  /// Fails unless the next word is `wanted`.
  void expect(std::string_view wanted);

  double real(const char* what);
  std::int64_t integer(const char* what);
  /// Reads a finite coordinate.
  double coordinate();

  /// Reads the next bytes as a T.
  template <class T>
  T binary(const char* what) {
    if (remaining() < sizeof(T)) fail(std::string("the file ends before ") + what);
    T value;
    std::memcpy(&value, bytes_.data() + place_, sizeof(T));
    place_ += sizeof(T);
    return value;
  }
  void skip_bytes(std::size_t count, const char* what);
  /// Fails unless `count` records of at least `bytes` bytes fit in the rest of the file.
  void check_count(std::int64_t count, std::size_t bytes, const char* what) const;
  void check_finite(double value) const;

 private:
  std::string path_, bytes_;
  std::size_t place_ = 0;
  std::size_t last_ = 0;  // start of the last word, for error messages
  bool binary_ = false;
};

/// Parses a whole word as a number; false if it is none.
bool parse(std::string_view word, double& value);
bool parse(std::string_view word, std::int64_t& value);

/// Output buffer of text and bytes.
class Output {
 public:
  template <class... Values>
  void text(fmt::format_string<Values...> format, Values&&... values) {
    bytes_ += fmt::format(format, std::forward<Values>(values)...);
  }
  template <class T>
  void raw(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// The triangles of each conductor, ascending.
std::vector<std::vector<Index>> by_conductor(const Surface& surface);

RawMesh read_gmsh(Scanner& file);
RawMesh read_obj(Scanner& file);
RawMesh read_stl(Scanner& file);

// The bytes of a file of each format; OBJ is always text.
std::string write_gmsh(const Surface& surface, bool binary);
std::string write_obj(const Surface& surface);
std::string write_stl(const Surface& surface, bool binary);

}  // namespace octopole::bem
