#include "mpi/finalize.hpp"

#include <dlfcn.h>
#include <link.h>
#include <mpi.h>

#include <string>
#include <string_view>
#include <vector>

namespace octopole::mpi {
namespace {

/// The files of the components that are loaded, which Open MPI names mca_<framework>_<component>.so.
std::vector<std::string> loaded_components() {
  std::vector<std::string> files;
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* list) {
        if (std::string_view(object->dlpi_name).find("/mca_") != std::string_view::npos)
          static_cast<std::vector<std::string>*>(list)->emplace_back(object->dlpi_name);
        return 0;
      },
      &files);
  return files;
}

}  // namespace

void finalize() {
  for (const std::string& file : loaded_components())
    dlopen(file.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  MPI_Finalize();
}

}  // namespace octopole::mpi
