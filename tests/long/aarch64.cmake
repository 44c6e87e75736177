# Toolchain: Debian's cross compiler for aarch64, arm64 libraries in the folder OCTOPOLE_ARM64 (arm64_libraries.bash), and
# qemu-user to run what is built.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES OCTOPOLE_ARM64)

# The compiler has a C and a C++ library of its own; all others are in the folder.
set(CMAKE_FIND_ROOT_PATH ${OCTOPOLE_ARM64})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(PKG_CONFIG_EXECUTABLE "" CACHE FILEPATH "pkg-config knows this machine's libraries alone")
set(arm64 ${OCTOPOLE_ARM64}/usr/lib/aarch64-linux-gnu)
set(CMAKE_LIBRARY_PATH ${arm64}/openblas-pthread ${arm64}/openmpi/lib)
set(folders ${arm64}:${OCTOPOLE_ARM64}/lib/aarch64-linux-gnu:${arm64}/openblas-pthread:${arm64}/openmpi/lib:${arm64}/hdf5/openmpi)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${folders}")
set(CMAKE_SKIP_BUILD_RPATH ON)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64;-L;${OCTOPOLE_ARM64};-E;LD_LIBRARY_PATH=${folders})

set(MPI_CXX_COMPILER ${OCTOPOLE_ARM64}/mpicxx CACHE FILEPATH "")
set(HDF5_C_COMPILER_EXECUTABLE "" CACHE FILEPATH "")
set(HDF5_C_INCLUDE_DIR ${OCTOPOLE_ARM64}/usr/include/hdf5/openmpi CACHE PATH "")
set(HDF5_hdf5_LIBRARY_RELEASE ${arm64}/hdf5/openmpi/libhdf5.so CACHE FILEPATH "")
