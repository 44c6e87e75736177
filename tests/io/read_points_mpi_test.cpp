#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "io/points_file.hpp"
#include "raw_hdf5.hpp"
#include "shared_scratch.hpp"

namespace octopole {
namespace {

using test::RawDataset;

std::vector<double> counted(Index count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 0.5);
  return values;
}

class ReadPoints : public test::SharedScratchTest {
 protected:
  void write(const std::vector<RawDataset>& datasets) const {
    on_root([&] { test::write_raw(path_, datasets); });
  }
  /// This rank's rows of a table.
  std::vector<double> block(const std::vector<double>& all, Index columns) const {
    const RowBlock rows = block_of(static_cast<Index>(all.size()) / columns, comm_.rank(), comm_.size());
    return {all.begin() + rows.first * columns, all.begin() + (rows.first + rows.count) * columns};
  }
  /// Expects an error on reading the file, with all of `words` in its message.
  void expect_error(const std::vector<std::string>& words) const {
    const std::string message = error_of([&] { read_points(comm_, path_); });
    EXPECT_NE(message, "");
    for (const std::string& word : words)
      EXPECT_NE(message.find(word), std::string::npos) << word << " in: " << message;
  }

  const std::string path_ = file("points.h5");
};

/// Valid positions and charges.
std::vector<RawDataset> sources(hsize_t n) {
  return {{"/sources/positions", {n, 3}, counted(static_cast<Index>(3 * n))},
          {"/sources/charges", {n}, counted(static_cast<Index>(n))}};
}

TEST(BlockOf, CoversTheRowsEvenly) {
  for (const Index rows : {Index{0}, Index{1}, Index{12}, Index{13}, Index{10'000'000'001}}) {
    for (const int ranks : {1, 2, 5, 13}) {
      Index next = 0;
      for (int r = 0; r < ranks; ++r) {
        const RowBlock block = block_of(rows, r, ranks);
        EXPECT_EQ(block.first, next);
        EXPECT_GE(block.count, rows / ranks);
        EXPECT_LE(block.count, rows / ranks + 1);
        next += block.count;
      }
      EXPECT_EQ(next, rows);
    }
  }
}

TEST_F(ReadPoints, TargetsMayBeAbsent) {
  for (const hsize_t n : {1, 2, 7, 100}) {
    write(sources(n));
    const Points points = read_points(comm_, path_);
    EXPECT_EQ(points.source_count, static_cast<Index>(n));
    EXPECT_EQ(points.target_count, static_cast<Index>(n));
    EXPECT_TRUE(points.targets_are_sources);
    EXPECT_EQ(points.sources, block(counted(static_cast<Index>(3 * n)), 3));
    EXPECT_EQ(points.charges, block(counted(static_cast<Index>(n)), 1));
    EXPECT_EQ(points.target_positions(), points.sources);
  }
}

TEST_F(ReadPoints, TargetsMayDifferInNumberAndPlace) {
  std::vector<RawDataset> datasets = sources(10);
  datasets.push_back({"/targets/positions", {4, 3}, counted(12)});
  write(datasets);
  const Points points = read_points(comm_, path_);
  EXPECT_FALSE(points.targets_are_sources);
  EXPECT_EQ(points.source_count, 10);
  EXPECT_EQ(points.target_count, 4);
  EXPECT_EQ(points.targets, block(counted(12), 3));
  EXPECT_EQ(points.sources, block(counted(30), 3));
}

TEST_F(ReadPoints, TargetsThatRepeatTheSourcesAreTheSources) {
  std::vector<RawDataset> datasets = sources(10);
  datasets.push_back({"/targets/positions", {10, 3}, counted(30)});
  write(datasets);
  EXPECT_TRUE(read_points(comm_, path_).targets_are_sources);
  datasets.back().values[29] += 1;
  write(datasets);
  EXPECT_FALSE(read_points(comm_, path_).targets_are_sources);
}

TEST_F(ReadPoints, ReadsPyExaFmmInSinglePrecision) {
  const RawDataset positions{"/particle_data/sources", {9, 3}, counted(27), H5T_IEEE_F32LE};
  const RawDataset targets{"/particle_data/targets", {5, 3}, counted(15), H5T_IEEE_F32BE};
  for (const std::vector<hsize_t>& shape : {std::vector<hsize_t>{9, 1}, std::vector<hsize_t>{9}}) {
    write({positions, targets, {"/particle_data/source_densities", shape, counted(9), H5T_IEEE_F32LE}});
    const Points points = read_points(comm_, path_);
    EXPECT_EQ(points.sources, block(counted(27), 3));
    EXPECT_EQ(points.charges, block(counted(9), 1));
    EXPECT_EQ(points.targets, block(counted(15), 3));
  }
}

TEST_F(ReadPoints, ReadsCompressedChunks) {
  std::vector<RawDataset> datasets = sources(100);
  for (RawDataset& d : datasets) d.chunk_rows = 7;
  write(datasets);
  const Points points = read_points(comm_, path_);
  EXPECT_EQ(points.sources, block(counted(300), 3));
  EXPECT_EQ(points.charges, block(counted(100), 1));
}

TEST_F(ReadPoints, RefusesFilesThatAreNone) {
  expect_error({"points.h5", "No such file"});
  on_root([&] { test::write_file(path_, "x y z\n0 0 0\n"); });
  expect_error({"points.h5", "not an HDF5 file"});
  on_root([&] { test::write_file(path_, ""); });
  expect_error({"points.h5", "empty"});
  on_root([&] {
    std::filesystem::remove(path_);
    std::filesystem::create_directory(path_);
  });
  expect_error({"points.h5", "directory"});
}

TEST_F(ReadPoints, RefusesTruncatedFiles) {
  write(sources(1000));
  on_root([&] { test::write_file(path_, test::read_file(path_).substr(0, 5000)); });
  expect_error({"points.h5"});
}

TEST_F(ReadPoints, NamesTheMissingDataset) {
  write({{"/other", {3}, counted(3)}});
  expect_error({"points.h5", "/sources/positions", "/particle_data/sources"});
  write({sources(5)[0]});
  expect_error({"/sources/charges", "missing"});
  write({sources(5)[1]});
  expect_error({"/sources/positions", "missing"});
  write({{"/particle_data/sources", {5, 3}, counted(15)}});
  expect_error({"/particle_data/source_densities", "missing"});
  write({{"/sources/positions/inner", {5, 3}, counted(15)}});
  expect_error({"/sources/positions", "missing"});
}

TEST_F(ReadPoints, ShowsTheWrongShape) {
  const auto positions = [&](const std::vector<hsize_t>& shape, Index numbers) {
    write({{"/sources/positions", shape, counted(numbers)}, sources(10)[1]});
  };
  positions({3, 10}, 30);
  expect_error({"/sources/positions", "(3, 10)", "(N, 3)"});
  positions({30}, 30);
  expect_error({"/sources/positions", "(30,)", "(N, 3)"});
  positions({10, 3, 1}, 30);
  expect_error({"/sources/positions", "(10, 3, 1)", "(N, 3)"});
  positions({}, 1);
  expect_error({"/sources/positions", "()", "(N, 3)"});
  write({sources(10)[0], {"/sources/charges", {10, 2, 1}, counted(20)}});
  expect_error({"/sources/charges", "(10, 2, 1)", "(N, B)"});
  write({sources(10)[0], {"/sources/charges", {20, 2}, counted(40)}});
  expect_error({"/sources/charges", "20 charges", "10 positions"});
}

TEST_F(ReadPoints, RefusesWhatIsAnnouncedAndNotThere) {
  // Before memory is allocated: no machine has as much as the second case needs.
  for (const hsize_t rows : {hsize_t{7}, hsize_t{1} << 40})
    for (const hsize_t chunk : {hsize_t{0}, hsize_t{2}}) {
      const RawDataset positions{"/sources/positions", {rows, 3}, {}, H5T_IEEE_F64LE, chunk};
      const RawDataset charges{"/sources/charges", {rows}, {}, H5T_IEEE_F64LE, chunk};
      write({positions, charges});
      expect_error({"/sources/positions", "truncated"});
    }
}

TEST_F(ReadPoints, RefusesOtherTypes) {
  write({{"/sources/positions", {5, 3}, counted(15), H5T_STD_I32LE}, sources(5)[1]});
  expect_error({"/sources/positions", "integers", "float64"});
  write({sources(5)[0], {"/sources/charges", {5}, {}, H5T_C_S1}});
  expect_error({"/sources/charges", "text", "float64"});
}

TEST_F(ReadPoints, ShowsLengthsThatDiffer) {
  write({sources(10)[0], sources(9)[1]});
  expect_error({"/sources/charges", "9 charges", "10 positions"});
}

TEST_F(ReadPoints, RefusesEmptyTables) {
  write({{"/sources/positions", {0, 3}, {}}, {"/sources/charges", {0}, {}}});
  expect_error({"/sources/positions", "empty"});
  std::vector<RawDataset> datasets = sources(3);
  datasets.push_back({"/targets/positions", {0, 3}, {}});
  write(datasets);
  expect_error({"/targets/positions", "empty"});
}

TEST_F(ReadPoints, CountsNanAndInfinity) {
  std::vector<RawDataset> datasets = sources(50);
  datasets.push_back({"/targets/positions", {20, 3}, counted(60)});
  const std::vector<RawDataset> good = datasets;
  datasets[0].values[3 * 41 + 2] = std::numeric_limits<double>::infinity();
  datasets[0].values[3 * 17 + 1] = std::numeric_limits<double>::quiet_NaN();
  datasets[0].values[3 * 49] = -std::numeric_limits<double>::infinity();
  write(datasets);
  expect_error({"/sources/positions", "3 values", "row 17"});
  datasets = good;
  datasets[1].values[49] = std::numeric_limits<double>::quiet_NaN();
  write(datasets);
  expect_error({"/sources/charges", "1 value ", "row 49"});
  datasets = good;
  datasets[2].values[0] = std::numeric_limits<double>::quiet_NaN();
  write(datasets);
  expect_error({"/targets/positions", "1 value ", "row 0"});
}

}  // namespace
}  // namespace octopole
