// What users read and write: octopole/files.hpp.
#include "octopole/files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "io/point_distributions.hpp"
#include "io/points_file.hpp"
#include "shared_scratch.hpp"

namespace octopole {
namespace {

class Files : public test::SharedScratchTest {
 protected:
  /// Writes n charges of a cloud, one block per rank, in the layout of an input.
  void write_input(Index n, const std::string& path) const {
    const RowBlock block = block_of(n, comm_.rank(), comm_.size());
    const auto positions = make_positions(Shape::cube, block.first, block.count, 1);
    const auto charges = make_charges(Charges::uniform, block.first, block.count, 1);
    const std::vector<Table> tables = {table_of("/sources/positions", n, block.first, 3, positions),
                                       table_of("/sources/charges", n, block.first, 1, charges)};
    write_tables(comm_, path, tables, {});
  }
  /// The same file by write_tables.
  void write_expected(const Field& field, const std::string& path) const {
    const Index own = static_cast<Index>(field.potential.size()), rows = comm_.sum(own),
                first = comm_.exclusive_sum(own);
    std::vector<Table> tables = {table_of("/targets/potential", rows, first, 1, field.potential)};
    if (!field.gradient.empty() || comm_.any(!field.gradient.empty()))
      tables.push_back(table_of("/targets/gradient", rows, first, 3, field.gradient));
    write_tables(comm_, path, tables, {});
  }
};

TEST_F(Files, PointsGoThroughAnFmmToAFieldInAFile) {
  write_input(500, file("input.h5"));
  const Points points = read_points(comm_.handle(), file("input.h5"));
  EXPECT_EQ(points.source_count, 500);
  EXPECT_TRUE(points.targets_are_sources);
  Options options;
  options.digits = 4;
  options.ncrit = 30;
  OperatorDatabase database(file("operators.h5"));
  Field first;
  for (const char* note : {"stored", "read"}) {  // computed once, then from the database
    Fmm fmm(comm_.handle(), Laplace{}, options, database.stores());
    fmm.set_points(points.sources);
    const Field field = fmm.evaluate(points.charges, Output::potential_and_gradient);
    EXPECT_NE(fmm.summary().operators_note.find(note), std::string::npos) << fmm.summary().operators_note;
    if (first.potential.empty()) first = field;
    EXPECT_EQ(field.potential, first.potential);
  }
  write_field(comm_.handle(), file("field.h5"), first);
  write_expected(first, file("expected.h5"));
  comm_.barrier();
  EXPECT_EQ(test::read_file(file("field.h5")), test::read_file(file("expected.h5")));
}

TEST_F(Files, VectorKernelsHaveTheirOwnTables) {
  const Index rows = 60, own = block_of(rows, comm_.rank(), comm_.size()).count,
              first = comm_.exclusive_sum(own);
  const auto size = static_cast<std::size_t>(3 * own);
  std::vector<double> positions(size), forces(2 * size), charges(static_cast<std::size_t>(own), 1.0);
  for (std::size_t i = 0; i < size; ++i)
    positions[i] = std::sin(static_cast<double>(3 * first) + static_cast<double>(i));
  for (std::size_t i = 0; i < 2 * size; ++i)
    forces[i] = static_cast<double>(6 * first) + static_cast<double>(i);
  std::vector<Table> tables = {table_of("/sources/positions", rows, first, 3, positions),
                               table_of("/sources/forces", rows, first, 6, forces),
                               table_of("/sources/charges", rows, first, 1, charges)};
  tables[1].vectors = 2;
  write_tables(comm_, file("forces.h5"), tables, {});
  const Points points = read_points(comm_.handle(), file("forces.h5"), Stokes{});
  EXPECT_EQ(points.vectors, 2);
  EXPECT_EQ(points.charges, forces);
  EXPECT_EQ(read_points(comm_.handle(), file("forces.h5")).charges, charges);
  EXPECT_THROW(read_points(comm_.handle(), file("forces.h5"), BiotSavart{}), Error);  // no vorticity
  if (comm_.size() > 1) {
    const std::string message = error_of([&] {
      read_points(comm_.handle(), file("forces.h5"),
                  comm_.is_root() ? AnyKernel(Laplace{}) : AnyKernel(Stokes{}));
    });
    EXPECT_NE(message.find("the kernel"), std::string::npos) << message;
  }

  Options options;
  options.digits = 3;
  options.ncrit = 10;
  Fmm fmm(comm_.handle(), Stokes{}, options);
  fmm.set_points(points.sources);
  const Field field = fmm.evaluate(points.charges, Output::potential, 2);
  EXPECT_EQ(field.components, 3);
  EXPECT_THROW(write_field(comm_.handle(), file("velocity.h5"), field), AgreedError);  // not of Laplace
  write_field(comm_.handle(), file("velocity.h5"), field, Stokes{});
  tables = {table_of("/targets/velocity", rows, first, 6, field.potential)};
  tables[0].vectors = 2;
  write_tables(comm_, file("expected.h5"), tables, {});
  comm_.barrier();
  EXPECT_EQ(test::read_file(file("velocity.h5")), test::read_file(file("expected.h5")));
}

TEST_F(Files, FieldsOfUnequalRanksAreRefused) {
  Field field{{1, 2}, {}};
  write_field(comm_.handle(), file("potential.h5"), field);
  comm_.barrier();
  const std::string before = test::read_file(file("potential.h5"));
  field.gradient = {1, 2, 3};  // of one target alone, on the last rank; none on the others
  if (comm_.rank() + 1 < comm_.size()) field.gradient.clear();
  const std::string message = error_of([&] { write_field(comm_.handle(), file("potential.h5"), field); });
  EXPECT_NE(message.find("gradient"), std::string::npos) << message;
  EXPECT_NE(message.find("potential.h5"), std::string::npos) << message;
  comm_.barrier();
  EXPECT_EQ(test::read_file(file("potential.h5")), before);
}

TEST_F(Files, UnequalPathsAreRefused) {
  const int last = comm_.size() - 1;
  if (last == 0) return;
  // Both files can be read, and both could be written: only the ranks can tell that they differ.
  for (const char* name : {"a.h5", "b.h5"}) write_input(50, file(name));
  const std::string mine = comm_.rank() == last ? "b.h5" : "a.h5",
                    there = comm_.rank() == last ? "d.h5" : "c.h5";
  const Field field{{1, 2}, {}};
  const std::vector<double> ones = {1};
  const std::vector<Table> tables = {table_of("/ones", comm_.size(), comm_.rank(), 1, ones)};
  const std::pair<std::function<void()>, std::string> calls[] = {
      {[&] { read_points(comm_.handle(), file(mine)); }, "ab"},
      {[&] { write_field(comm_.handle(), file(there), field); }, "cd"},
      {[&] { write_tables(comm_, file(there), tables, {}); }, "cd"}};
  for (const auto& [call, names] : calls) {
    const std::string message = error_of(call);
    EXPECT_NE(message.find("path is "), std::string::npos) << message;
    EXPECT_NE(message.find(std::string(1, names[0]) + ".h5 on rank" + (last > 1 ? "s 0" : " 0")),
              std::string::npos)
        << message;
    EXPECT_NE(message.find(std::string(1, names[1]) + ".h5 on rank " + std::to_string(last)),
              std::string::npos)
        << message;
  }
  comm_.barrier();
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(file("")))
    left.push_back(entry.path().filename().string());
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<std::string>{"a.h5", "b.h5"}));  // nothing is written, not even beside them
}

}  // namespace
}  // namespace octopole
