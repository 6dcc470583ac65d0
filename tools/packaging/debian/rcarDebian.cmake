# `cpack -B DIR` in the build folder makes two Debian packages:
#
#   librcar-dev   headers, CMake and pkg-config files; for every processor. It depends on what the components need, by the
#                 list of rcarComponents.cmake
#   rcar          the programs; it depends on the shared libraries that they are linked to
#
# RCAR_PACKAGE_CONTACT names who answers for the packages: set it to yourself when you hand them on.

set(RCAR_PACKAGE_CONTACT "rcar contributors <contributors@rcar.invalid>" CACHE STRING "Maintainer of the Debian packages")

rcar_packages(depends ${rcar_components})
list(JOIN depends ", " depends)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${RCAR_PACKAGE_CONTACT})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "recurrent convolutional action recognition in C++20")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL development programs)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/rcarDebianFiles.cmake)
set(CPACK_RCAR_CHANGELOG ${PROJECT_SOURCE_DIR}/CHANGELOG.md)  # for that script
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Headers to train, evaluate and run CNN + RNN video classifiers, with the
numbers of Keras and no Python at run time. A template library: the
backbone, its image dimension, the recurrent cell and the sequence length
are one type, and a wrong combination does not compile.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME librcar-dev)
set(CPACK_DEBIAN_DEVELOPMENT_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS ${depends})
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_RECOMMENDS "g++ (>= 4:12), cmake (>= 3.25), pkgconf")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "rcar")

set(CPACK_COMPONENT_PROGRAMS_DESCRIPTION "Programs to train, evaluate and run CNN + RNN video classifiers from the
command line: the program rcar, converters for the weight files of Keras
and PyTorch, and a downloader of published ImageNet weights.")
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME rcar)
set(CPACK_DEBIAN_PROGRAMS_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SUGGESTS "librcar-dev")

include(CPack)
