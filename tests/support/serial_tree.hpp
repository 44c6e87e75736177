// The tree of one process, without MPI: what a single rank would build.
#pragma once

#include <string>
#include <vector>

#include "tree/essential_tree.hpp"
#include "tree/interaction_lists.hpp"
#include "tree/morton.hpp"

namespace octopole::test {

struct SerialTree {
  AlignedVector<morton::Code> codes;
  tree::CountTree coarse;
  tree::Partition partition;
  tree::SharedNodes shared;
  std::vector<tree::NodeKey> splits;
  std::vector<tree::NodeKey> leaves;
  tree::EssentialTree tree;
  tree::InteractionLists lists;
};

inline tree::CountTree serial_count_tree(const AlignedVector<morton::Code>& codes, Index threshold,
                                         int max_level) {
  const Index n = static_cast<Index>(codes.size());
  tree::CountTree coarse({n, n}, threshold, max_level);
  while (!coarse.frontier().empty()) coarse.grow(tree::count_points(coarse.frontier(), codes, codes));
  return coarse;
}

inline AlignedVector<morton::Code> sorted_codes(const std::vector<double>& points) {
  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(points);
  const morton::RootCube cube = morton::RootCube::enclosing(bounds);
  AlignedVector<morton::Code> codes;
  for (std::size_t i = 0; i < points.size(); i += 3)
    codes.push_back(cube.encode(points[i], points[i + 1], points[i + 2]));
  morton::sort_codes(codes);
  return codes;
}

inline SerialTree make_serial_tree(const std::vector<double>& points, Index ncrit, bool two_to_one = true,
                                   int max_level = 20) {
  auto codes = sorted_codes(points);
  auto coarse =
      serial_count_tree(codes, std::max<Index>(ncrit, static_cast<Index>(codes.size()) / 32), max_level);
  SerialTree s{std::move(codes), std::move(coarse), {}, {}, {}, {}, {}, {}};
  s.partition = tree::divide(s.coarse, tree::point_weights(s.coarse), 1);
  s.splits = tree::refine(s.shared, s.partition.range(0), s.codes, s.codes, ncrit, max_level);
  if (two_to_one) s.splits = tree::two_to_one_closure(s.splits);
  s.leaves = tree::leaves_of(s.splits, s.partition.range(0));
  s.tree = tree::build_essential_tree({s.shared, s.partition, 0, s.splits, s.codes, s.codes}, {});
  s.lists = tree::build_lists(s.tree);
  return s;
}

}  // namespace octopole::test
