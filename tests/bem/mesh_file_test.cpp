#include "bem/mesh_file.hpp"

#include <gtest/gtest.h>

#include "bem/check_surface.hpp"
#include "bem/generate_mesh.hpp"
#include "tests/io/scratch.hpp"

namespace octopole::bem {
namespace {

class ReadMesh : public testing::Test {
 protected:
  Surface read(const std::string& name, const ReadOptions& options = {}) const {
    const std::vector<std::string> paths = {scratch_.file(name)};
    return read_surface(paths, options);
  }
  /// The error thrown on reading a file of this name and text.
  std::string error(const std::string& name, const std::string& text, const ReadOptions& options = {}) const {
    test::write_file(scratch_.file(name), text);
    try {
      read(name, options);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }
  test::Scratch scratch_{"octopole-mesh"};
};

#define EXPECT_SAYS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

void expect_same(const Surface& a, const Surface& b, double tolerance) {
  ASSERT_EQ(a.triangles.size(), b.triangles.size());
  EXPECT_EQ(a.vertices.size(), b.vertices.size());
  EXPECT_EQ(a.conductors, b.conductors);
  EXPECT_EQ(a.conductor, b.conductor);
  for (Index t = 0; t < a.size(); ++t)
    for (int c = 0; c < 3; ++c)
      for (std::size_t d = 0; d < 3; ++d) ASSERT_NEAR(a.corner(t, c)[d], b.corner(t, c)[d], tolerance);
}

TEST_F(ReadMesh, ReadsWhatIsWritten) {
  const Surface bus = bus_mesh({.refine = 2, .gap = 0.3, .grading = 1.5});
  for (const MeshEncoding encoding : {MeshEncoding::binary, MeshEncoding::ascii})
    for (const std::string name : {"bus.msh", "bus.obj", "bus.STL"}) {
      write_surface(scratch_.file(name), bus, encoding);
      Surface expected = bus;
      const bool floats = name == "bus.STL" && encoding == MeshEncoding::binary;
      if (floats) expected.conductors = {"bus:1", "bus:2", "bus:3", "bus:4"};  // binary STL has no names
      const Surface found = read(name);
      expect_same(found, expected, floats ? 1e-6 : 0);
      EXPECT_TRUE(check_surface(found).sound()) << name;
    }
  EXPECT_THROW(write_surface(scratch_.file("bus.ply"), bus), Error);
}

TEST_F(ReadMesh, ConductorsAreWhatIsAskedFor) {
  write_surface(scratch_.file("two.msh"), two_spheres_mesh({.refine = 2}));
  EXPECT_EQ(read("two.msh").conductors, (std::vector<std::string>{"sphere1", "sphere2"}));
  EXPECT_EQ(read("two.msh", {.conductors = ConductorRule::files}).conductors,
            std::vector<std::string>{"two"});
  EXPECT_EQ(read("two.msh", {.conductors = ConductorRule::parts}).conductors,
            (std::vector<std::string>{"two:1", "two:2"}));
  const Surface second = read("two.msh", {.only = {"sphere2"}});
  EXPECT_EQ(second.size(), 80);
  EXPECT_EQ(second.vertices.size(), 42u);
  const Surface swapped = read("two.msh", {.only = {"sphere2", "sphere1"}});
  EXPECT_EQ(swapped.conductor.front(), 1);
  EXPECT_THROW(read("two.msh", {.only = {"sphere3"}}), Error);
  EXPECT_THROW(read("two.msh", {.only = {"sphere1", "sphere1"}}), Error);
  EXPECT_THROW(parse_conductor_rule("colour"), Error);
}

TEST_F(ReadMesh, SeveralFilesAreOneSurface) {
  write_surface(scratch_.file("a.stl"), sphere_mesh({.refine = 2}));
  write_surface(scratch_.file("b.obj"), cube_mesh({.refine = 2}));
  const std::vector<std::string> paths = {scratch_.file("a.stl"), scratch_.file("b.obj")};
  const Surface both = read_surface(paths);
  EXPECT_EQ(both.size(), 80 + 48);
  EXPECT_EQ(both.conductors, (std::vector<std::string>{"a", "cube"}));
  EXPECT_THROW(read_surface(std::vector<std::string>{}), Error);
}

TEST_F(ReadMesh, WeldsVerticesThatAreAlmostEqual) {
  Surface cube = cube_mesh({.refine = 2}), soup;
  soup.conductors = cube.conductors;
  soup.conductor = cube.conductor;
  for (Index t = 0; t < cube.size(); ++t) {
    for (int c = 0; c < 3; ++c) {
      Point p = cube.corner(t, c);
      p[0] += 1e-10 * double(t % 7);
      soup.vertices.push_back(p);
    }
    const auto last = static_cast<std::int32_t>(soup.vertices.size() - 1);
    soup.triangles.push_back({last - 2, last - 1, last});
  }
  write_surface(scratch_.file("soup.msh"), soup);
  EXPECT_FALSE(check_surface(read("soup.msh")).sound());
  const Surface welded = read("soup.msh", {.weld = 1e-7});
  EXPECT_EQ(welded.vertices.size(), cube.vertices.size());
  EXPECT_TRUE(check_surface(welded).sound());
}

/// As Gmsh writes it: several entities, curve nodes with parameters, gaps in the tags, other elements.
const std::string kGmsh = R"($MeshFormat
4.1 0 8
$EndMeshFormat
$PhysicalNames
3
1 7 "rim"
2 3 "lower plate"
2 9 "upper"
$EndPhysicalNames
$Entities
1 1 3 1
1 0 0 0 0
1 0 0 0 1 1 0 1 7 2 1 -1
4 0 0 0 1 1 0 1 3 1 1
5 0 0 0 1 1 0 1 3 0
8 0 0 1 1 1 1 1 9 0
1 0 0 0 1 1 1 0 2 4 5
$EndEntities
$Comments
anything at all
$EndComments
$Nodes
3 7 10 99
1 1 1 2
10
20
0 0 0 0.5
1 0 0 0.75
2 4 1 2
30
31
1 1 0 0.1 0.2
0 1 0 0.3 0.4
2 8 0 3
97
98
99
0 0 1
1 0 1
1 1 1
$EndNodes
$Elements
5 6 1 6
0 1 15 1
1 10
1 1 1 1
2 10 20
2 4 2 1
3 10 20 30
2 5 2 1
4 10 30 31
2 8 2 2
5 97 98 99
6 97 99 30
$EndElements
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(ReadMesh, ReadsGmshFilesOfSeveralEntities) {
  test::write_file(scratch_.file("plates.msh"), kGmsh);
  const Surface surface = read("plates.msh");
  EXPECT_EQ(surface.conductors, (std::vector<std::string>{"lower plate", "upper"}));
  EXPECT_EQ(surface.conductor, (std::vector<std::int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(surface.corner(1, 2), (Point{0, 1, 0}));
  EXPECT_EQ(surface.corner(3, 1), (Point{1, 1, 1}));
}

TEST_F(ReadMesh, SaysWhatIsWrongWithGmshFiles) {
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "4.1 0", "2.2 0")), "the format is 2.2");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "4.1 0", "2.2 0")), "line 2");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "5 97 98 99", "5 97 98 96")), "line 53: element 5 has node 96");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "2 8 2 2", "2 8 9 2")), "only triangles of 3 nodes");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "1 1 0 0.1", "1 x 0 0.1")), "line 32: 'x' is not a number");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "1 1 0 0.1", "1 nan 0 0.1")), "not finite");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "3 7 10 99", "3 8 10 99")), "8 nodes are declared, but 7");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "3 7 10 99", "3 999999999999 10 99")), "do not fit");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "31\n", "30\n")), "node 30 appears twice");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "8 0 0 1 1 1 1 1 9 0", "8 0 0 1 1 1 1 2 9 3 0")),
              "'upper' and 'lower plate'");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "8 0 0 1 1 1 1 1 9 0", "8 0 0 1 1 1 1 0 0")),
              "2 of 4 triangles are in no group");
  EXPECT_SAYS(error("a.msh", replaced(kGmsh, "2 9 \"upper\"", "2 11 \"upper\"")),
              "no triangle is in conductor 'upper'");
  EXPECT_SAYS(error("a.msh", kGmsh.substr(0, kGmsh.find("2 8 2 2"))), "line");
  EXPECT_SAYS(error("a.msh", kGmsh, {.only = {"rim"}}),
              "no conductor 'rim' (there are 'lower plate', 'upper')");
  EXPECT_SAYS(error("a.msh", ""), "is empty");
  EXPECT_SAYS(error("a.ply", "ply"), "has no extension of a mesh file");
  write_surface(scratch_.file("b.msh"), sphere_mesh({.refine = 2}));
  const std::string binary = test::read_file(scratch_.file("b.msh"));
  for (const std::size_t length : {binary.size() / 3, binary.size() / 2, binary.size() - 30})
    EXPECT_SAYS(error("c.msh", binary.substr(0, length)), "c.msh'") << length;
}

TEST_F(ReadMesh, ReadsPolygonsAndRelativeVerticesOfObj) {
  const std::string square = "# square\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\ng a\nf 1/1 2/2/2 3//3 -1\n";
  test::write_file(scratch_.file("a.obj"), square);
  const Surface surface = read("a.obj");
  EXPECT_EQ(surface.size(), 2);
  EXPECT_EQ(surface.conductors, std::vector<std::string>{"a"});
  test::write_file(scratch_.file("b.obj"), replaced(square, "g a", "o b\ng a"));
  EXPECT_EQ(read("b.obj").conductors, std::vector<std::string>{"b"});
  EXPECT_SAYS(error("a.obj", square + "f 1 2 9\n"), "line 8: a face has vertex 9, and there are 4 so far");
  EXPECT_SAYS(error("a.obj", square + "f 1 2 0\n"), "vertex 0");
  EXPECT_SAYS(error("a.obj", square + "f 1 2\n"), "line 8: a face has 2 vertices");
  EXPECT_SAYS(error("a.obj", replaced(square, "v 1 1 0", "v 1 1 0.5")), "not flat and convex");
  EXPECT_SAYS(error("a.obj", replaced(square, "v 1 1 0", "v 0.2 0.2 0")), "not flat and convex");
  EXPECT_SAYS(error("a.obj", replaced(square, "v 1 1 0", "v 1 one 0")), "line 4: 'one' is not a coordinate");
  EXPECT_SAYS(error("a.obj", "v 0 0 0\n"), "no faces");
}

TEST_F(ReadMesh, SaysWhatIsWrongWithStlFiles) {
  const std::string facet =
      "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n";
  const std::string solid = "solid a name\n" + facet + "endsolid a name\n";
  test::write_file(scratch_.file("a.stl"), solid);
  EXPECT_EQ(read("a.stl").conductors, std::vector<std::string>{"a"});
  test::write_file(scratch_.file("a.stl"), solid + replaced(solid, "a name", "b"));
  EXPECT_EQ(read("a.stl").conductors, (std::vector<std::string>{"a name", "b"}));
  EXPECT_SAYS(error("a.stl", replaced(solid, "endloop", "vertex 1 1 1\nendloop")),
              "line 7: 'vertex' instead of 'endloop'");
  EXPECT_SAYS(error("a.stl", "solid a\nendsolid\n"), "no facets");
  EXPECT_SAYS(error("a.stl", "what"), "not an STL file");
  write_surface(scratch_.file("b.stl"), sphere_mesh({.refine = 2}));
  const std::string binary = test::read_file(scratch_.file("b.stl"));
  EXPECT_SAYS(error("a.stl", binary.substr(0, binary.size() - 10)), "80 facets do not fit");
}

}  // namespace
}  // namespace octopole::bem
