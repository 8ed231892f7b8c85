# Compiles go through the launcher of distcc-build.  Either of
#
#   find_package(DistccBuild)                      after project(), before the targets
#   -DCMAKE_PROJECT_TOP_LEVEL_INCLUDES=THIS_FILE   without an edit of the project (CMake 3.24)
#
# Sets, where the user has not: CMAKE_<LANG>_COMPILER_LAUNCHER, and under Ninja a pool for links.
# The command stays the same whether servers are found or distribution is switched off, so that
# nothing is rebuilt; the launcher decides at run time.  Variables of the directory, not of the
# cache and not of the environment: checks at configure time do not see them, and they go away
# together with the line that asked for them.

cmake_policy(PUSH)
cmake_policy(VERSION 3.18...4.0)

# The launcher of the installation that this file is part of: PREFIX/share/cmake/DistccBuild or
# PREFIX/lib/python3.N/site-packages/distcc_build/integrations/cmake.
set(_distcc_build_up "${CMAKE_CURRENT_LIST_DIR}")
set(_distcc_build_launcher "")
foreach(_distcc_build_level RANGE 6)
  get_filename_component(_distcc_build_up "${_distcc_build_up}" DIRECTORY)
  foreach(_distcc_build_name libexec/distcc-build/distcc bin/distcc-launch)
    if(NOT _distcc_build_launcher AND EXISTS "${_distcc_build_up}/${_distcc_build_name}")
      set(_distcc_build_launcher "${_distcc_build_up}/${_distcc_build_name}")
    endif()
  endforeach()
endforeach()
if(NOT _distcc_build_launcher)
  # An editable install keeps this file and the launcher apart.
  find_program(DISTCC_BUILD_LAUNCHER distcc-launch)
  mark_as_advanced(DISTCC_BUILD_LAUNCHER)
  if(DISTCC_BUILD_LAUNCHER)
    set(_distcc_build_launcher "${DISTCC_BUILD_LAUNCHER}")
  endif()
endif()

# Put into RESULT the launcher of a language that has the launcher GIVEN (a list, perhaps empty).
function(_distcc_build_compose result given)
  set(names "")
  foreach(word IN LISTS given)
    get_filename_component(name "${word}" NAME)
    list(APPEND names "${name}")
  endforeach()
  if(given STREQUAL "")
    set(${result} "${_distcc_build_launcher}" PARENT_SCOPE)
  elseif("ccache" IN_LIST names AND NOT given MATCHES "CCACHE_PREFIX="
         AND NOT DEFINED ENV{CCACHE_PREFIX} AND NOT _distcc_build_launcher MATCHES "[ \t]")
    # `ccache;launcher` caches nothing: ccache takes the launcher for the compiler and the compiler
    # for a source file.  It splits the prefix at blanks, so a path with one cannot be told to it.
    set(${result} "env;CCACHE_PREFIX=${_distcc_build_launcher};${given}" PARENT_SCOPE)
  else()
    set(${result} "${given}" PARENT_SCOPE)
  endif()
endfunction()

if(_distcc_build_launcher)
  foreach(_distcc_build_lang C CXX OBJC OBJCXX)
    set(_distcc_build_given "${CMAKE_${_distcc_build_lang}_COMPILER_LAUNCHER}")
    if(_distcc_build_given STREQUAL "")
      # CMake reads it later than this when the file is included by the first project().
      set(_distcc_build_given "$ENV{CMAKE_${_distcc_build_lang}_COMPILER_LAUNCHER}")
    endif()
    _distcc_build_compose(CMAKE_${_distcc_build_lang}_COMPILER_LAUNCHER "${_distcc_build_given}")
  endforeach()

  if(CMAKE_GENERATOR MATCHES "Ninja" AND NOT CMAKE_JOB_POOL_LINK)
    # At a job count that fits the farm, links would all start here at once.
    get_property(_distcc_build_pools GLOBAL PROPERTY JOB_POOLS)
    if(NOT _distcc_build_pools MATCHES "distcc_build_link=")
      cmake_host_system_information(RESULT _distcc_build_cores QUERY NUMBER_OF_LOGICAL_CORES)
      set_property(GLOBAL APPEND PROPERTY JOB_POOLS "distcc_build_link=${_distcc_build_cores}")
    endif()
    set(CMAKE_JOB_POOL_LINK distcc_build_link)
  endif()

  # A target takes the launcher that is set when it is defined.
  get_property(_distcc_build_early DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
  get_property(_distcc_build_warned GLOBAL PROPERTY DISTCC_BUILD_WARNED)
  if(_distcc_build_early AND NOT _distcc_build_warned)
    set(_distcc_build_late "")
    foreach(_distcc_build_target IN LISTS _distcc_build_early)
      get_target_property(_distcc_build_type ${_distcc_build_target} TYPE)
      get_target_property(_distcc_build_has ${_distcc_build_target} CXX_COMPILER_LAUNCHER)
      if(_distcc_build_type MATCHES "EXECUTABLE|(STATIC|SHARED|MODULE|OBJECT)_LIBRARY"
         AND NOT _distcc_build_has)
        list(APPEND _distcc_build_late ${_distcc_build_target})
      endif()
    endforeach()
    if(_distcc_build_late)
      set_property(GLOBAL PROPERTY DISTCC_BUILD_WARNED TRUE)
      message(WARNING "find_package(DistccBuild) comes after the targets ${_distcc_build_late}, "
                      "which are compiled locally; move it up to right after project().")
    endif()
  endif()

  if(NOT DistccBuild_FIND_QUIETLY)
    get_property(_distcc_build_said GLOBAL PROPERTY DISTCC_BUILD_SAID)
    if(NOT _distcc_build_said)
      set_property(GLOBAL PROPERTY DISTCC_BUILD_SAID TRUE)
      list(JOIN CMAKE_CXX_COMPILER_LAUNCHER " " _distcc_build_words)
      message(STATUS "DistccBuild: compiling through ${_distcc_build_words}")
    endif()
  endif()
else()
  set(DistccBuild_FOUND FALSE)
  set(DistccBuild_NOT_FOUND_MESSAGE
      "distcc-launch is neither in the installation of ${CMAKE_CURRENT_LIST_FILE} nor on PATH")
endif()

cmake_policy(POP)
