// Initialises PETSc for the test program; errors are returned, not printed.
#include <gtest/gtest.h>
#include <petscsys.h>

namespace {

class Petsc : public testing::Environment {
 public:
  void SetUp() override {
    ASSERT_EQ(0, PetscInitializeNoArguments());
    ASSERT_EQ(0, PetscPushErrorHandler(PetscReturnErrorHandler, nullptr));
  }
  void TearDown() override { ASSERT_EQ(0, PetscFinalize()); }
};

[[maybe_unused]] const testing::Environment* const kPetsc = testing::AddGlobalTestEnvironment(new Petsc);

}  // namespace
