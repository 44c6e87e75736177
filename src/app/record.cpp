#include "app/record.hpp"

#include "app/help.hpp"

#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "app/utc.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

ordered_json or_null(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json(text);
}

ordered_json environment(const char* name) {
  const char* value = std::getenv(name);
  return or_null(value ? value : "");
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
          {"omp_places", or_null(binding->omp_places)},
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
      {"study", or_null(study_)},
      {"shape", report.cloud ? ordered_json(shape_name(report.cloud->shape)) : ordered_json()},
      {"n", s.sources},
      {"ranks", s.ranks},
      {"threads", s.threads},
      {"cores", Index{s.ranks} * s.threads},
      {"digits", s.parameters.digits ? ordered_json(*s.parameters.digits) : ordered_json()},
      {"date", utc_text(std::time(nullptr))},
      {"launcher", or_null(launcher_)},
      {"scheduler", scheduler_json()},
      {"binding", binding_json(binding)}};
  const ordered_json all = report_json(report);
  for (const auto& [name, value] : all.items()) record[name] = value;
  // Host names and launchers are external input and may not be UTF-8.
  return record.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace octopole::app
