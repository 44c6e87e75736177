#include "app/hosts.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <sstream>

#include "base/threads.hpp"
#include "simd/isa.hpp"

namespace octopole::app {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

/// Data of one rank: the lowest rank of its node, which names the node, and its instruction set.
struct RankPlace {
  int leader = 0;
  simd::Isa isa{};
};

std::vector<HostRanks> hosts_of(const std::vector<RankPlace>& places, const std::vector<char>& names) {
  std::vector<HostRanks> hosts;
  std::map<int, std::size_t> host_of_leader;
  std::istringstream lines(std::string(names.begin(), names.end()));
  for (int rank = 0; rank < static_cast<int>(places.size()); ++rank) {
    const auto& [leader, isa] = places[static_cast<std::size_t>(rank)];
    const auto [at, added] = host_of_leader.emplace(leader, hosts.size());
    if (added) std::getline(lines, hosts.emplace_back().name);  // names are in the order of the leaders
    HostRanks& host = hosts[at->second];
    host.ranks.push_back(rank);
    const std::string simd(simd::isa_name(isa));
    if (("+" + host.simd + "+").find("+" + simd + "+") == std::string::npos)
      host.simd += (host.simd.empty() ? "" : "+") + simd;
  }
  return hosts;
}

}  // namespace

Machine describe_machine(const mpi::Comm& comm) {
  MPI_Comm local = MPI_COMM_NULL;
  mpi::check(MPI_Comm_split_type(comm.handle(), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local),
             "MPI_Comm_split_type");
  RankPlace place{comm.rank(), simd::active_isa()};
  MPI_Allreduce(MPI_IN_PLACE, &place.leader, 1, MPI_INT, MPI_MIN, local);
  MPI_Comm_free(&local);
  const std::string name = place.leader == comm.rank() ? host_name() + '\n' : std::string();
  const std::vector<RankPlace> places = comm.gather_all(std::span<const RankPlace>(&place, 1));
  Machine machine;
  machine.all_hosts = hosts_of(places, comm.gather_all(std::span<const char>(name)));
  machine.host = machine.all_hosts.front().name;
  machine.hosts = static_cast<int>(machine.all_hosts.size());
  for (const HostRanks& host : machine.all_hosts)
    machine.ranks_on_host = std::max(machine.ranks_on_host, static_cast<int>(host.ranks.size()));
  machine.cores_per_rank = comm.min(processors());
  return machine;
}

int default_threads(const Machine& machine) {
  if (std::getenv("OMP_NUM_THREADS")) return max_threads();
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  const int share = std::max(1, static_cast<int>(cores / machine.ranks_on_host));
  return std::min(share, processors());
}

}  // namespace octopole::app
