#include <gtest/gtest.h>

#include "io/point_distributions.hpp"
#include "io/points_file.hpp"
#include "shared_scratch.hpp"

namespace octopole {
namespace {

using test::read_file;

class WriteTables : public test::SharedScratchTest {
 protected:
  /// Writes a cloud of n charges, one block per rank of `comm`.
  void write(const mpi::Comm& comm, Index n, const std::string& path) const {
    const RowBlock block = block_of(n, comm.rank(), comm.size());
    const std::vector<double> positions = make_positions(Shape::cube, block.first, block.count, 1);
    const std::vector<double> charges = make_charges(Charges::uniform, block.first, block.count, 1);
    const std::vector<Table> tables = {table_of("/sources/positions", n, block.first, 3, positions),
                                       table_of("/sources/charges", n, block.first, 1, charges)};
    const std::vector<Attribute> attributes = {{"name", std::string("cube")}, {"points", n}, {"side", 1.0}};
    write_tables(comm, path, tables, attributes);
  }
};

TEST_F(WriteTables, CanBeReadBack) {
  for (const Index n : {1, 3, 1000}) {
    write(comm_, n, file("cloud.h5"));
    const Points points = read_points(comm_, file("cloud.h5"));
    const RowBlock block = block_of(n, comm_.rank(), comm_.size());
    EXPECT_EQ(points.source_count, n);
    EXPECT_EQ(points.sources, make_positions(Shape::cube, block.first, block.count, 1));
    EXPECT_EQ(points.charges, make_charges(Charges::uniform, block.first, block.count, 1));
  }
}

TEST_F(WriteTables, FilesDoNotDependOnTheRanks) {
  write(comm_, 1000, file("all.h5"));
  if (comm_.is_root()) write(mpi::Comm::duplicate(MPI_COMM_SELF), 1000, file("one.h5"));
  comm_.barrier();
  EXPECT_EQ(read_file(file("all.h5")), read_file(file("one.h5")));
}

TEST_F(WriteTables, LeavesTheOldFileWhereARankFails) {
  const std::string path = file("cloud.h5");
  write(comm_, 100, path);
  const std::string before = read_file(path);
  const RowBlock block = block_of(100, comm_.rank(), comm_.size());
  const Table broken{"/values", 100, 1, block, [&](Index, Index, double*) {
                       if (comm_.rank() == comm_.size() - 1) throw Error("no more values");
                     }};
  const std::string message = error_of([&] { write_tables(comm_, path, {&broken, 1}, {}); });
  EXPECT_NE(message.find("no more values"), std::string::npos) << message;
  EXPECT_NE(message.find("cloud.h5"), std::string::npos) << message;
  comm_.barrier();
  EXPECT_EQ(read_file(path), before);
  on_root([&] {
    const auto parts = std::filesystem::directory_iterator(std::filesystem::path(path).parent_path());
    EXPECT_EQ(std::distance(begin(parts), end(parts)), 1);
  });
}

TEST_F(WriteTables, SaysWhereItCannotWrite) {
  const std::string message = error_of([&] { write(comm_, 10, file("missing/cloud.h5")); });
  EXPECT_NE(message.find("missing/cloud.h5"), std::string::npos) << message;
  EXPECT_NE(message.find("No such file or directory"), std::string::npos) << message;
  EXPECT_NE(error_of([&] { write(comm_, 10, file("")); }), "");
}

}  // namespace
}  // namespace octopole
