# Finds what rcar uses and makes one imported target of each: rcar::opencv_core, rcar::hdf5, ... The build and the
# installed package both include this file. Only the modules that are used are asked for, so that a bare machine need not
# install all of OpenCV; whatever is missing is listed at once, a line each, with the package that brings it.

include_guard(GLOBAL)
find_package(Threads REQUIRED)
set_property(GLOBAL PROPERTY rcar_missing "")

# rcar_dependency(<target> HEADER <file> PACKAGE <apt package> [LIBRARY <names>...] [SUFFIXES <include folders>...])
function(rcar_dependency target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;PACKAGE" "LIBRARY;SUFFIXES")
  if(TARGET rcar::${target})
    return()
  endif()
  find_path(RCAR_${target}_INCLUDE_DIR ${arg_HEADER} PATH_SUFFIXES ${arg_SUFFIXES})
  mark_as_advanced(RCAR_${target}_INCLUDE_DIR)
  set(found ${RCAR_${target}_INCLUDE_DIR})
  if(found AND arg_LIBRARY)
    find_library(RCAR_${target}_LIBRARY NAMES ${arg_LIBRARY})
    mark_as_advanced(RCAR_${target}_LIBRARY)
    set(found ${RCAR_${target}_LIBRARY})
  endif()
  if(NOT found)
    set_property(GLOBAL APPEND PROPERTY rcar_missing
      "  <${arg_HEADER}> or its library is missing: apt install ${arg_PACKAGE}")
    return()
  endif()
  add_library(rcar::${target} INTERFACE IMPORTED GLOBAL)
  # Folders that the compiler searches anyway are left out: naming /usr/include changes the order of the search.
  if(NOT RCAR_${target}_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    target_include_directories(rcar::${target} SYSTEM INTERFACE ${RCAR_${target}_INCLUDE_DIR})
    set_property(GLOBAL APPEND PROPERTY rcar_include_folders ${RCAR_${target}_INCLUDE_DIR})
  endif()
  if(arg_LIBRARY)
    target_link_libraries(rcar::${target} INTERFACE ${RCAR_${target}_LIBRARY})
  endif()
endfunction()

# Ends the configuration with the list of what is missing, if anything is.
function(rcar_dependencies_found)
  get_property(missing GLOBAL PROPERTY rcar_missing)
  if(missing)
    list(JOIN missing "\n" lines)
    message(FATAL_ERROR "rcar needs libraries that are not here (tools/setup installs all of them on Debian):\n${lines}")
  endif()
endfunction()

rcar_dependency(xtl HEADER xtl/xtl_config.hpp PACKAGE xtl-dev)
rcar_dependency(xtensor HEADER xtensor/xtensor.hpp PACKAGE libxtensor-dev)
rcar_dependency(xtensor_blas HEADER xtensor-blas/xlinalg.hpp PACKAGE libxtensor-blas-dev)
rcar_dependency(openblas HEADER cblas.h LIBRARY openblas PACKAGE libopenblas-dev SUFFIXES openblas openblas-pthread)
foreach(module core imgproc videoio imgcodecs)
  rcar_dependency(opencv_${module} HEADER opencv2/${module}.hpp LIBRARY opencv_${module} SUFFIXES opencv4
    PACKAGE libopencv-${module}-dev)
endforeach()
rcar_dependency(crypto HEADER openssl/evp.h LIBRARY crypto PACKAGE libssl-dev)
rcar_dependency(gif HEADER gif_lib.h LIBRARY gif PACKAGE libgif-dev)
rcar_dependency(hdf5 HEADER hdf5.h LIBRARY hdf5_serial hdf5 SUFFIXES hdf5/serial PACKAGE libhdf5-dev)
rcar_dependency(zip HEADER zip.h LIBRARY zip PACKAGE libzip-dev)
