#include "octopole/petsc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cost/option_table.hpp"
#include "mpi/agreement.hpp"
#include "petsc/handles.hpp"

namespace octopole::petsc {
namespace {

constexpr PetscErrorCode kNoError = static_cast<PetscErrorCode>(0);

/// Reads the options of the table from PETSc's database. PETSc's macros need the name PetscOptionsObject.
class OptionReader {
 public:
  OptionReader(PetscOptionItems* items, Options& options) : PetscOptionsObject(items), options_(options) {}

  template <class Value>
  void operator()(const OptionInfo& info, Value Options::*member) {
    if (info.name == "output" || info.name == "source_kind") return;  // the product decides
    const std::string name = "-octopole_" + std::string(info.name);
    if (!info.alias.empty())
      read_named("-octopole_" + std::string(info.alias), "Earlier name of " + name, options_.*member);
    read_named(name, std::string(info.help), options_.*member);
  }
  PetscErrorCode error() const { return error_; }

 private:
  template <class Value>
  void read_named(const std::string& name, const std::string& help, Value& value) {
    if (error_ == kNoError) error_ = read(name.c_str(), help.c_str(), value);
  }
  PetscErrorCode read(const char* name, const char* help, int& value) {
    PetscInt n = value;
    const PetscErrorCode e = PetscOptionsInt(name, help, "", n, &n, nullptr);
    value = static_cast<int>(n);
    return e;
  }
  PetscErrorCode read(const char* name, const char* help, std::optional<int>& value) {
    PetscInt n = value.value_or(0);
    PetscBool set = PETSC_FALSE;
    const PetscErrorCode e = PetscOptionsInt(name, help, "", n, &n, &set);
    if (set) value = static_cast<int>(n);
    return e;
  }
  PetscErrorCode read(const char* name, const char* help, double& value) {
    PetscReal x = value;
    const PetscErrorCode e = PetscOptionsReal(name, help, "", x, &x, nullptr);
    value = x;
    return e;
  }
  PetscErrorCode read(const char* name, const char* help, std::optional<double>& value) {
    PetscReal x = value.value_or(0);
    PetscBool set = PETSC_FALSE;
    const PetscErrorCode e = PetscOptionsReal(name, help, "", x, &x, &set);
    if (set) value = x;
    return e;
  }
  PetscErrorCode read(const char* name, const char* help, std::optional<Index>& value) {
    std::optional<double> x;  // a PetscInt may be too short
    if (value) x = static_cast<double>(*value);
    if (const PetscErrorCode e = read(name, help, x); e != kNoError || !x) return e;
    if (!(std::abs(*x) < 0x1p53) || *x != std::floor(*x)) return PETSC_ERR_USER_INPUT;
    value = static_cast<Index>(*x);
    return kNoError;
  }
  PetscErrorCode read(const char* name, const char* help, bool& value) {
    PetscBool b = value ? PETSC_TRUE : PETSC_FALSE;
    const PetscErrorCode e = PetscOptionsBool(name, help, "", b, &b, nullptr);
    value = b == PETSC_TRUE;
    return e;
  }
  template <class Enum>
  PetscErrorCode read(const char* name, const char* help, std::optional<Enum>& value) {
    std::vector<std::string> names = {"auto"};
    std::vector<std::optional<Enum>> values = {std::nullopt};
    add_choices(names, values);
    return read_one_of(name, help, names, values, value);
  }
  template <class Enum>
  PetscErrorCode read(const char* name, const char* help, Enum& value) {
    std::vector<std::string> names;
    std::vector<Enum> values;
    add_choices(names, values);
    return read_one_of(name, help, names, values, value);
  }
  template <class Value>
  static void add_choices(std::vector<std::string>& names, std::vector<std::optional<Value>>& values) {
    for (const Value choice : Choices<Value>::values)
      names.emplace_back(Choices<Value>::name(choice)), values.emplace_back(choice);
  }
  template <class Value>
  static void add_choices(std::vector<std::string>& names, std::vector<Value>& values) {
    for (const Value choice : Choices<Value>::values)
      names.emplace_back(Choices<Value>::name(choice)), values.push_back(choice);
  }
  template <class Value>
  PetscErrorCode read_one_of(const char* name, const char* help, const std::vector<std::string>& names,
                             const std::vector<Value>& values, Value& value) {
    std::vector<const char*> texts;
    texts.reserve(names.size());
    for (const std::string& text : names) texts.push_back(text.c_str());
    const auto current =
        static_cast<std::size_t>(std::find(values.begin(), values.end(), value) - values.begin());
    PetscInt place = static_cast<PetscInt>(current);
    PetscBool set = PETSC_FALSE;
    const PetscErrorCode e = PetscOptionsEList(
        name, help, "", texts.data(), static_cast<PetscInt>(texts.size()), texts[current], &place, &set);
    if (set) value = values[static_cast<std::size_t>(place)];
    return e;
  }

  PetscOptionItems* PetscOptionsObject;
  Options& options_;
  PetscErrorCode error_ = kNoError;
};

/// What the database has of a kernel: its name, and parameters of any kernel by their names.
struct KernelChoice {
  std::string name;
  std::vector<NamedParameter> parameters = {};

  /// Sets a parameter that has no value yet: PETSc's macros may read the database several times.
  void add(std::string_view parameter, double value) {
    const auto same = [&](const NamedParameter& other) { return other.name == parameter; };
    if (std::none_of(parameters.begin(), parameters.end(), same)) parameters.push_back({parameter, value});
  }
};

PetscErrorCode read(MPI_Comm comm, const char* prefix, Options& options, KernelChoice& kernel) {
  OCTOPOLE_PETSC_OPTIONS_BEGIN(comm, prefix, "octopole FMM", "");
  const std::vector<std::string_view> names = kernel_names();
  const std::string help = fmt::format("Kernel: {}", fmt::join(names, ", "));
  char name[64];
  PetscBool set = PETSC_FALSE;
  OCTOPOLE_PETSC_CALL(
      PetscOptionsString("-octopole_kernel", help.c_str(), "", kernel.name.c_str(), name, sizeof name, &set));
  if (set) kernel.name = name;
  for (const std::string_view of : names)
    for (const std::string_view parameter : kernel_parameter_names(of)) {
      std::string option = fmt::format("-octopole_{}", parameter);
      std::replace(option.begin() + 1, option.end(), '-', '_');
      PetscReal value = 0;
      OCTOPOLE_PETSC_CALL(PetscOptionsReal(option.c_str(), fmt::format("Parameter of {}", of).c_str(), "",
                                           value, &value, &set));
      if (set) kernel.add(parameter, value);
    }
  OptionReader reader(PetscOptionsObject, options);
  for_each_option(reader);
  OCTOPOLE_PETSC_CALL(reader.error());
  OCTOPOLE_PETSC_OPTIONS_END();
  return kNoError;
}

}  // namespace

Settings read_options(MPI_Comm comm, const Settings& defaults) {
  const QuietErrors quiet;
  Settings settings = defaults;
  KernelChoice kernel{std::string(defaults.kernel.name())};
  check(read(comm, settings.prefix.empty() ? nullptr : settings.prefix.c_str(), settings.fmm, kernel),
        "options database");
  mpi::collectively(mpi::Comm::duplicate(comm), [&] {  // on all ranks, as databases may differ
    if (kernel.name == defaults.kernel.name()) {       // its parameters stay where the database has none
      const auto values = defaults.kernel.parameters();
      std::size_t place = 0;
      for (const std::string_view name : defaults.kernel.parameter_names()) kernel.add(name, values[place++]);
    }
    settings.kernel = named_kernel(kernel.name, kernel.parameters);
  });
  return settings;
}

}  // namespace octopole::petsc
