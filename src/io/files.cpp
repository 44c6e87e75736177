#include "octopole/files.hpp"

#include "io/operator_file.hpp"
#include "io/points_file.hpp"

namespace octopole {

struct OperatorDatabase::Files {
  OperatorFile<double> in_double;
  OperatorFile<float> in_single;
};

OperatorDatabase::OperatorDatabase(const std::string& path)
    : files_(new Files{OperatorFile<double>(path), OperatorFile<float>(path)}) {}
OperatorDatabase::~OperatorDatabase() = default;
OperatorDatabase::OperatorDatabase(OperatorDatabase&&) noexcept = default;
OperatorDatabase& OperatorDatabase::operator=(OperatorDatabase&&) noexcept = default;

OperatorStores OperatorDatabase::stores() const {
  return {&files_->in_double, &files_->in_single};
}

Points read_points(MPI_Comm comm, const std::string& path) {
  return read_points(mpi::Comm::duplicate(comm), path, {});
}

void write_field(MPI_Comm comm, const std::string& path, const Field& field) {
  const mpi::Comm ranks = mpi::Comm::duplicate(comm);
  const auto own = static_cast<Index>(field.potential.size());
  const Index first = ranks.exclusive_sum(own), rows = ranks.sum(own);
  std::vector<Table> tables = {table_of("/targets/potential", rows, first, 1, field.potential)};
  const bool with_gradient = ranks.any(!field.gradient.empty());
  if (ranks.any(with_gradient && field.gradient.size() != 3 * field.potential.size()))
    throw AgreedError(
        "'" + path +
            "' cannot be written: the fields of some ranks have no gradient, or not three numbers "
            "per target",
        "evaluate the same output on every rank");
  if (with_gradient) tables.push_back(table_of("/targets/gradient", rows, first, 3, field.gradient));
  write_tables(ranks, path, tables, {});
}

}  // namespace octopole
