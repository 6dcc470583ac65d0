# Installs rcar into a fresh folder, moves it, builds the outside project beside this file against it and runs it:
#   cmake -D source=... -D build=... -D compiler=... -D generator=... -P check.cmake

cmake_minimum_required(VERSION 3.25)
set(work ${build}/package)
file(REMOVE_RECURSE ${work})

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "Failed (${code}): ${command}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${build} --prefix ${work}/staged)
file(RENAME ${work}/staged ${work}/installed)  # an installed library names no folder of where it was built
run(${CMAKE_COMMAND} -S ${source}/tests/package -B ${work}/build -G ${generator} -D CMAKE_BUILD_TYPE=Release
  -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_PREFIX_PATH=${work}/installed
  -D CMAKE_CUDA_ARCHITECTURES=90)  # one is enough to see that it builds
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/build/user)
run(${work}/build/keras_user)
if(EXISTS ${work}/build/cuda_user)
  run(${work}/build/cuda_user)
endif()
