#include "bem/charge_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <utility>

#include "distributed/index_map.hpp"
#include "io/atomic_file.hpp"
#include "mpi/agreement.hpp"

namespace octopole::bem {
namespace {

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

std::string field_dataset(std::size_t field) {
  return "/fields/" + std::to_string(field);
}

/// The XDMF 3 description (www.xdmf.org, "XDMF Model and Format").
std::string describe(const std::string& file, const Panels& panels, std::span<const PanelField> fields) {
  const auto item = [&](const std::string& dataset, const std::string& shape, const char* type) {
    return fmt::format(
        "<DataItem Format=\"HDF\" Dimensions=\"{}\" NumberType=\"{}\" Precision=\"8\">{}:{}</DataItem>",
        shape, type, escaped(file), dataset);
  };
  const auto attribute = [&](const std::string& name, const std::string& dataset, const char* type) {
    return fmt::format(
        "      <Attribute Name=\"{}\" AttributeType=\"Scalar\" Center=\"Cell\">\n        {}\n      "
        "</Attribute>\n",
        escaped(name), item(dataset, std::to_string(panels.total), type));
  };
  std::string text = fmt::format(
      "<?xml version=\"1.0\" ?>\n<Xdmf Version=\"3.0\">\n  <Domain>\n    <Grid Name=\"conductors\" "
      "GridType=\"Uniform\">\n"
      "      <Topology TopologyType=\"Triangle\" NumberOfElements=\"{}\">\n        {}\n      </Topology>\n"
      "      <Geometry GeometryType=\"XYZ\">\n        {}\n      </Geometry>\n",
      panels.total, item("/mesh/triangles", fmt::format("{} 3", panels.total), "Int"),
      item("/mesh/vertices", fmt::format("{} 3", panels.vertex_count), "Float"));
  text += attribute("conductor", "/mesh/conductor", "Int");
  for (std::size_t f = 0; f < fields.size(); ++f)
    text += attribute(fields[f].name, field_dataset(f), "Float");
  return text + "    </Grid>\n  </Domain>\n</Xdmf>\n";
}

/// Sends values of panels, or of their corners, to the ranks whose blocks of the file hold their numbers in
/// the surface. A number of several values gets one of them. Construction and to_blocks are collective.
class InputOrder {
 public:
  InputOrder(const mpi::Comm& comm, std::span<const Index> numbers, Index rows)
      : block_(block_of(rows, comm.rank(), comm.size())) {
    const auto number = [&](Index value) { return numbers[static_cast<std::size_t>(value)]; };
    std::vector<Index> order(numbers.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::sort(order.begin(), order.end(), [&](Index a, Index b) { return number(a) < number(b); });
    distributed::ByRank<Index> values(comm.size());
    for (const Index value : order) values.add(block_owner(number(value), rows, comm.size()), value);
    const distributed::IndexMap<> map(comm, std::move(values), number,
                                      [&](Index row) noexcept { return row - block_.first; });
    exchange_ = distributed::to_owners(comm, mpi::kDefaultTransport, map);
  }

  RowBlock block() const { return block_; }
  /// Returns (block, width) from (numbers, width).
  std::vector<double> to_blocks(std::span<const double> values, Index width) {
    std::vector<double> result(static_cast<std::size_t>(block_.count * width), 0);
    exchange_.start(values.data(), width);
    exchange_.finish_repeated(result.data());
    return result;
  }

 private:
  RowBlock block_;
  distributed::RowExchange exchange_;
};

template <class T>
std::vector<double> as_doubles(const std::vector<T>& values) {
  return std::vector<double>(values.begin(), values.end());
}

}  // namespace

std::string xdmf_path(const std::string& path) {
  std::filesystem::path name(path);
  if (name.extension() != ".h5")
    throw Error("'" + path + "' does not end in .h5",
                "charge densities are written to NAME.h5 and NAME.xdmf");
  return name.replace_extension(".xdmf").string();
}

namespace {

void write_together(const mpi::Comm& comm, const std::string& path, const Panels& panels,
                    std::span<const PanelField> fields, std::span<const Attribute> attributes) {
  comm.enter("charges");
  const mpi::NamedValue number{"the number of fields", std::to_string(fields.size())};
  mpi::require_equal(comm, {&number, 1}, "write the same fields on all ranks");
  std::string description;
  mpi::collectively(comm, [&] {
    description = xdmf_path(path);
    if (comm.is_root()) check_writable(description);
    for (const PanelField& field : fields)
      if (static_cast<Index>(field.values.size()) != panels.count())
        throw Error("field '" + field.name + "' has " + std::to_string(field.values.size()) + " values for " +
                    std::to_string(panels.count()) + " panels");
  });

  InputOrder by_panel(comm, panels.number, panels.total);
  InputOrder by_vertex(comm, panels.corner_numbers, panels.vertex_count);
  const std::vector<double> vertices = by_vertex.to_blocks({panels.corners.data(), panels.corners.size()}, 3),
                            triangles = by_panel.to_blocks(as_doubles(panels.corner_numbers), 3),
                            conductors = by_panel.to_blocks(as_doubles(panels.conductor), 1);
  std::vector<std::vector<double>> values;
  for (const PanelField& field : fields) values.push_back(by_panel.to_blocks(field.values, 1));

  const Index first = by_panel.block().first, n = panels.total;
  std::vector<Table> tables = {
      table_of("/mesh/vertices", panels.vertex_count, by_vertex.block().first, 3, vertices),
      table_of("/mesh/triangles", n, first, 3, triangles),
      table_of("/mesh/conductor", n, first, 1, conductors)};
  tables[1].integers = tables[2].integers = true;
  for (std::size_t f = 0; f < fields.size(); ++f)
    tables.push_back(table_of(field_dataset(f), n, first, 1, values[f]));
  write_tables(comm, path, tables, attributes);
  mpi::collectively(comm, [&] {
    if (comm.is_root())
      write_text_file(description, describe(std::filesystem::path(path).filename().string(), panels, fields));
  });
}

}  // namespace

void write_charge_file(const mpi::Comm& comm, const std::string& path, const Panels& panels,
                       std::span<const PanelField> fields, std::span<const Attribute> attributes) {
  mpi::or_end_all(comm, "write_charge_file", [&] { write_together(comm, path, panels, fields, attributes); });
}

}  // namespace octopole::bem
