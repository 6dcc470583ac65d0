# The CUDA back end's target, rcar::cuda, where there is what it needs: nvcc 13, the runtime, CCCL (Thrust), cuBLAS and
# cuDNN 9, from NVIDIA's toolkit or from its packages for pip (tools/cuda_toolkit fetches those). Where something is
# missing, one line says what, and everything else is built. The build and the installed package both include this file.
#
#   RCAR_CUDA_SOURCE, RCAR_CUDA_INCLUDE   its source, beside which the other one lies, and the folder of headers (set by those who include this)
#   RCAR_CUDA                  OFF: do not look for CUDA
#   CMAKE_CUDA_COMPILER        nvcc, where it is not on the path (or the environment variable CUDACXX)
#   CMAKE_CUDA_ARCHITECTURES   for which GPUs (default: Turing, Ampere, Hopper, and what comes after them by PTX)

option(RCAR_CUDA "Build the CUDA back end where nvcc, cuBLAS and cuDNN are installed" ON)
set(RCAR_CUDA_FOUND FALSE)
if(NOT RCAR_CUDA)
  return()
endif()

if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  find_program(RCAR_NVCC nvcc HINTS ${PROJECT_BINARY_DIR}/cuda/bin /usr/local/cuda/bin)
  mark_as_advanced(RCAR_NVCC)
  if(RCAR_NVCC)
    set(CMAKE_CUDA_COMPILER ${RCAR_NVCC})
  endif()
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 90)
endif()
if(NOT DEFINED CMAKE_CUDA_HOST_COMPILER AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
endif()
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  message(STATUS "No CUDA back end: nvcc is missing (tools/cuda_toolkit fetches it, or install NVIDIA's CUDA toolkit 13).")
  return()
endif()
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 13)
  message(STATUS "No CUDA back end: nvcc ${CMAKE_CUDA_COMPILER_VERSION} is too old; 13.0 or newer is needed.")
  return()
endif()

# The folder above bin/nvcc holds include and lib, or lib64, in the toolkit and in pip's packages alike; nvcc may be a
# script that starts another one, whose folder CMake has found.
get_filename_component(nvcc ${CMAKE_CUDA_COMPILER} REALPATH)
cmake_path(GET nvcc PARENT_PATH root)
cmake_path(GET root PARENT_PATH root)
set(missing "")
foreach(library cublasLt cudnn)
  string(TOUPPER ${library} name)
  find_path(RCAR_${library}_INCLUDE_DIR ${library}.h HINTS ${root}/include
    ${CMAKE_CUDA_COMPILER_TOOLKIT_ROOT}/include)
  find_library(RCAR_${library}_LIBRARY NAMES ${library} lib${library}.so.13 lib${library}.so.9 
    HINTS ${root}/lib64 ${root}/lib ${CMAKE_CUDA_COMPILER_TOOLKIT_ROOT}/lib64 ${CMAKE_CUDA_COMPILER_TOOLKIT_ROOT}/lib)
  mark_as_advanced(RCAR_${library}_INCLUDE_DIR RCAR_${library}_LIBRARY)
  if(NOT RCAR_${library}_INCLUDE_DIR OR NOT RCAR_${library}_LIBRARY)
    list(APPEND missing ${library})
  endif()
endforeach()
if(missing)
  list(JOIN missing " and " missing)
  message(STATUS "No CUDA back end: ${missing} of NVIDIA are missing (tools/cuda_toolkit fetches them).")
  return()
endif()

# cuBLASLt and cuDNN are opened when a GPU is used, so that a program with rcar::cuda also runs where they are missing. The
# build's own programs find them where they were found; others, where the system or LD_LIBRARY_PATH says.
cmake_path(GET RCAR_CUDA_SOURCE PARENT_PATH sources)
add_library(rcar_cuda STATIC EXCLUDE_FROM_ALL ${RCAR_CUDA_SOURCE} ${sources}/cuda_libraries.cpp)
foreach(library cublasLt cudnn)
  cmake_path(GET RCAR_${library}_LIBRARY PARENT_PATH folder)
  list(APPEND CMAKE_BUILD_RPATH ${folder})
endforeach()
list(REMOVE_DUPLICATES CMAKE_BUILD_RPATH)
add_library(rcar::cuda ALIAS rcar_cuda)
set_target_properties(rcar_cuda PROPERTIES CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES}"
  CUDA_RUNTIME_LIBRARY Static)
target_include_directories(rcar_cuda PUBLIC ${RCAR_CUDA_INCLUDE}
  PRIVATE ${RCAR_cublasLt_INCLUDE_DIR} ${RCAR_cudnn_INCLUDE_DIR})
# CMake 3.25 does not know nvcc's C++20. --threads 0: the architectures side by side.
target_compile_options(rcar_cuda PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20 --threads 0>)
target_compile_features(rcar_cuda PRIVATE cxx_std_20)
target_link_libraries(rcar_cuda PUBLIC Threads::Threads ${CMAKE_DL_LIBS})
set(RCAR_CUDA_FOUND TRUE)
message(STATUS "CUDA back end: nvcc ${CMAKE_CUDA_COMPILER_VERSION}, architectures ${CMAKE_CUDA_ARCHITECTURES}")
