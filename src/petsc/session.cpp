#include "petsc/session.hpp"

#include <petscsys.h>

#include <string_view>

#include "petsc/handles.hpp"
#include "petsc/log.hpp"

namespace octopole::petsc {

Session::Session(MPI_Comm comm, const std::vector<std::string>& options, const std::string& help)
    : texts_(options) {
  texts_.insert(texts_.begin(), {"octopole", "-no_signal_handler"});
  for (std::string& text : texts_) arguments_.push_back(text.data());
  arguments_.push_back(nullptr);
  PETSC_COMM_WORLD = comm;
  int count = static_cast<int>(texts_.size());
  char** arguments = arguments_.data();
  if (PetscInitialize(&count, &arguments, nullptr, help.empty() ? nullptr : help.c_str()) != 0)
    throw Error("PETSc could not be initialised; see its message above");
  initialize();
}

Session::~Session() {
  (void)PetscFinalize();
}

std::vector<std::string> Session::unused_options() const {
  PetscInt count = 0;
  char **names = nullptr, **values = nullptr;
  check(PetscOptionsLeftGet(nullptr, &count, &names, &values), "PetscOptionsLeftGet");
  std::vector<std::string> unused;
  for (PetscInt i = 0; i < count; ++i)
    if (std::string_view(names[i]) != "options_left")  // read by PetscFinalize
      unused.push_back(std::string("-") + names[i]);
  check(PetscOptionsLeftRestore(nullptr, &count, &names, &values), "PetscOptionsLeftRestore");
  return unused;
}

bool Session::wants_help() const {
  PetscBool help = PETSC_FALSE;
  check(PetscOptionsHasHelp(nullptr, &help), "PetscOptionsHasHelp");
  return help == PETSC_TRUE;
}

}  // namespace octopole::petsc
