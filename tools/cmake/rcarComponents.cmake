# rcar's components, what each needs, and the Debian package that brings it. The build, the installed package and the packages
# for Debian, Conan and vcpkg go by this one list. As a script it prints the Debian packages of all components, a line each:
#
#   cmake -P tools/cmake/rcarComponents.cmake

# rcar_dependency_<name>: a header that is included (by any of its names), the library, the Debian package that brings both.
set(rcar_dependency_xtl HEADER xtl/xtl_config.hpp PACKAGE xtl-dev)
set(rcar_dependency_xtensor HEADER xtensor/xtensor.hpp xtensor/containers/xtensor.hpp PACKAGE libxtensor-dev)
set(rcar_dependency_xtensor_blas HEADER xtensor-blas/xlinalg.hpp PACKAGE libxtensor-blas-dev)
set(rcar_dependency_openblas LIBRARY openblas PACKAGE libopenblas-dev)
foreach(module avformat avcodec swscale avutil)
  set(rcar_dependency_${module} HEADER lib${module}/${module}.h LIBRARY ${module} PACKAGE lib${module}-dev)
endforeach()
foreach(module core imgproc imgcodecs)
  set(rcar_dependency_opencv_${module} HEADER opencv2/${module}.hpp LIBRARY opencv_${module} opencv_${module}4 SUFFIXES opencv4
    PACKAGE libopencv-${module}-dev)
endforeach()
set(rcar_dependency_crypto HEADER openssl/evp.h LIBRARY crypto PACKAGE libssl-dev)
set(rcar_dependency_gif HEADER gif_lib.h LIBRARY gif PACKAGE libgif-dev)
set(rcar_dependency_hdf5 HEADER hdf5.h LIBRARY hdf5_serial hdf5 SUFFIXES hdf5/serial PACKAGE libhdf5-dev)
set(rcar_dependency_zip HEADER zip.h LIBRARY zip PACKAGE libzip-dev)

# A component is a target, rcar::<component>: other components and what it needs beside them. Parts stand before the whole.
# rcar::cuda, which is compiled, has a file of its own, rcarCuda.cmake.
set(rcar_components heads video blas rcar keras report)
set(rcar_about_heads "networks, recurrent heads, training, data lists, weight files")
set(rcar_needs_heads xtl xtensor crypto)
set(rcar_about_video "clips to frames, GIFs")
set(rcar_parts_video heads)
set(rcar_needs_video opencv_core opencv_imgproc avformat avcodec swscale avutil gif)
set(rcar_about_blas "the back end on OpenBLAS")
set(rcar_parts_blas heads)
set(rcar_needs_blas xtensor_blas openblas)
set(rcar_about_rcar "train, evaluate and run CNN + RNN video classifiers")
set(rcar_parts_rcar heads video blas)
set(rcar_about_keras "Keras's and PyTorch's weight files")
set(rcar_parts_keras heads)
set(rcar_needs_keras hdf5 zip)
set(rcar_about_report "tables and pictures of a run")
set(rcar_parts_report rcar)
set(rcar_needs_report opencv_imgcodecs)

# The Debian packages that components need, each once.
function(rcar_packages out)
  set(packages "")
  foreach(component ${ARGN})
    foreach(need ${rcar_needs_${component}})
      cmake_parse_arguments(arg "" "PACKAGE" "HEADER" ${rcar_dependency_${need}})
      list(APPEND packages ${arg_PACKAGE})
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES packages)
  set(${out} ${packages} PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  rcar_packages(packages ${rcar_components})
  foreach(package ${packages})
    execute_process(COMMAND ${CMAKE_COMMAND} -E echo ${package})
  endforeach()
endif()
