// Index maps against a plain recount: every rank knows who owns and who uses each item.
#include "distributed/index_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace octopole::distributed {
namespace {

// Rank r owns 3 (r + 1) mod 5 items, numbered rank after rank; ranks 4, 9, .. own none. Names are not
// numbers, and the owner's rows are in reverse order.
Index owned_by(int rank) {
  return 3 * (rank + 1) % 5;
}
Index first_of(int rank) {
  Index first = 0;
  for (int below = 0; below < rank; ++below) first += owned_by(below);
  return first;
}
Index name_of(Index item) {
  return 1000 + 7 * item;
}
Index row_of(int owner, Index item) {
  return owned_by(owner) - 1 - (item - first_of(owner));
}

// How often a rank uses an item, also one of its own: rank 2 uses none, some ranks use an item twice.
int times_used(int rank, Index item) {
  if (rank == 2) return 0;
  return static_cast<int>((2 * item + 3 * rank) % 5) % 3;
}

// The use of an item: by rank `user`, in its row `row`.
struct Use {
  int user, owner;
  Index item, row;
};

// All uses of all ranks, by user, owner and item; rows of a user are numbered against this order.
std::vector<Use> all_uses(int ranks) {
  std::vector<Use> uses;
  for (int user = 0; user < ranks; ++user) {
    const std::size_t begin = uses.size();
    for (int owner = 0; owner < ranks; ++owner)
      for (Index item = first_of(owner); item < first_of(owner + 1); ++item)
        for (int i = 0; i < times_used(user, item); ++i) uses.push_back({user, owner, item, 0});
    Index row = 0;
    for (std::size_t i = uses.size(); i > begin; --i) uses[i - 1].row = row++;
  }
  return uses;
}

struct Problem {
  mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  std::vector<Use> uses = all_uses(comm.size());
  Index rows = 0;  // of this rank's uses
  Traffic traffic;
  IndexMap<> map = make_map();

  IndexMap<> make_map() {
    ByRank<Index> used(comm.size());
    std::vector<Index> names;
    for (const Use& use : uses)
      if (use.user == comm.rank()) {
        used.add(use.owner, use.row);
        names.insert(names.begin(), name_of(use.item));
        ++rows;
      }
    return {comm, std::move(used), [&](Index row) { return names[static_cast<std::size_t>(row)]; },
            [&](Index name) { return row_of(comm.rank(), (name - 1000) / 7); }, &traffic};
  }
};

TEST(IndexMap, OwnersLearnWhoUsesTheirRows) {
  const Problem p;
  ByRank<Index> owned(p.comm.size());
  Index asked_elsewhere = 0;
  for (const Use& use : p.uses) {
    if (use.owner == p.comm.rank()) owned.add(use.user, row_of(use.owner, use.item));
    asked_elsewhere += use.user == p.comm.rank() && use.owner != p.comm.rank();
  }
  EXPECT_EQ(p.map.owned().values, owned.values);
  EXPECT_EQ(p.map.owned().counts, owned.counts);
  EXPECT_EQ(static_cast<Index>(p.map.used().values.size()), p.rows);
  EXPECT_EQ(p.traffic.bytes_sent, 8 * asked_elsewhere);
}

class Widths : public testing::TestWithParam<std::tuple<mpi::Transport, Index>> {};

TEST_P(Widths, OwnersRowsReachTheUsers) {
  const auto [transport, width] = GetParam();
  Problem p;
  const auto value = [](int owner, Index item, Index c) {
    return static_cast<double>(10000 * owner + 10 * item + c);
  };
  std::vector<double> mine(static_cast<std::size_t>(owned_by(p.comm.rank()) * width));
  for (Index item = first_of(p.comm.rank()); item < first_of(p.comm.rank() + 1); ++item)
    for (Index c = 0; c < width; ++c)
      mine[static_cast<std::size_t>(row_of(p.comm.rank(), item) * width + c)] = value(p.comm.rank(), item, c);
  RowExchange exchange = to_users(p.comm, transport, p.map);
  for (int round = 0; round < 2; ++round) {
    std::vector<double> used(static_cast<std::size_t>(p.rows * width), -1), expected = used;
    exchange.start(mine.data(), width);
    exchange.progress();
    exchange.finish(used.data());
    for (const Use& use : p.uses)
      for (Index c = 0; use.user == p.comm.rank() && c < width; ++c)
        expected[static_cast<std::size_t>(use.row * width + c)] = value(use.owner, use.item, c);
    EXPECT_EQ(used, expected);
  }
}

TEST_P(Widths, UsersRowsReachTheOwners) {
  const auto [transport, width] = GetParam();
  Problem p;
  const auto value = [](int user, Index row, Index c) {
    return static_cast<float>(1000 * user + 10 * row + c);
  };
  std::vector<float> used;
  for (Index row = 0; row < p.rows; ++row)
    for (Index c = 0; c < width; ++c) used.push_back(value(p.comm.rank(), row, c));
  // Of several values of a row the last one stays: the highest user's, and of its the last that it named.
  std::vector<float> mine(static_cast<std::size_t>(owned_by(p.comm.rank()) * width), -1), expected = mine;
  for (const Use& use : p.uses)
    for (Index c = 0; use.owner == p.comm.rank() && c < width; ++c)
      expected[static_cast<std::size_t>(row_of(use.owner, use.item) * width + c)] =
          value(use.user, use.row, c);
  RowExchange exchange = to_owners(p.comm, transport, p.map);
  exchange.start(used.data(), width);
  exchange.finish_repeated(mine.data());
  EXPECT_EQ(mine, expected);
}

INSTANTIATE_TEST_SUITE_P(Both, Widths,
                         testing::Combine(testing::Values(mpi::Transport::neighbourhood,
                                                          mpi::Transport::point_to_point),
                                          testing::Values(Index{1}, Index{3})));

TEST(IndexMap, OwnersAddWhatUsersSend) {
  // No rank may send two values for one row: every rank uses all items once, rank 2 none.
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  ByRank<Index> used(comm.size());
  std::vector<Index> items;
  for (int owner = 0; owner < comm.size() && comm.rank() != 2; ++owner)
    for (Index item = first_of(owner); item < first_of(owner + 1); ++item) {
      used.add(owner, static_cast<Index>(items.size()));
      items.push_back(item);
    }
  const IndexMap<> map(
      comm, std::move(used), [&](Index row) { return items[static_cast<std::size_t>(row)]; },
      [&](Index item) noexcept { return row_of(comm.rank(), item); });
  std::vector<double> once, twice, sums(static_cast<std::size_t>(owned_by(comm.rank())), 0.5), more = sums;
  for (const Index item : items) {
    once.push_back(static_cast<double>(100 * comm.rank() + item));
    twice.push_back(2 * once.back());
  }
  RowExchange exchange = to_owners(comm, mpi::kDefaultTransport, map);
  const double* const from[] = {once.data(), twice.data()};
  double* const to[] = {sums.data(), more.data()};
  exchange.start_columns<double>(from);
  exchange.add_columns<double>(to);
  Index users = 0, ranks = 0;  // number and sum of the ranks that use the items
  for (int rank = 0; rank < comm.size(); ++rank)
    if (rank != 2) ++users, ranks += rank;
  for (Index item = first_of(comm.rank()); item < first_of(comm.rank() + 1); ++item) {
    const auto row = static_cast<std::size_t>(row_of(comm.rank(), item));
    EXPECT_EQ(sums[row], 0.5 + static_cast<double>(100 * ranks + users * item));
    EXPECT_EQ(more[row], 0.5 + 2 * static_cast<double>(100 * ranks + users * item));
  }
}

TEST(IndexMap, RowsMayBeMoreThanAnIndex) {
  struct Part {
    Index row, part;
  };
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const int owner = comm.size() - 1;
  ByRank<Part> used(comm.size());
  if (comm.rank() % 2 == 0) used.add(owner, {5, comm.rank()});
  const auto name = [](const Part& part) { return Part{part.row + 1, part.part}; };
  const auto find = [](const Part& sent) noexcept { return Part{2 * sent.row, sent.part}; };
  const IndexMap<Part> map(comm, std::move(used), name, find);
  std::vector<Index> users;
  map.owned().for_each([&](int user, const Part& part) {
    EXPECT_EQ(part.row, 12);
    EXPECT_EQ(part.part, user);
    users.push_back(user);
  });
  std::vector<Index> expected;
  for (int rank = 0; rank < comm.size() && comm.rank() == owner; rank += 2) expected.push_back(rank);
  EXPECT_EQ(users, expected);
}

TEST(IndexMap, OfNoRowsAtAll) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto targets_are_sources = [](Index row) noexcept { return row; };
  const IndexMap<> map(comm, ByRank<Index>(comm.size()), targets_are_sources, targets_are_sources);
  RowExchange exchange = to_users(comm, mpi::kDefaultTransport, map);
  const double none = 7;
  double all = 7;
  exchange.start(&none, 1);
  exchange.finish(&all);
  EXPECT_EQ(all, 7);
  EXPECT_EQ(exchange.exchange().traffic(8), Traffic{});
}

TEST(IndexMap, AnItemThatItsOwnerDoesNotKnowIsEverybodysError) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  ByRank<Index> used(comm.size());
  if (comm.rank() == 0) used.add(comm.size() - 1, 0);
  const auto name = [](Index) { return Index{-1}; };
  const auto find = [](Index item) {
    if (item < 0) throw Error("no such item");
    return item;
  };
  EXPECT_THROW(IndexMap<>(comm, std::move(used), name, find), AgreedError);
}

}  // namespace
}  // namespace octopole::distributed
