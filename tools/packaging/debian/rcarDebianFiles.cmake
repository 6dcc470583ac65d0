# What a Debian package holds beside what is installed: copyright and changelog below share/doc/<package>. CPack runs this
# between laying the files out and packing them.

file(GLOB roots ${CPACK_TEMPORARY_DIRECTORY}/*/usr)
foreach(root ${roots})
  cmake_path(GET root PARENT_PATH component_folder)
  cmake_path(GET component_folder FILENAME component)
  string(TOUPPER ${component} component)
  set(doc ${root}/share/doc/${CPACK_DEBIAN_${component}_PACKAGE_NAME})
  file(REMOVE_RECURSE ${root}/share/doc)
  file(MAKE_DIRECTORY ${doc})
  configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright ${doc}/copyright COPYONLY)
  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, where it is set
  file(WRITE ${doc}/changelog "rcar (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
    "  * Version ${CPACK_PACKAGE_VERSION}; CHANGELOG.md beside this file says what changed.\n\n"
    " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  configure_file(${CPACK_RCAR_CHANGELOG} ${doc}/CHANGELOG.md COPYONLY)
  execute_process(COMMAND gzip -9n ${doc}/changelog ${doc}/CHANGELOG.md COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB_RECURSE files LIST_DIRECTORIES FALSE ${root}/share/* ${root}/include/*)
  file(CHMOD ${files} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endforeach()
