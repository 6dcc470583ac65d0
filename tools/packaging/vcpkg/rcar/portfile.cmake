# An overlay port that installs the source tree in which it stands:
#
#   vcpkg install rcar[keras] --overlay-ports=tools/packaging/vcpkg --triplet=x64-linux-dynamic

set(VCPKG_BUILD_TYPE release)  # headers only
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH SOURCE_PATH)
foreach(folder vcpkg packaging tools)
  cmake_path(GET SOURCE_PATH PARENT_PATH SOURCE_PATH)
endforeach()

set(components heads)
foreach(feature IN ITEMS blas video keras report)
  if(feature IN_LIST FEATURES)
    list(APPEND components ${feature})
  endif()
endforeach()
if("blas" IN_LIST FEATURES AND "video" IN_LIST FEATURES)
  list(APPEND components rcar)
endif()

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    "-DRCAR_COMPONENTS=${components}"
    -DRCAR_CUDA=OFF
    -DRCAR_BUILD_TESTS=OFF
    -DRCAR_BUILD_EXAMPLES=OFF
    -DRCAR_BUILD_TOOLS=OFF
    -DRCAR_BUILD_BENCH=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/rcar)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/doc")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
