#include "app/record.hpp"

#include <fmt/core.h>
#include <omp.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "app/program.hpp"
#include "app/report.hpp"
#include "app/text.hpp"
#include "base/threads.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

/// The processors that the calling thread may use; empty if unknown.
std::vector<int> allowed_cpus() {
  std::vector<int> cpus;
#ifdef __linux__
  for (int capacity = CPU_SETSIZE; capacity <= (1 << 20); capacity *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(capacity));
    if (!set) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(capacity));
    const int status = sched_getaffinity(0, bytes, set);
    const bool too_small = status != 0 && errno == EINVAL;
    if (status == 0)
      for (int cpu = 0; cpu < capacity; ++cpu)
        if (CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes, set)) cpus.push_back(cpu);
    CPU_FREE(set);
    if (!too_small) break;
  }
#endif
  return cpus;
}

/// This rank's line: host, tab, processors of the rank, then a tab and processors per thread.
std::string describe_this_rank() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::vector<std::string> threads(static_cast<std::size_t>(omp_get_max_threads()));
  std::vector<std::vector<int>> sets(threads.size());
  ThreadErrors errors;
#pragma omp parallel num_threads(static_cast <int>(threads.size()))
  errors.keep([&] {
    const auto thread = static_cast<std::size_t>(omp_get_thread_num());
    sets[thread] = allowed_cpus();
    threads[thread] = number_list(sets[thread]);
  });
  errors.rethrow();
  // OMP_PROC_BIND also binds the master, so the rank's processors are the union over its threads.
  std::set<int> all;
  for (const std::vector<int>& set : sets) all.insert(set.begin(), set.end());
  std::string line = fmt::format("{}\t{}", host.data(), number_list({all.begin(), all.end()}));
  for (const std::string& thread : threads) line += '\t' + thread;
  return line + '\n';
}

std::string proc_bind_name() {
  switch (omp_get_proc_bind()) {
    case omp_proc_bind_false:
      return "false";
    case omp_proc_bind_true:
      return "true";
    case omp_proc_bind_master:
      return "master";
    case omp_proc_bind_close:
      return "close";
    case omp_proc_bind_spread:
      return "spread";
    default:
      return "unknown";
  }
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, separator);) fields.push_back(field);
  return fields;
}

/// Parses the output of number_list().
std::vector<int> parse_number_list(const std::string& text) {
  std::vector<int> cpus;
  for (const std::string& range : split(text, ',')) {
    const std::vector<std::string> ends = split(range, '-');
    for (int cpu = std::stoi(ends.front()); cpu <= std::stoi(ends.back()); ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace

std::optional<Binding> read_binding(const mpi::Comm& comm) {
  const std::string mine = describe_this_rank();
  const std::vector<char> all = comm.gather_all(std::span<const char>(mine));
  if (!comm.is_root()) return std::nullopt;

  Binding binding;
  std::map<std::string, std::set<int>> cpus_of_host;
  std::map<std::string, std::size_t> threads_of_host;
  std::map<std::string, std::size_t> groups;  // by the line without the host
  int rank = 0;
  for (const std::string& line : split(std::string(all.begin(), all.end()), '\n')) {
    const std::vector<std::string> fields = split(line, '\t');
    if (fields.size() < 3 || fields[1].empty()) return std::nullopt;
    const std::string& host = fields[0];
    if (threads_of_host[host] == 0) binding.hosts.push_back(host);
    threads_of_host[host] += fields.size() - 2;
    const std::vector<int> cpus = parse_number_list(fields[1]);
    cpus_of_host[host].insert(cpus.begin(), cpus.end());
    const auto [group, added] = groups.emplace(line.substr(host.size()), binding.groups.size());
    if (added) binding.groups.push_back({rank, 0, fields[1], {fields.begin() + 2, fields.end()}});
    ++binding.groups[group->second].ranks;
    ++rank;
  }
  for (const auto& [host, cpus] : cpus_of_host) {
    binding.cpus += static_cast<int>(cpus.size());
    if (threads_of_host[host] > cpus.size()) binding.oversubscribed = true;
  }
  binding.omp_proc_bind = proc_bind_name();
  if (const char* places = std::getenv("OMP_PLACES")) binding.omp_places = places;
  return binding;
}

namespace {

ordered_json environment(const char* name) {
  const char* value = std::getenv(name);
  return null_if_empty(value ? value : "");
}

/// The current Slurm job, or null. Tasks of an array share the job's number.
ordered_json scheduler_json() {
  ordered_json job = environment("SLURM_ARRAY_JOB_ID");
  if (job.is_null()) job = environment("SLURM_JOB_ID");
  if (job.is_null()) return {};
  return {{"name", "slurm"},
          {"job", job},
          {"array_task", environment("SLURM_ARRAY_TASK_ID")},
          {"nodes", environment("SLURM_JOB_NUM_NODES")},
          {"partition", environment("SLURM_JOB_PARTITION")}};
}

ordered_json binding_json(const std::optional<Binding>& binding) {
  if (!binding) return {};
  ordered_json groups = ordered_json::array();
  for (const BoundRanks& group : binding->groups)
    groups.push_back({{"first_rank", group.first_rank},
                      {"ranks", group.ranks},
                      {"cpus", group.cpus},
                      {"threads", group.threads}});
  return {{"hosts", binding->hosts},
          {"cpus", binding->cpus},
          {"oversubscribed", binding->oversubscribed},
          {"omp_proc_bind", binding->omp_proc_bind},
          {"omp_places", null_if_empty(binding->omp_places)},
          {"groups", groups}};
}

}  // namespace

void RecordOptions::add_to(CLI::App& parser) {
  CLI::Option* file =
      parser.add_option("--record", file_, "File to append the run's record to (JSON, one per line)");
  file->group(kReportGroup);
  const std::string group = expert_group("records");
  parser.add_option("--study", study_, "Name of the study, for the record")->needs(file)->group(group);
  parser.add_option("--launcher", launcher_, "Command that started the ranks, for the record")
      ->needs(file)
      ->group(group);
  parser.add_option("--kind", kind_, "What the record's times are: measured, or simulated")
      ->check(CLI::IsMember({"measured", "simulated"}))
      ->needs(file)
      ->capture_default_str()
      ->group(group);
}

std::string RecordOptions::line(const RunReport& report, const std::optional<Binding>& binding) const {
  const Summary& s = report.summary;
  ordered_json record = {
      {"record", 1},
      {"kind", kind_},
      {"study", null_if_empty(study_)},
      {"shape", report.distribution ? ordered_json(shape_name(report.distribution->shape)) : ordered_json()},
      {"n", s.sources},
      {"ranks", s.ranks},
      {"threads", s.threads},
      {"cores", Index{s.ranks} * s.threads},
      {"digits", s.parameters.digits ? ordered_json(*s.parameters.digits) : ordered_json()},
      {"date", utc_text(std::time(nullptr))},
      {"launcher", null_if_empty(launcher_)},
      {"scheduler", scheduler_json()},
      {"binding", binding_json(binding)}};
  const ordered_json all = report_json(report);
  for (const auto& [name, value] : all.items()) record[name] = value;
  // Host names and launchers are external input and may not be UTF-8.
  return record.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace octopole::app
