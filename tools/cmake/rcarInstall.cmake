# What `cmake --install` lays down, in two parts that can be installed apart (--component): development, the headers with the
# files by which CMake and pkg-config find them, and programs, the command-line tools. All but the programs is the same on
# every processor, and names no folder of the machine that it was made on, so it can be moved.

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/rcar)
set(development COMPONENT development)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/rcarConfig.cmake.in rcarConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_DATADIR)
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(rcarConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/rcarConfig.cmake ${PROJECT_BINARY_DIR}/rcarConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/rcarComponents.cmake ${CMAKE_CURRENT_LIST_DIR}/rcarDependencies.cmake
  ${CMAKE_CURRENT_LIST_DIR}/rcarCuda.cmake DESTINATION ${package_dir} ${development})
foreach(component ${made_components})
  if(component STREQUAL rcar)
    install(TARGETS rcar EXPORT rcar-rcar)
  else()
    install(TARGETS rcar_${component} EXPORT rcar-${component})
  endif()
  install(EXPORT rcar-${component} NAMESPACE rcar:: FILE rcar-${component}.cmake DESTINATION ${package_dir} ${development})
endforeach()

install(DIRECTORY include/rcar DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${development})
install(FILES tools/compiled/cuda.cu tools/compiled/cuda_libraries.cpp DESTINATION ${CMAKE_INSTALL_DATADIR}/rcar ${development})  # rcar::cuda is built where it is used
install(FILES LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} ${development})

# --- pkg-config: rcar.pc, and rcar-<component>.pc for the others ----------------------------------------------------------

# Writes <build>/pkgconfig/rcar-<component>.pc. The paths of rcar are relative to the file; those of other libraries are where they
# were found, and only where the compiler does not look anyway.
function(rcar_pkg_config component)
  set(requires "")
  foreach(part ${rcar_parts_${component}})
    string(REPLACE rcar-rcar rcar name rcar-${part})
    list(APPEND requires "${name} = ${PROJECT_VERSION}")
  endforeach()
  set(cflags "")
  set(libs "")
  foreach(need ${rcar_needs_${component}})
    get_target_property(folder rcar::${need} INTERFACE_INCLUDE_DIRECTORIES)
    if(folder)
      list(APPEND cflags "-isystem ${folder}")
    endif()
    if(RCAR_${need}_LIBRARY)
      cmake_path(GET RCAR_${need}_LIBRARY PARENT_PATH folder)
      cmake_path(GET RCAR_${need}_LIBRARY STEM library)
      string(REGEX REPLACE "^lib" "" library ${library})
      if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
        list(APPEND libs -L${folder})
      endif()
      list(APPEND libs -l${library})
    endif()
  endforeach()
  if(component STREQUAL heads)
    list(PREPEND cflags -I\${includedir} -pthread)
    list(APPEND libs -pthread)
  endif()
  list(REMOVE_DUPLICATES cflags)
  list(REMOVE_DUPLICATES libs)
  foreach(list requires cflags libs)
    string(REPLACE ";" " " ${list} "${${list}}")
  endforeach()
  string(REPLACE " rcar" ", rcar" requires "${requires}")
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY ${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig
    OUTPUT_VARIABLE includedir)
  string(REPLACE rcar-rcar rcar name rcar-${component})
  file(CONFIGURE OUTPUT pkgconfig/${name}.pc @ONLY CONTENT [[
includedir=${pcfiledir}/@includedir@

Name: @name@
Description: rcar: @about@ (C++20: compile with -std=c++20)
Version: @PROJECT_VERSION@
Requires: @requires@
Cflags: @cflags@
Libs: @libs@
]])
  install(FILES ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig ${development})
endfunction()
foreach(component ${made_components})
  set(about ${rcar_about_${component}})
  rcar_pkg_config(${component})
endforeach()

# --- the programs --------------------------------------------------------------------------------------------------------

if(RCAR_BUILD_TOOLS)
  set(installed_programs rcar_command convert_keras_weights convert_torch_weights get_weights generate_clips prepare_ucf101)
  install(TARGETS ${installed_programs} RUNTIME COMPONENT programs)
  install(FILES weights/manifest.json DESTINATION ${CMAKE_INSTALL_DATADIR}/rcar/weights COMPONENT programs)  # get_weights looks there
endif()

if(PROJECT_IS_TOP_LEVEL AND RCAR_BUILD_TOOLS)
  include(tools/packaging/debian/rcarDebian.cmake)
endif()
