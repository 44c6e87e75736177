#include "bem/mesh_formats.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>

namespace octopole::bem {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

template <class T>
bool parse_whole(std::string_view word, T& value) {
  if (!word.empty() && word[0] == '+') word.remove_prefix(1);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

}  // namespace

MeshFormat mesh_format(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (extension == ".msh") return MeshFormat::gmsh;
  if (extension == ".obj") return MeshFormat::obj;
  if (extension == ".stl") return MeshFormat::stl;
  throw Error("'" + path + "' has no extension of a mesh file",
              "meshes end in .msh (Gmsh 4.1), .obj or .stl");
}

bool parse(std::string_view word, double& value) {
  return parse_whole(word, value);
}
bool parse(std::string_view word, std::int64_t& value) {
  return parse_whole(word, value);
}

Scanner::Scanner(const std::string& path) : path_(path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw Error("cannot read '" + path + "': it is a directory");
  errno = 0;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (size < 0) throw Error("cannot read '" + path + "': " + std::strerror(errno ? errno : EIO));
  bytes_.resize(static_cast<std::size_t>(size));
  file.seekg(0);
  file.read(bytes_.data(), size);
  if (!file) throw Error("cannot read '" + path + "': it ends too early");
  if (bytes_.empty()) throw Error("'" + path + "' is empty");
}

void Scanner::fail(const std::string& what, const std::string& advice) const {
  const std::size_t at = std::min(binary_ ? place_ : last_, bytes_.size());
  const std::string where =
      binary_
          ? "byte " + std::to_string(at)
          : "line " + std::to_string(1 + std::count(bytes_.begin(),
                                                    bytes_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  throw Error("'" + path_ + "', " + where + ": " + what, advice);
}

void Scanner::skip_space() {
  while (place_ < bytes_.size() && is_space(bytes_[place_])) ++place_;
}

std::string_view Scanner::word() {
  skip_space();
  last_ = place_;
  while (place_ < bytes_.size() && !is_space(bytes_[place_])) ++place_;
  return std::string_view(bytes_).substr(last_, place_ - last_);
}

std::string_view Scanner::peek() {
  skip_space();
  const std::size_t before = place_;
  const std::string_view next = word();
  place_ = before;
  return next;
}

std::string_view Scanner::line() {
  last_ = place_;
  std::size_t end = std::min(bytes_.find('\n', place_), bytes_.size());
  place_ = std::min(end + 1, bytes_.size());
  while (end > last_ && is_space(bytes_[end - 1])) --end;
  return std::string_view(bytes_).substr(last_, end - last_);
}

void Scanner::expect(std::string_view wanted) {
  const std::string_view found = word();
  if (found == wanted) return;
  fail(found.empty() ? "the file ends where '" + std::string(wanted) + "' should follow"
                     : "'" + std::string(found.substr(0, 40)) + "' instead of '" + std::string(wanted) + "'");
}

double Scanner::real(const char* what) {
  double value = 0;
  const std::string_view found = word();
  if (!parse(found, value))
    fail("'" + std::string(found.substr(0, 40)) + "' is not a number", std::string("expected ") + what);
  return value;
}

std::int64_t Scanner::integer(const char* what) {
  std::int64_t value = 0;
  const std::string_view found = word();
  if (!parse(found, value))
    fail("'" + std::string(found.substr(0, 40)) + "' is not an integer", std::string("expected ") + what);
  return value;
}

double Scanner::coordinate() {
  const double value = real("a coordinate");
  check_finite(value);
  return value;
}

void Scanner::check_finite(double value) const {
  if (!std::isfinite(value)) fail("a coordinate is not finite");
}

void Scanner::skip_bytes(std::size_t count, const char* what) {
  if (count > remaining()) fail(std::string("the file ends before ") + what);
  place_ += count;
}

void Scanner::check_count(std::int64_t count, std::size_t bytes, const char* what) const {
  if (count < 0 || static_cast<std::uint64_t>(count) > remaining() / bytes)
    fail(std::to_string(count) + ' ' + what + " do not fit in the rest of the file", "is it cut off?");
}

std::vector<std::vector<Index>> by_conductor(const Surface& surface) {
  std::vector<std::vector<Index>> triangles(surface.conductors.size());
  for (Index t = 0; t < surface.size(); ++t)
    triangles[static_cast<std::size_t>(surface.conductor[static_cast<std::size_t>(t)])].push_back(t);
  return triangles;
}

}  // namespace octopole::bem
