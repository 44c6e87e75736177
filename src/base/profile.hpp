// Times and bytes of an evaluation, in an object that is passed along, never a global.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "octopole/summary.hpp"

#pragma GCC visibility push(default)
namespace octopole {

// ---- traffic: counts of what an exchange sends between ranks, as seen by one rank. Pure functions of the
// plans, so that a plan can be counted without being run.

/// Number of records to or from one rank.
struct PeerCount {
  int rank;
  Index count;
  bool operator==(const PeerCount&) const = default;
};

/// What one rank sends to other ranks and receives from them; records that it sends to itself are not
/// counted.
struct Traffic {
  Index bytes_sent = 0, bytes_received = 0;
  Index messages_sent = 0, messages_received = 0;
  std::vector<int> peers;  // other ranks sent to or received from, ascending, each once

  /// Adds bytes and messages, and unites the peers.
  Traffic& operator+=(const Traffic& other);
  bool operator==(const Traffic&) const = default;
};

/// Traffic of one exchange of records of `record_bytes` bytes, as seen by rank `rank`. Over the entries of
/// other ranks with count > 0: bytes = record_bytes * sum of counts, messages = number of entries.
Traffic traffic_of(int rank, std::span<const PeerCount> send, std::span<const PeerCount> receive,
                   std::size_t record_bytes);

/// Traffic of one Allgatherv, as seen by rank `rank`; rank r has records [places[r], places[r + 1]) of
/// `places` (ranks + 1). MPI chooses the algorithm; Bruck's is counted: in steps k = 1, 2, 4, .. < P, rank r
/// sends the records of the min(k, P - k) ranks r, r + 1, .. (modulo P) to rank r - k, and receives those of
/// the same number of ranks from rank r + k. So messages = ceil(log2 P) each way, and bytes received =
/// record_bytes * (all records but its own). It has no peers, as MPI does not report which ranks communicate.
/// All counts are 0 if there are no records.
Traffic gather_traffic(int rank, std::span<const Index> places, std::size_t record_bytes);

/// The entries > 0 of `counts`, which is indexed by rank.
std::vector<PeerCount> peers_of(std::span<const Index> counts);

/// The counts of one Traffic.
TrafficCounts counts_of(const Traffic& traffic);

/// The counts of one rank, from those of its exchanges.
RankTraffic traffic_of_rank(const std::array<Traffic, kExchanges>& by_exchange,
                            const std::array<Traffic, kSetupExchanges>& of_setup);

// ---- times.

/// Seconds on a monotonic clock; in a simulated run (app/smpi) simulated seconds.
double seconds_now();

/// Seconds of one exchange on this rank. Exposed: in its start, its finish and the polling between them,
/// packing and unpacking included. Hidden: between its start and its finish in work that is not exposed time
/// of any exchange. The steps of Exchange::ancestors add up.
struct ExchangeSeconds {
  double exposed = 0, hidden = 0;
};

/// One evaluation on this rank: seconds by phase and by exchange, and what was sent between this rank and
/// others.
struct Profile {
  std::array<double, kPhases> seconds{};
  double total_seconds = 0;
  std::array<Traffic, kExchanges> traffic;
  std::array<ExchangeSeconds, kExchanges> exchange_seconds{};
  double exposed_seconds = 0;        // of all exchanges
  Index reductions = 0;              // Allreduces
  double (*clock)() = &seconds_now;  // of all timers
};

/// Seconds by stage: mark() ends a stage, which began at the previous mark() or at construction.
class StageTimer {
 public:
  explicit StageTimer(std::array<double, kSetupStages>& seconds) : seconds_(seconds) {}
  void mark(SetupStage stage) {
    const double now = seconds_now();
    seconds_[static_cast<std::size_t>(stage)] += now - last_;
    last_ = now;
  }
  /// Moves the seconds of `from` so far to `to`.
  void move(SetupStage from, SetupStage to) {
    seconds_[static_cast<std::size_t>(to)] += seconds_[static_cast<std::size_t>(from)];
    seconds_[static_cast<std::size_t>(from)] = 0;
  }

 private:
  std::array<double, kSetupStages>& seconds_;
  double last_ = seconds_now();
};

/// Adds the lifetime of the object to a phase.
class PhaseTimer {
 public:
  PhaseTimer(Profile& profile, Phase phase)
      : profile_(profile), slot_(profile.seconds[static_cast<std::size_t>(phase)]) {}
  ~PhaseTimer() { slot_ += profile_.clock() - start_; }
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

 private:
  Profile& profile_;
  double& slot_;
  double start_ = profile_.clock();
};

/// Adds the lifetime of the object to an exchange and to Phase::exchange; one object for its start and one
/// for its finish, or one for the whole of it. In between, any number of objects for its progress, within
/// another phase, to which their time also belongs.
class ExchangeTimer {
 public:
  enum class Part { start, progress, finish, whole };
  ExchangeTimer(Profile& profile, Exchange exchange, Part part = Part::whole)
      : profile_(profile), slot_(profile.exchange_seconds[static_cast<std::size_t>(exchange)]), part_(part) {
    if (part == Part::finish) slot_.hidden += start_ - profile_.exposed_seconds;
  }
  ~ExchangeTimer() {
    const double now = profile_.clock(), taken = now - start_;
    slot_.exposed += taken;
    profile_.exposed_seconds += taken;
    if (part_ != Part::progress) profile_.seconds[static_cast<std::size_t>(Phase::exchange)] += taken;
    if (part_ == Part::start) slot_.hidden -= now - profile_.exposed_seconds;
  }
  ExchangeTimer(const ExchangeTimer&) = delete;
  ExchangeTimer& operator=(const ExchangeTimer&) = delete;

 private:
  Profile& profile_;
  ExchangeSeconds& slot_;
  Part part_;
  double start_ = profile_.clock();
};

}  // namespace octopole
#pragma GCC visibility pop
