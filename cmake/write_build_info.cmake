# Run by the target octopole_build_info at every build; see OctopoleBuildInfo.cmake.
if(NOT GIT_DESCRIBE AND GIT AND EXISTS "${SOURCE_DIR}/.git")
  execute_process(COMMAND "${GIT}" describe --tags --always --dirty --abbrev=12
    WORKING_DIRECTORY "${SOURCE_DIR}"
    OUTPUT_VARIABLE GIT_DESCRIBE OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT GIT_DESCRIBE)
  set(GIT_DESCRIBE "unknown")
endif()

set(text "#pragma once\n")
foreach(name VERSION GIT_DESCRIBE COMPILER FLAGS)
  string(REPLACE "\\" "\\\\" value "${${name}}")
  string(REPLACE "\"" "\\\"" value "${value}")
  string(APPEND text "#define OCTOPOLE_BUILD_${name} \"${value}\"\n")
endforeach()

set(previous "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" previous)
endif()
if(NOT previous STREQUAL text)
  file(WRITE "${OUTPUT}" "${text}")
endif()
