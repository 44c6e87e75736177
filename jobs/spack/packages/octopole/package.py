# Spack recipe of octopole. It builds the source tree that spack dev-build is called in: docs/installation.md.
from spack.package import *


class Octopole(CMakePackage):
    """A distributed, kernel-independent fast multipole method in C++20."""

    license("BSD-3-Clause")

    version("main")

    variant("shared", default=True, description="Build shared libraries")
    variant("program", default=True, description="Build the program octopole")
    variant("petsc", default=False, description="Build octopole::petsc, and with it octopole capacitance")
    variant("planner", default=True, description="Build the planner, and with it octopole plan")
    variant("bem", default=True, description="Build boundary elements, and with them octopole generate mesh")

    depends_on("c", type="build")  # CMake's FindHDF5 compiles a C program
    depends_on("cxx", type="build")
    depends_on("cmake@3.22:", type="build")
    depends_on("pkgconfig", type="build", when="+petsc")

    depends_on("mpi")
    depends_on("hdf5+mpi")
    depends_on("fftw@3:")
    depends_on("eigen@3.4:", type="build")
    depends_on("lapack")
    depends_on("fmt")
    depends_on("cli11", when="+program")
    depends_on("nlohmann-json@3.9:", when="+program")
    depends_on("petsc@3.15:+mpi~complex+double", when="+petsc")

    conflicts("%gcc@:10", msg="octopole needs C++20")
    conflicts("%clang@:13", msg="octopole needs C++20")

    def cmake_args(self):
        return [
            self.define("OCTOPOLE_TESTS", False),
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("OCTOPOLE_PROGRAM", "program"),
            self.define_from_variant("OCTOPOLE_PETSC", "petsc"),
            self.define_from_variant("OCTOPOLE_PLANNER", "planner"),
            self.define_from_variant("OCTOPOLE_BEM", "bem"),
        ]
