// M2L by FFT and by SVD against direct sums over the V lists, all 316 transfer vectors included.
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <new>
#include <set>

#include "base/threads.hpp"
#include "simd/isa.hpp"
#include "uniform_tree.hpp"

namespace {

// The number of the thread whose aligned allocations fail inside a parallel region; none if negative.
std::atomic<int> g_failing_thread = -1;

}  // namespace

// Replaces the allocation of AlignedVector in this program. Inlined, one without the other would look
// mismatched.
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto multiple = static_cast<std::size_t>(alignment);
  const bool fails = omp_get_level() > 0 && octopole::thread_number() == g_failing_thread;
  void* const p = fails ? nullptr
                        : std::aligned_alloc(multiple, (std::max(bytes, std::size_t{1}) + multiple - 1) /
                                                           multiple * multiple);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}

namespace octopole::testing {
namespace {

/// Random multipoles of a tree, and their check potentials by direct sums.
struct Problem {
  UniformTree tree;
  int level;
  std::vector<double> multipoles;

  Problem(int order, int depth, double half = 1) : tree(depth, half), level(depth) {
    const auto n = static_cast<std::size_t>(surface_size(order));
    multipoles = random_values(n * tree.boxes.size(), 0, 1, 1);
  }
  template <class Real>
  std::vector<double> expected(const Translations<Real>& t, const AnyKernel& kernel = Laplace{}) const {
    const auto n = static_cast<std::size_t>(t.equivalent_size()),
               nc = static_cast<std::size_t>(t.downward_check_size());
    std::vector<double> checks(nc * tree.boxes.size(), 0.0);
    for (const NodeIndex target : tree.nodes_of(level)) {
      const Box& box = tree.boxes[static_cast<std::size_t>(target)];
      if (!tree.has_target[static_cast<std::size_t>(target)]) continue;
      const auto row = std::span(checks).subspan(static_cast<std::size_t>(target) * nc, nc);
      const auto points = placed(t.downward_check, box);
      std::vector<double> sources, charges;
      for (const NodeIndex source : tree.v.view().of(target)) {
        if (!tree.has_source[static_cast<std::size_t>(source)]) continue;
        const auto surface = placed(t.upward_equivalent, tree.boxes[static_cast<std::size_t>(source)]);
        sources.insert(sources.end(), surface.begin(), surface.end());
        const auto density = std::span(multipoles).subspan(static_cast<std::size_t>(source) * n, n);
        charges.insert(charges.end(), density.begin(), density.end());
      }
      direct_sum(kernel, points, sources, charges, row);
      for (double& u : row) u *= box.half / kernel.constant();
    }
    return checks;
  }
  M2lSchedule schedule(int order, std::size_t real_bytes,
                       std::size_t workspace_bytes = kM2lWorkspaceBytes) const {
    return make_m2l_schedule(order, real_bytes, tree.nodes_of(level - 1), tree.siblings(), workspace_bytes);
  }
  template <class Real>
  std::vector<double> computed(const OperatorSet<Real>& ops, const M2lSchedule& made,
                               M2lFftWorkspace<Real>& workspace) const {
    const auto& t = ops.translations;
    const std::vector<Real> rounded(multipoles.begin(), multipoles.end());
    std::vector<Real> checks(static_cast<std::size_t>(t.downward_check_size()) * tree.boxes.size(), Real(0));
    m2l_fft(ops.fft, t, made, rounded.data(), checks.data(), workspace);
    return {checks.begin(), checks.end()};
  }
  template <class Real>
  std::vector<double> computed(const OperatorSet<Real>& ops) const {
    const auto& t = ops.translations;
    if (ops.key().m2l == M2lMethod::fft) {
      M2lFftWorkspace<Real> workspace;
      return computed(ops, schedule(t.key.order, sizeof(Real)), workspace);
    }
    const std::vector<Real> rounded(multipoles.begin(), multipoles.end());
    std::vector<Real> checks(static_cast<std::size_t>(t.downward_check_size()) * tree.boxes.size(), Real(0));
    m2l_svd(ops.svd, t, tree.nodes_of(level), tree.v.view(), tree.boxes.data(), rounded.data(),
            checks.data());
    return {checks.begin(), checks.end()};
  }
};

TEST(M2L, TestTreeHasAllTransferVectors) {
  const UniformTree tree(3);
  std::set<std::array<long, 3>> vectors;
  std::size_t longest = 0;
  for (const NodeIndex target : tree.nodes_of(3)) {
    longest = std::max(longest, tree.v.view().of(target).size());
    for (const NodeIndex source : tree.v.view().of(target)) {
      const Box &a = tree.boxes[static_cast<std::size_t>(target)],
                &b = tree.boxes[static_cast<std::size_t>(source)];
      const auto steps = [&](double d) { return std::lround(d / (2 * a.half)); };
      vectors.insert({steps(a.x - b.x), steps(a.y - b.y), steps(a.z - b.z)});
    }
  }
  EXPECT_EQ(vectors.size(), 316u);
  EXPECT_EQ(longest, 189u);
}

TEST(M2LFft, IsThePotentialOfTheVList) {
  for (const auto& [order, depth] : {std::pair{2, 3}, {3, 3}, {4, 2}, {7, 2}, {10, 2}}) {
    const Problem problem(order, depth);
    const auto ops = make_operators<double>(Laplace{}, laplace_key(order));
    EXPECT_LT(relative_error(problem.computed(ops), problem.expected(ops.translations)), 1e-13) << order;
  }
}

TEST(M2L, OfEveryKernelByBothMethods) {
  const Problem problem(5, 2, 1.5);
  const double half = 1.5 / 4;
  for (const AnyKernel& kernel : tested_kernels())
    for (const M2lMethod method : {M2lMethod::fft, M2lMethod::svd}) {
      OperatorKey key = laplace_key(5, method);
      key.kernel = kernel.name();
      key.svd_tolerance = 1e-15;
      const auto ops = make_operators<double>(kernel.in_units_of(half), key_for(key, kernel, half));
      EXPECT_LT(relative_error(problem.computed(ops), problem.expected(ops.translations, kernel)), 1e-12)
          << kernel.name() << ' ' << m2l_name(method);
    }
}

TEST(M2LFft, EveryInstructionSet) {
  const auto before = simd::active_isa();
  const Problem problem(5, 2);
  const auto ops = make_operators<double>(Laplace{}, laplace_key(5));
  const auto single =
      make_operators<float>(Laplace{}, laplace_key(5, M2lMethod::fft, Precision::single_precision));
  for (const auto isa : simd::available_isas()) {
    simd::force_isa(isa);
    EXPECT_LT(relative_error(problem.computed(ops), problem.expected(ops.translations)), 1e-13);
    EXPECT_LT(relative_error(problem.computed(single), problem.expected(single.translations)), 1e-6);
  }
  simd::force_isa(before);
}

TEST(M2LFft, AThreadWithoutMemoryIsAnErrorOfTheCall) {
  const int before = max_threads();
  const Problem problem(4, 2);
  const auto ops = make_operators<double>(Laplace{}, laplace_key(4));
  const M2lSchedule schedule = problem.schedule(4, sizeof(double));
  for (const int threads : {1, 3})
    for (int failing = 0; failing < threads; ++failing) {
      SCOPED_TRACE(::testing::Message() << "thread " << failing << " of " << threads);
      set_threads(threads);
      M2lFftWorkspace<double> fresh, workspace;
      const std::vector<double> expected = problem.computed(ops, schedule, fresh);
      g_failing_thread = failing;
      EXPECT_THROW(problem.computed(ops, schedule, workspace), std::bad_alloc);
      g_failing_thread = -1;
      EXPECT_EQ(problem.computed(ops, schedule, workspace), expected);  // still usable
    }
  set_threads(before);
}

TEST(M2LFft, SparseTreesAndOtherUnits) {
  Problem problem(3, 3, 1e-3);
  for (std::size_t i = 0; i < problem.tree.boxes.size(); ++i) {
    problem.tree.has_source[i] = i % 3 != 0;
    problem.tree.has_target[i] = i % 5 != 0;
  }
  const auto ops = make_operators<double>(Laplace{}, laplace_key(3));
  const auto expected = problem.expected(ops.translations), computed = problem.computed(ops);
  EXPECT_LT(relative_error(computed, expected), 1e-13);
  // Absent children, and neighbours that are coarser leaves.
  for (const NodeIndex parent : problem.tree.nodes_of(2))
    for (std::size_t c = 0; c < 8; ++c) {
      NodeIndex& child = problem.tree.children[static_cast<std::size_t>(8 * parent) + c];
      if (!problem.tree.has_source[static_cast<std::size_t>(child)] &&
          !problem.tree.has_target[static_cast<std::size_t>(child)])
        child = kNoNode;
    }
  for (NodeIndex& near : problem.tree.near)
    if (near == kNoNode) near = problem.tree.nodes_of(3).front();
  EXPECT_EQ(problem.computed(ops), computed);
}

TEST(M2LFft, WorkspaceDoesNotChangeTheResult) {
  const Problem problem(3, 3);
  const auto ops = make_operators<double>(Laplace{}, laplace_key(3));
  const auto whole = problem.computed(ops);
  EXPECT_EQ(problem.schedule(3, sizeof(double)).blocks.size(), 1u);
  for (const auto& [bytes, blocks] :
       {std::pair{std::size_t{1}, 64u}, {std::size_t{180} << 10, 16u}, {std::size_t{480} << 10, 2u}}) {
    const M2lSchedule schedule = problem.schedule(3, sizeof(double), bytes);
    EXPECT_EQ(schedule.blocks.size(), blocks) << bytes;
    M2lFftWorkspace<double> workspace;
    EXPECT_EQ(problem.computed(ops, schedule, workspace), whole) << bytes;
  }
}

TEST(M2LFft, PlanPairsEachTargetWithItsNeighbours) {
  Problem problem(2, 4);
  UniformTree& tree = problem.tree;
  // Half of the cube has sources, the other half targets: far from the middle there are no pairs.
  for (std::size_t i = 0; i < tree.boxes.size(); ++i) {
    tree.has_source[i] = tree.boxes[i].x < 0;
    tree.has_target[i] = tree.boxes[i].x > 0 && tree.boxes[i].y > -0.9;
  }
  std::set<std::array<NodeIndex, 3>> expected;  // direction, first child of the target, of the source
  const auto eldest = [&](const NodeIndex* children, const std::vector<std::uint8_t>& has) {
    for (int c = 0; c < 8; ++c)
      if (children[c] != kNoNode && has[static_cast<std::size_t>(children[c])]) return children[c];
    return kNoNode;
  };
  std::set<NodeIndex> paired;
  for (const NodeIndex target : tree.nodes_of(3))
    for (std::size_t d = 0; d < 27; ++d) {
      const NodeIndex near = tree.near[27 * static_cast<std::size_t>(target) + d];
      if (d == 13 || near == kNoNode) continue;
      const NodeIndex to = eldest(tree.children.data() + 8 * target, tree.has_target),
                      from = eldest(tree.children.data() + 8 * near, tree.has_source);
      if (to == kNoNode || from == kNoNode) continue;
      expected.insert({static_cast<NodeIndex>(d), to, from});
      paired.insert(to);
    }
  ASSERT_EQ(paired.size(), 64u);  // one layer of 8 x 8 parents; those of y = -1 have half their children

  const std::size_t group_bytes = 3 * 2 * 2 * 16 * sizeof(double);
  for (const std::size_t groups : {27, 50, 4096}) {
    const M2lSchedule schedule = problem.schedule(2, sizeof(double), groups * group_bytes);
    std::set<std::array<NodeIndex, 3>> found;
    std::size_t targets = 0, pairs = 0;
    for (const M2lFftBlock& block : schedule.blocks) {
      EXPECT_LE(static_cast<std::size_t>(block.targets + block.sources), groups);
      EXPECT_LE((block.targets | 1) + (block.sources | 1), schedule.largest_rows);
      targets += static_cast<std::size_t>(block.targets);
      EXPECT_EQ(block.first_chunk, &block - schedule.blocks.data());
      EXPECT_EQ(block.chunks, 1);
      for (int d = 0; d < 27; ++d)
        for (Index end =
                 schedule.pair_end[static_cast<std::size_t>(block.first_chunk)][static_cast<std::size_t>(d)];
             static_cast<Index>(pairs) < end; ++pairs) {
          const std::size_t pair = pairs;
          ASSERT_LT(schedule.pair_target[pair], block.targets);
          ASSERT_LT(schedule.pair_source[pair], block.sources);
          const NodeIndex* to =
              schedule.target_children.data() + 8 * (block.first_target + schedule.pair_target[pair]);
          const NodeIndex* from =
              schedule.source_children.data() + 8 * (block.first_source + schedule.pair_source[pair]);
          found.insert({d, eldest(to, tree.has_target), eldest(from, tree.has_source)});
        }
    }
    EXPECT_EQ(found, expected);
    EXPECT_EQ(pairs, expected.size());
    EXPECT_EQ(targets, paired.size());
    EXPECT_EQ(schedule.blocks.size() == 1, groups == 4096) << groups;
  }
  tree.has_source.assign(tree.boxes.size(), 0);
  EXPECT_TRUE(problem.schedule(2, sizeof(double)).blocks.empty());
}

TEST(M2LFft, PlanOutlivesTheTree) {
  Problem problem(3, 3);
  const auto ops = make_operators<double>(Laplace{}, laplace_key(3));
  const auto expected = problem.computed(ops);
  const M2lSchedule schedule = problem.schedule(3, sizeof(double));
  for (auto* flags : {&problem.tree.has_source, &problem.tree.has_target}) flags->assign(flags->size(), 0);
  for (auto* links : {&problem.tree.near, &problem.tree.children}) links->assign(links->size(), kNoNode);
  M2lFftWorkspace<double> workspace;
  EXPECT_EQ(problem.computed(ops, schedule, workspace), expected);
}

TEST(M2LFft, WorkspaceIsKeptAndLeavesNothingBehind) {
  const Problem small(3, 2), large(3, 3), other(5, 2);
  const auto ops = make_operators<double>(Laplace{}, laplace_key(3)),
             other_ops = make_operators<double>(Laplace{}, laplace_key(5));
  const auto small_schedule = small.schedule(3, sizeof(double)),
             large_schedule = large.schedule(3, sizeof(double)),
             cut_schedule = large.schedule(3, sizeof(double), std::size_t{180} << 10),
             other_schedule = other.schedule(5, sizeof(double));
  const auto of_small = small.computed(ops), of_large = large.computed(ops),
             of_other = other.computed(other_ops);
  M2lFftWorkspace<double> workspace;
  EXPECT_EQ(large.computed(ops, large_schedule, workspace), of_large);
  const double* const rows = workspace.rows.data();
  const double* const cosine = workspace.cosine.data();
  const double* const scratch = workspace.scratch.front().data();
  for (int repeat = 0; repeat < 2; ++repeat) {
    EXPECT_EQ(small.computed(ops, small_schedule, workspace), of_small);
    EXPECT_EQ(large.computed(ops, cut_schedule, workspace), of_large);
    EXPECT_EQ(large.computed(ops, large_schedule, workspace), of_large);
  }
  EXPECT_EQ(workspace.rows.data(), rows);
  EXPECT_EQ(workspace.cosine.data(), cosine);
  EXPECT_EQ(workspace.scratch.front().data(), scratch);
  EXPECT_EQ(other.computed(other_ops, other_schedule, workspace), of_other);
  EXPECT_EQ(large.computed(ops, large_schedule, workspace), of_large);
}

TEST(M2LFft, OtherCheckOrderIsRefused) {
  auto key = laplace_key(4);
  key.downward_check_order = 6;
  EXPECT_THROW((make_operators<double>(Laplace{}, key)), Error);
}

TEST(M2LSvd, ClassesOfTheTransferVectors) {
  M2lSvd<double> op;
  lay_out_m2l_svd(laplace_key(4), op);
  std::map<std::array<int, 3>, int> sizes;
  int members = 0;
  for (const auto c : op.class_of)
    if (c != M2lSvd<double>::kNoClass) {
      ++sizes[op.classes[static_cast<std::size_t>(c)].representative];
      ++members;
    }
  EXPECT_EQ(members, 316);
  const std::map<std::array<int, 3>, int> expected{
      {{2, 0, 0}, 6},  {{2, 1, 0}, 24}, {{2, 1, 1}, 24}, {{2, 2, 0}, 12}, {{2, 2, 1}, 24}, {{2, 2, 2}, 8},
      {{3, 0, 0}, 6},  {{3, 1, 0}, 24}, {{3, 1, 1}, 24}, {{3, 2, 0}, 24}, {{3, 2, 1}, 48}, {{3, 2, 2}, 24},
      {{3, 3, 0}, 12}, {{3, 3, 1}, 24}, {{3, 3, 2}, 24}, {{3, 3, 3}, 8}};
  EXPECT_EQ(sizes, expected);
}

TEST(M2LSvd, IsThePotentialOfTheVList) {
  for (const auto& [order, check_order, depth] : {std::tuple{3, 3, 3}, {4, 6, 2}, {7, 7, 2}}) {
    const Problem problem(order, depth, 5.0);
    auto key = laplace_key(order, M2lMethod::svd);
    key.downward_check_order = check_order;
    const auto exact = make_operators<double>(Laplace{}, key);
    EXPECT_LT(relative_error(problem.computed(exact), problem.expected(exact.translations)), 1e-12);
    key.svd_tolerance = 1e-5;
    const auto truncated = make_operators<double>(Laplace{}, key);
    const double error =
        relative_error(problem.computed(truncated), problem.expected(truncated.translations));
    EXPECT_LT(error, 1e-5);
    for (std::size_t c = 0; c < 16; ++c) EXPECT_LE(truncated.svd.classes[c].rank, exact.svd.classes[c].rank);
    if (order > 3) {
      EXPECT_LT(truncated.svd.classes[15].rank, exact.svd.classes[15].rank / 2);
    }
  }
}

TEST(M2LSvd, RankIsCapped) {
  auto key = laplace_key(6, M2lMethod::svd);
  key.svd_rank = 9;
  const auto op = make_m2l_svd<double>(Laplace{}, key);
  for (const auto& transfer_class : op.classes) EXPECT_EQ(transfer_class.rank, 9);
}

TEST(M2L, FftAndSvdAgree) {
  const Problem problem(6, 2);
  const auto fft = make_operators<double>(Laplace{}, laplace_key(6));
  auto key = laplace_key(6, M2lMethod::svd);
  key.svd_tolerance = 1e-10;
  const auto svd = make_operators<double>(Laplace{}, key);
  EXPECT_LT(relative_error(problem.computed(svd), problem.computed(fft)), 1e-10);
}

TEST(M2L, SinglePrecision) {
  const Problem problem(4, 2);
  for (const auto method : {M2lMethod::fft, M2lMethod::svd}) {
    auto key = laplace_key(4, method, Precision::single_precision);
    key.svd_tolerance = 1e-7;
    const auto ops = make_operators<float>(Laplace{}, key);
    EXPECT_LT(relative_error(problem.computed(ops), problem.expected(ops.translations)), 1e-6);
  }
}

}  // namespace
}  // namespace octopole::testing
