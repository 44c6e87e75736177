#include "mpi/agreement.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <new>
#include <string_view>

#include "base/fault.hpp"
#include "octopole/error.hpp"

namespace octopole::mpi {
namespace {

constexpr std::uint64_t kFnvBasis = 14695981039346656037u, kFnvPrime = 1099511628211u;

std::uint64_t hash(std::string_view text, std::uint64_t state = kFnvBasis) {
  for (const char c : text) state = (state ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return (state ^ '\n') * kFnvPrime;
}

/// Broadcasts the text of one rank to all ranks.
std::string text_of(const Comm& comm, const std::string& mine, int rank) {
  std::string text = mine;
  comm.broadcast(text, rank);
  return text;
}

/// Returns "NAME is A on ranks ..., B on ranks ..."; `hashes` are those of this value, by rank.
std::string describe(const Comm& comm, const NamedValue& value, std::span<const std::uint64_t> hashes) {
  std::map<std::uint64_t, std::vector<int>> ranks_of;
  for (int rank = 0; rank < comm.size(); ++rank)
    ranks_of[hashes[static_cast<std::size_t>(rank)]].push_back(rank);
  std::vector<std::vector<int>> groups;
  groups.reserve(ranks_of.size());
  for (auto& [key, ranks] : ranks_of) groups.push_back(std::move(ranks));
  std::sort(groups.begin(), groups.end());
  constexpr std::size_t kShown = 4;
  std::string text = value.name + " is";
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (g == kShown) return text + " and so on";
    text += (g == 0 ? " " : ", ") + text_of(comm, value.value, groups[g].front()) +
            (groups[g].size() == 1 ? " on rank " : " on ranks ") + list_ranks(groups[g]);
  }
  return text;
}

}  // namespace

std::string list_ranks(std::span<const int> ranks) {
  std::string text;
  for (std::size_t i = 0; i < ranks.size();) {
    std::size_t end = i + 1;
    while (end < ranks.size() && ranks[end] == ranks[end - 1] + 1) ++end;
    if (end - i < 3) end = i + 1;
    if (!text.empty()) text += ", ";
    text += std::to_string(ranks[i]);
    if (end - i >= 3) text += " to " + std::to_string(ranks[end - 1]);
    i = end;
  }
  return text;
}

void require_equal(const Comm& comm, std::span<const NamedValue> values, const std::string& advice) {
  std::uint64_t mine = kFnvBasis;
  for (const NamedValue& value : values) mine = hash(value.value, hash(value.name, mine));
  std::array<std::uint64_t, 2> extremes{mine, ~mine};
  comm.allreduce(std::span<std::uint64_t>(extremes), MPI_MAX);
  if (extremes[0] == ~extremes[1]) return;

  std::vector<std::uint64_t> hashes;
  for (const NamedValue& value : values) hashes.push_back(hash(value.value));
  const std::vector<std::uint64_t> all = comm.gather_all(std::span<const std::uint64_t>(hashes));
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::vector<std::uint64_t> of_value;
    for (std::size_t rank = 0; rank < static_cast<std::size_t>(comm.size()); ++rank)
      of_value.push_back(all[rank * values.size() + i]);
    if (std::all_of(of_value.begin(), of_value.end(), [&](std::uint64_t h) { return h == of_value[0]; }))
      continue;
    text += (text.empty() ? "" : "; ") + describe(comm, values[i], of_value);
  }
  throw AgreedError("ranks disagree: " + text, advice);
}

namespace {

constexpr double kPatience = 1;  // seconds for other ranks to fail as well

}  // namespace

std::string message_of(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
    return "memory ran out (use more nodes or fewer ranks on each, fewer digits, or single precision)";
  return error.what();
}

void collectively(const Comm& comm, const std::function<void()>& work) {
  std::string message;
  bool failed = false;
  try {
    fault::at(comm.stage(), comm.rank(), "work");
    work();
  } catch (const std::exception& error) {
    failed = true;
    message = message_of(error);
  }
  const int first = comm.min(failed ? comm.rank() : std::numeric_limits<int>::max());
  if (first == std::numeric_limits<int>::max()) return;
  comm.broadcast(message, first);
  if (comm.size() > 1) message = "rank " + std::to_string(first) + ": " + message;
  throw AgreedError(message);
}

void end_all_ranks(const Comm& comm, std::string_view operation, const std::string& what) {
  const std::string stage = comm.stage().empty() ? std::string() : ", stage " + std::string(comm.stage());
  if (!comm.all_arrive_within(kPatience))
    std::fprintf(stderr,
                 "octopole: error on rank %d of %d in %.*s%s: %s\noctopole: other ranks wait for it, so all "
                 "are ended\n",
                 comm.rank(), comm.size(), static_cast<int>(operation.size()), operation.data(),
                 stage.c_str(), what.c_str());
  else if (comm.is_root())
    std::fprintf(stderr, "octopole: error on all %d ranks in %.*s%s: %s\n", comm.size(),
                 static_cast<int>(operation.size()), operation.data(), stage.c_str(), what.c_str());
  std::fflush(stderr);
  MPI_Abort(comm.handle(), 1);
  std::abort();
}

}  // namespace octopole::mpi
