#include "io/points_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/aligned.hpp"
#include "cost/option_table.hpp"
#include "fmm/agreement.hpp"
#include "io/atomic_file.hpp"
#include "io/hdf5_handle.hpp"
#include "mpi/agreement.hpp"

namespace octopole {
namespace {

/// Throws AgreedError unless all ranks name the same file: they would wait for each other in two. Collective.
void require_equal_path(const mpi::Comm& comm, const std::string& path) {
  const mpi::NamedValue value{"path", path};
  mpi::require_equal(comm, {&value, 1}, "name the same file on every rank");
}

/// Throws AgreedError unless all ranks pass the same kind of kernel: others read other tables. Collective.
void require_equal_kernel(const mpi::Comm& comm, const AnyKernel& kernel) {
  const mpi::NamedValue value{"the kernel", std::string(kernel.name())};
  mpi::require_equal(comm, {&value, 1}, "pass the same kernel on every rank");
}

/// Paths of the tables in a layout.
struct Layout {
  const char* sources;
  std::string charges;
  const char* dipoles;  // null: this layout has none
  const char* targets;
  Index components;  // of a charge
};
constexpr const char* kSources = "/sources/positions";
constexpr const char* kPyExafmmSources = "/particle_data/sources";

/// The layout of a number (Contents::layout) for a kernel.
Layout layout_of(int number, const AnyKernel& kernel) {
  if (number > 0)
    return {kPyExafmmSources, "/particle_data/source_densities", nullptr, "/particle_data/targets", 1};
  return {kSources, "/sources/" + std::string(kernel.strengths_name()),
          kernel.components() == 1 ? "/sources/dipoles" : nullptr, "/targets/positions", kernel.components()};
}

/// What rank 0 finds in the file and broadcasts.
struct Contents {
  int layout = 0;
  StrengthShape strengths;
  Index sources = 0, targets = 0;
  bool has_targets = false;
};

std::string in_file(const std::string& dataset, const std::string& path) {
  return "'" + dataset + "' of '" + path + "'";
}

std::string describe(const std::vector<hsize_t>& shape) {
  std::string text = "(";
  for (std::size_t d = 0; d < shape.size(); ++d) text += (d ? ", " : "") + std::to_string(shape[d]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

/// Returns the number of bytes of each number; throws Error unless they are float32 or float64.
std::size_t check_type(const hdf5::Handle& dataset, const std::string& name) {
  const hdf5::Handle type(H5Dget_type(dataset.get()), H5Tclose, "cannot read the type of " + name);
  const H5T_class_t kind = H5Tget_class(type.get());
  const std::size_t bytes = H5Tget_size(type.get());
  if (kind == H5T_FLOAT && (bytes == 4 || bytes == 8)) return bytes;
  const std::string found = kind == H5T_FLOAT     ? std::to_string(8 * bytes) + "-bit floating-point numbers"
                            : kind == H5T_INTEGER ? "integers"
                            : kind == H5T_STRING  ? "text"
                                                  : "neither integers nor floating-point numbers";
  throw Error(name + " holds " + found, "expected float32 or float64");
}

/// The shape that a table must have: (rows, columns), where a single column has no dimension; if `vectors`,
/// also with the vectors as one dimension more.
struct TableShape {
  Index columns;
  bool vectors = false;
};

/// Numbers of rows and vectors of a table.
struct TableSize {
  Index rows, vectors;
};

/// The size of a table, which must have this shape.
TableSize check_table(hid_t file, const std::string& dataset, const std::string& path,
                      const TableShape& expected) {
  const std::string name = in_file(dataset, path);
  if (!hdf5::has_dataset(file, dataset)) throw Error("dataset " + name + " is missing");
  const hdf5::Handle handle = hdf5::open_dataset(file, dataset);
  const std::vector<hsize_t> shape = hdf5::shape_of(handle, name);
  const std::size_t dimensions = expected.columns == 1 ? 1 : 2;
  const bool several = expected.vectors && shape.size() == dimensions + 1;
  const bool right = (shape.size() == dimensions || (several && shape.back() > 0)) &&
                     (dimensions == 1 || shape[1] == static_cast<hsize_t>(expected.columns));
  if (!right) {
    const std::string columns = dimensions == 1 ? "" : " " + std::to_string(expected.columns);
    throw Error("dataset " + name + " has the shape " + describe(shape),
                "expected (N," + columns + ")" +
                    (expected.vectors ? ", or (N," + columns + (dimensions == 1 ? "" : ",") +
                                            " B) for B vectors of " + dataset.substr(dataset.rfind('/') + 1)
                                      : ""));
  }
  hdf5::check_stored(handle, "dataset " + name, shape, check_type(handle, "dataset " + name));
  return {static_cast<Index>(shape[0]), several ? static_cast<Index>(shape.back()) : 1};
}

/// Throws Error if the file cannot be read at all.
void check_readable(const std::string& path) {
  std::error_code ignored;
  if (::access(path.c_str(), R_OK) != 0) throw Error("cannot read '" + path + "': " + std::strerror(errno));
  if (std::filesystem::is_directory(path, ignored))
    throw Error("cannot read '" + path + "': it is a directory");
}

/// The kind and the number of vectors of the strengths in a file with `sources` positions.
StrengthShape inspect_strengths(hid_t file, const Layout& layout, const std::string& path, Index sources) {
  const bool has_dipoles = layout.dipoles && hdf5::has_object(file, layout.dipoles);
  const bool has_charges = !has_dipoles || hdf5::has_object(file, layout.charges);
  std::optional<Index> vectors;
  const auto inspect = [&](const std::string& dataset, Index columns, const std::string& what) {
    const auto [rows, count] = check_table(file, dataset, path, {columns, true});
    if (count > kMostVectors)
      throw Error(in_file(dataset, path) + " has " + std::to_string(count) + " vectors of " + what + "s",
                  "at most " + std::to_string(kMostVectors) + " can be evaluated together");
    if (rows != sources)
      throw Error(in_file(dataset, path) + " has " + std::to_string(rows) + " " + what + "s for the " +
                      std::to_string(sources) + " positions in '" + layout.sources + "'",
                  "one " + what + " per position is needed");
    if (vectors.value_or(count) != count)
      throw Error(in_file(dataset, path) + " has " + std::to_string(count) + " vectors, and '" +
                      layout.charges + "' " + std::to_string(*vectors),
                  "charges and dipoles need the same number of vectors");
    vectors = count;
  };
  if (has_charges) inspect(layout.charges, layout.components, layout.components == 1 ? "charge" : "strength");
  if (has_dipoles) inspect(layout.dipoles, 3, "dipole");
  return {!has_dipoles  ? SourceKind::charges
          : has_charges ? SourceKind::charges_and_dipoles
                        : SourceKind::dipoles,
          static_cast<int>(*vectors)};
}

Contents inspect(const std::string& path, const AnyKernel& kernel) {
  check_readable(path);
  if (H5Fis_hdf5(path.c_str()) <= 0) {
    std::error_code ignored;
    throw Error("'" + path + "' is not an HDF5 file" +
                (std::filesystem::file_size(path, ignored) == 0 ? ": it is empty" : ""));
  }
  const hdf5::Handle file = hdf5::open_serial(path, hdf5::Access::read);
  Contents contents;
  if (!hdf5::has_object(file.get(), "/sources")) {
    if (!hdf5::has_object(file.get(), "/particle_data") || kernel.components() > 1)
      throw Error(
          "'" + path + "' holds no points",
          "expected the dataset " + std::string(kSources) +
              (kernel.components() > 1 ? ""
                                       : ", or " + std::string(kPyExafmmSources) + " as PyExaFMM writes it"));
    contents.layout = 1;
  }
  const Layout layout = layout_of(contents.layout, kernel);
  contents.sources = check_table(file.get(), layout.sources, path, {3}).rows;
  contents.strengths = inspect_strengths(file.get(), layout, path, contents.sources);
  if (contents.sources == 0) throw Error(in_file(layout.sources, path) + " is empty: there are no sources");
  contents.has_targets = hdf5::has_object(file.get(), layout.targets);
  if (contents.has_targets) {
    contents.targets = check_table(file.get(), layout.targets, path, {3}).rows;
    if (contents.targets == 0)
      throw Error(in_file(layout.targets, path) + " is empty: there are no targets",
                  "leave it out if the sources are the targets");
  }
  return contents;
}

/// Throws AgreedError if any number of a table, whose rows are in the order of the ranks, is not finite.
/// Collective.
void check_finite(const mpi::Comm& comm, const std::string& name, std::span<const double> values,
                  Index columns) {
  if (const NotFinite bad = find_not_finite(comm, values, columns); bad.count > 0)
    throw AgreedError(name + " holds " + std::to_string(bad.count) +
                      (bad.count == 1 ? " value that is" : " values that are") +
                      " NaN or infinite, the first in row " + std::to_string(bad.row) + " (counted from 0)");
}

Points read_together(const mpi::Comm& comm, const std::string& path, const AnyKernel& kernel,
                     const BeforeReading& before_reading) {
  const hdf5::Quiet quiet;
  comm.enter("read");
  require_equal_path(comm, path);
  require_equal_kernel(comm, kernel);
  Contents contents;
  mpi::collectively(comm, [&] {
    if (comm.is_root()) contents = inspect(path, kernel);
  });
  comm.broadcast(std::span<Contents>(&contents, 1));
  // A file that is visible on some nodes only would leave the collective opening below waiting.
  mpi::collectively(comm, [&] { check_readable(path); });

  const Layout layout = layout_of(contents.layout, kernel);
  const RowBlock source_rows = block_of(contents.sources, comm.rank(), comm.size());
  const RowBlock target_rows = block_of(contents.targets, comm.rank(), comm.size());
  if (before_reading) before_reading(source_rows, target_rows, contents.strengths);
  const SourceKind kind = contents.strengths.kind;
  const Index vectors = contents.strengths.vectors, charge_columns = layout.components * vectors;
  Points points;
  {
    const hdf5::Handle file = hdf5::open_parallel(comm, path, hdf5::Access::read);
    mpi::collectively(comm, [&] {
      const auto read = [&](const std::string& dataset, RowBlock rows, Index columns,
                            std::vector<double>& values) {
        values = zeros_in_large_pages(static_cast<std::size_t>(rows.count * columns));
        hdf5::read_rows(hdf5::open_dataset(file.get(), dataset), in_file(dataset, path), rows, columns,
                        values.data());
      };
      read(layout.sources, source_rows, 3, points.sources);
      if (kind != SourceKind::dipoles) read(layout.charges, source_rows, charge_columns, points.charges);
      if (kind != SourceKind::charges) read(layout.dipoles, source_rows, 3 * vectors, points.dipoles);
      if (contents.has_targets) read(layout.targets, target_rows, 3, points.targets);
    });
  }
  check_finite(comm, in_file(layout.sources, path), points.sources, 3);
  check_finite(comm, in_file(layout.charges, path), points.charges, charge_columns);
  if (layout.dipoles) check_finite(comm, in_file(layout.dipoles, path), points.dipoles, 3 * vectors);
  check_finite(comm, in_file(layout.targets, path), points.targets, 3);

  points.targets_are_sources = !comm.any(contents.has_targets && points.targets != points.sources);
  if (points.targets_are_sources) points.targets = {};
  points.vectors = contents.strengths.vectors;
  points.kind = kind;
  points.source_count = contents.sources;
  points.target_count = points.targets_are_sources ? contents.sources : contents.targets;
  return points;
}

}  // namespace

Points read_points(const mpi::Comm& comm, const std::string& path, const AnyKernel& kernel,
                   const BeforeReading& before_reading) {
  return mpi::or_end_all(comm, "read_points",
                         [&] { return read_together(comm, path, kernel, before_reading); });
}

Table table_of(std::string dataset, Index rows, Index first, Index columns, std::span<const double> values) {
  const RowBlock block{first, static_cast<Index>(values.size()) / columns};
  return {std::move(dataset), rows, columns, block, [=](Index begin, Index count, double* out) {
            const auto* from = values.data() + (begin - first) * columns;
            std::copy(from, from + count * columns, out);
          }};
}

namespace {

Index bytes_of(std::span<const Table> tables) {
  Index bytes = hdf5::kMetadataRoom;
  for (const Table& table : tables) bytes += table.rows * table.columns * static_cast<Index>(sizeof(double));
  return bytes;
}

/// Creates the file with everything but the numbers. Called on one rank.
void create_tables(const std::string& path, std::span<const Table> tables,
                   std::span<const Attribute> attributes) {
  hdf5::Handle file = hdf5::create_serial(path);
  for (const Table& table : tables) {
    std::vector<hsize_t> shape = {static_cast<hsize_t>(table.rows)};
    if (table.matrix)
      shape.insert(shape.end(), {3, 3});
    else if (table.columns > table.vectors)
      shape.push_back(static_cast<hsize_t>(table.columns / table.vectors));
    if (table.vectors > 1) shape.push_back(static_cast<hsize_t>(table.vectors));
    hdf5::create_dataset(file.get(), table.dataset, table.integers ? H5T_STD_I64LE : H5T_IEEE_F64LE, shape);
  }
  for (const Attribute& attribute : attributes) hdf5::write_attribute(file.get(), attribute);
  hdf5::check(file.reset(), "the datasets could not be created");
}

/// Writes this rank's rows, a bounded number at a time. Not collective.
void write_block(hid_t file, const Table& table) {
  constexpr Index kBufferBytes = Index{32} << 20;
  const Index piece = std::max<Index>(1, kBufferBytes / (table.columns * static_cast<Index>(sizeof(double))));
  const hdf5::Handle dataset = hdf5::open_dataset(file, table.dataset);
  std::vector<double> values(static_cast<std::size_t>(std::min(piece, table.block.count) * table.columns));
  const Index end = table.block.first + table.block.count;
  for (Index row = table.block.first; row < end; row += piece) {
    const Index count = std::min(piece, end - row);
    table.rows_at(row, count, values.data());
    hdf5::write_rows(dataset, table.dataset, {row, count}, table.columns, values.data());
  }
}

/// Runs `work` on all ranks and adds the file's name to errors.
void while_writing(const mpi::Comm& comm, const std::string& path, const std::function<void()>& work) {
  mpi::collectively(comm, [&] {
    try {
      work();
    } catch (const std::exception& error) {
      throw Error("cannot write '" + path + "': " + error.what());
    }
  });
}

void write_together(const mpi::Comm& comm, const std::string& path, std::span<const Table> tables,
                    std::span<const Attribute> attributes) {
  const hdf5::Quiet quiet;
  comm.enter("write");
  require_equal_path(comm, path);
  std::optional<PendingFile> pending;  // on rank 0, which owns the temporary file
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    pending.emplace(path);
    pending->check_room(bytes_of(tables));
  });
  std::string temporary = comm.is_root() ? pending->temporary() : "";
  comm.broadcast(temporary);
  while_writing(comm, path, [&] {
    if (comm.is_root()) create_tables(temporary, tables, attributes);
  });
  while_writing(comm, path, [&] {
    if (::access(temporary.c_str(), W_OK) != 0)
      throw Error(std::strerror(errno), "is the directory on all nodes?");
  });

  hdf5::Handle file = hdf5::open_parallel(comm, temporary, hdf5::Access::write);
  while_writing(comm, path, [&] {
    for (const Table& table : tables) write_block(file.get(), table);
  });
  const herr_t flushed = H5Fflush(file.get(), H5F_SCOPE_LOCAL);
  const herr_t closed = file.reset();
  while_writing(comm, path, [&] {
    if (flushed < 0 || closed < 0) hdf5::fail("the file could not be completed");
  });
  mpi::collectively(comm, [&] {
    if (comm.is_root()) pending->commit();
  });
}

}  // namespace

void write_tables(const mpi::Comm& comm, const std::string& path, std::span<const Table> tables,
                  std::span<const Attribute> attributes) {
  mpi::or_end_all(comm, "write_tables", [&] { write_together(comm, path, tables, attributes); });
}

std::vector<Attribute> attributes_of(const Parameters& parameters) {
  std::vector<Attribute> attributes;
  for (const ReportedParameter& parameter : reported_parameters(parameters, kResults)) {
    const auto add = [&](auto value) { attributes.emplace_back(std::string(parameter.name), value); };
    if (const auto* text = std::get_if<std::string_view>(&parameter.value))
      add(std::string(*text));
    else if (const auto* real = std::get_if<double>(&parameter.value))
      add(*real);
    else if (const auto* whole = std::get_if<Index>(&parameter.value))
      add(std::int64_t{*whole});
    else if (const auto* flag = std::get_if<bool>(&parameter.value))
      add(std::int64_t{*flag});
  }
  return attributes;
}

void write_field(const mpi::Comm& comm, const std::string& path, const Field& field, const AnyKernel& kernel,
                 Index first, Index rows, const FieldParts& parts, std::span<const Attribute> attributes) {
  std::vector<Table> tables;
  const auto add = [&](bool wanted, const std::string& dataset, Index columns,
                       const std::vector<double>& values) {
    if (!wanted) return;
    tables.push_back(table_of(dataset, rows, first, columns * field.vectors, values));
    tables.back().vectors = field.vectors;
  };
  add(parts.potential, "/targets/" + std::string(kernel.result_name()), kernel.components(), field.potential);
  const bool matrix = kernel.components() > 1;
  add(parts.gradient, "/targets/" + kernel.gradient_name(), matrix ? 9 : 3, field.gradient);
  if (parts.gradient) tables.back().matrix = matrix;
  add(parts.hessian, "/targets/hessian", 6, field.hessian);
  add(parts.pressure, "/targets/pressure", 1, field.pressure);
  write_tables(comm, path, tables, attributes);
}

Points read_points(MPI_Comm comm, const std::string& path, const AnyKernel& kernel) {
  return read_points(mpi::Comm::duplicate(comm), path, kernel, {});
}

namespace {

void write_field_together(const mpi::Comm& comm, const std::string& path, const Field& field,
                          const AnyKernel& kernel) {
  require_equal_kernel(comm, kernel);
  if (comm.any(!field.potential.empty() && field.components != kernel.components()))
    throw AgreedError(
        fmt::format("'{}' cannot be written: the field is not one of the kernel {}", path, kernel.name()),
        "pass the kernel that the field was evaluated with");
  const auto least = static_cast<int>(comm.min(Index{field.vectors})),
             vectors = static_cast<int>(comm.max(Index{field.vectors}));
  const auto size = static_cast<Index>(field.potential.size());
  const Index width = std::max(1, vectors) * kernel.components();  // of a target
  if (comm.any(least < 1 || least != vectors || size % width != 0))
    throw AgreedError(
        fmt::format("'{}' cannot be written: the fields are of {} to {} vectors, or have not as many "
                    "results per target",
                    path, least, vectors),
        "write the fields that evaluate returned for the same number of vectors on every rank");
  const Index own = size / width;
  const Index first = comm.exclusive_sum(own), rows = comm.sum(own);
  const auto components = static_cast<std::size_t>(kernel.components());
  const auto has = [&](const std::vector<double>& values, std::size_t numbers, const char* what) {
    const bool any = comm.any(!values.empty());
    if (comm.any(any && components * values.size() != numbers * field.potential.size()))
      throw AgreedError(fmt::format("'{}' cannot be written: the fields of some ranks have no {}, or not {} "
                                    "numbers per target",
                                    path, what, numbers),
                        "evaluate the same output on every rank");
    return any;
  };
  if (comm.any((!field.hessian.empty() && components > 1) ||
               (!field.pressure.empty() && !kernel.has_pressure())))
    throw AgreedError(
        fmt::format("'{}' cannot be written: the kernel {} has no such fields", path, kernel.name()),
        "pass the kernel that the field was evaluated with");
  const bool gradient = has(field.gradient, 3 * components, "gradient"),
             hessian = has(field.hessian, 6, "Hessian"), pressure = has(field.pressure, 1, "pressure");
  write_field(comm, path, field, kernel, first, rows, FieldParts{true, gradient, hessian, pressure}, {});
}

}  // namespace

void write_field(MPI_Comm comm, const std::string& path, const Field& field, const AnyKernel& kernel) {
  const mpi::Comm ranks = mpi::Comm::duplicate(comm);
  mpi::or_end_all(ranks, "write_field", [&] { write_field_together(ranks, path, field, kernel); });
}

}  // namespace octopole
