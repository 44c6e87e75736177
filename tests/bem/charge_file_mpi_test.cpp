#include "bem/charge_file.hpp"

#include <gtest/gtest.h>
#include <hdf5.h>

#include "bem/generate_mesh.hpp"
#include "tests/io/shared_scratch.hpp"

namespace octopole::bem {
namespace {

class ChargeFile : public test::SharedScratchTest {
 protected:
  ChargeFile() : surface_(bus_mesh({.refine = 1})) {
    panels_ = distribute(comm_, comm_.is_root() ? surface_ : Surface{});
    for (const Index n : panels_.number) {
      charge_.push_back(0.5 * double(n));
      other_.push_back(-1.0 / double(n + 1));
    }
  }
  void write(const std::string& path) const {
    const std::vector<PanelField> fields = {{"1 V on <x1> & \"others\"", charge_}, {"other", other_}};
    const std::vector<Attribute> attributes = {{"unit", std::string("C/m^2")}};
    write_charge_file(comm_, path, panels_, fields, attributes);
  }

  Surface surface_;
  Panels panels_;
  std::vector<double> charge_, other_;
};

/// Reads a dataset by plain HDF5, without the library.
std::vector<double> read(const std::string& path, const char* dataset, H5T_class_t kind) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT),
              data = H5Dopen2(file, dataset, H5P_DEFAULT), space = H5Dget_space(data),
              type = H5Dget_type(data);
  EXPECT_EQ(H5Tget_class(type), kind) << dataset;
  std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Tclose(type);
  H5Sclose(space);
  H5Dclose(data);
  H5Fclose(file);
  return values;
}

TEST_F(ChargeFile, HoldsTheMeshInItsOrder) {
  const std::string path = file("charge.h5");
  write(path);
  on_root([&] {
    const std::vector<double> vertices = read(path, "/mesh/vertices", H5T_FLOAT),
                              triangles = read(path, "/mesh/triangles", H5T_INTEGER),
                              conductor = read(path, "/mesh/conductor", H5T_INTEGER),
                              charge = read(path, "/fields/0", H5T_FLOAT),
                              other = read(path, "/fields/1", H5T_FLOAT);
    ASSERT_EQ(vertices.size(), 3 * surface_.vertices.size());
    ASSERT_EQ(triangles.size(), 3 * surface_.triangles.size());
    ASSERT_EQ(charge.size(), surface_.triangles.size());
    for (std::size_t v = 0; v < surface_.vertices.size(); ++v)
      for (std::size_t d = 0; d < 3; ++d) EXPECT_EQ(vertices[3 * v + d], surface_.vertices[v][d]);
    for (std::size_t t = 0; t < surface_.triangles.size(); ++t) {
      for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(triangles[3 * t + c], surface_.triangles[t][c]);
      EXPECT_EQ(conductor[t], surface_.conductor[t]);
      EXPECT_EQ(charge[t], 0.5 * double(t));
      EXPECT_EQ(other[t], -1.0 / double(t + 1));
    }
    const std::string text = test::read_file(file("charge.xdmf"));
    for (const char* part :
         {"NumberOfElements=\"176\"", "charge.h5:/mesh/triangles", "Dimensions=\"176 3\"",
          "charge.h5:/fields/1", "Name=\"1 V on &lt;x1&gt; &amp; &quot;others&quot;\"", "</Xdmf>"})
      EXPECT_NE(text.find(part), std::string::npos) << part;
  });
}

TEST_F(ChargeFile, DoesNotDependOnTheRanks) {
  write(file("all.h5"));
  on_root([&] {
    const mpi::Comm alone = mpi::Comm::duplicate(MPI_COMM_SELF);
    const Panels panels = distribute(alone, surface_);
    std::vector<double> charge, other;
    for (const Index n : panels.number) {
      charge.push_back(0.5 * double(n));
      other.push_back(-1.0 / double(n + 1));
    }
    const std::vector<PanelField> fields = {{"1 V on <x1> & \"others\"", charge}, {"other", other}};
    const std::vector<Attribute> attributes = {{"unit", std::string("C/m^2")}};
    write_charge_file(alone, file("one.h5"), panels, fields, attributes);
    EXPECT_EQ(test::read_file(file("all.h5")), test::read_file(file("one.h5")));
  });
}

TEST_F(ChargeFile, BadInputIsAnErrorOnAllRanksAndLeavesNothing) {
  EXPECT_NE(error_of([&] { write(file("charge.hdf")); }), "");
  EXPECT_NE(error_of([&] { write(file("absent/charge.h5")); }), "");
  const std::vector<double> wrong(charge_.size() + 1);
  const std::vector<PanelField> fields = {{"wrong", wrong}};
  EXPECT_NE(error_of([&] { write_charge_file(comm_, file("a.h5"), panels_, fields); }), "");
  on_root([&] { EXPECT_FALSE(std::filesystem::exists(file("a.h5"))); });
}

}  // namespace
}  // namespace octopole::bem
