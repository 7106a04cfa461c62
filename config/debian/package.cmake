# The Debian package: what is installed where, and what CPack makes of it. scripts/package runs it.

set(made ${CMAKE_BINARY_DIR}/package)

# The configuration is config/alcove.toml with the one value that a service needs otherwise.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS config/alcove.toml LICENSE docs/alcove.1)
file(READ config/alcove.toml shipped)
string(REPLACE
  "# The data folder.\ndata = \"./data\""
  "# The data folder. The service can write nowhere else; the default is ./data.\ndata = \"/var/lib/alcove\""
  packaged "${shipped}")
if(packaged STREQUAL shipped)
  message(FATAL_ERROR "config/alcove.toml no longer has the lines on store.data that the package replaces")
endif()
file(CONFIGURE OUTPUT ${made}/alcove.toml CONTENT "${packaged}" @ONLY)

# Of libraries that are headers alone a part stands in the program, so their terms go with it. Boost's ask for nothing in
# programs.
file(READ LICENSE copyright)
foreach(library libcli11-dev libspdlog-dev libtomlplusplus-dev libxxhash-dev rapidjson-dev)
  if(EXISTS /usr/share/doc/${library}/copyright)
    file(READ /usr/share/doc/${library}/copyright terms)
    string(APPEND copyright "\n\n======== compiled in from Debian's ${library} ========\n\n${terms}")
  endif()
endforeach()
file(WRITE ${made}/copyright "${copyright}")

set(CPACK_PACKAGE_CONTACT "The Alcove authors <alcove@localhost>" CACHE STRING "Maintainer of the Debian package")
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${made}/changelog
  "alcove (${PROJECT_VERSION}) unstable; urgency=medium\n\n"
  "  * What has changed stands in CHANGELOG.md.\n\n"
  " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
foreach(page ${made}/changelog ${CMAKE_SOURCE_DIR}/docs/alcove.1)
  get_filename_component(name ${page} NAME)
  execute_process(COMMAND gzip -9nc ${page} OUTPUT_FILE ${made}/${name}.gz COMMAND_ERROR_IS_FATAL ANY)
endforeach()

install(TARGETS alcove RUNTIME DESTINATION bin)
install(FILES ${made}/alcove.toml DESTINATION /etc/alcove)
install(FILES config/alcove.service DESTINATION /lib/systemd/system)
install(FILES ${made}/alcove.1.gz DESTINATION share/man/man1)
install(FILES ${made}/copyright ${made}/changelog.gz README.md CHANGELOG.md DESTINATION share/doc/alcove)
install(DIRECTORY docs DESTINATION share/doc/alcove FILES_MATCHING PATTERN *.md)
install(FILES config/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME alcove)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME alcove)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "persistence server for integrations")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/../package)
set(CPACK_SET_DESTDIR ON) # /etc and /lib are not below the prefix
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # the tests are no part of it
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Keeps small state for integrations in namespaces of end users, workspaces and
external keys: keys with conditional writes, atomic transactions, time to live
and ordered lists, files of any size, watches and webhooks, over HTTP.
.
This package has the server, its systemd service and the command line.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates) # for webhooks over https
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/config/debian/conffiles ${CMAKE_SOURCE_DIR}/config/debian/postinst
  ${CMAKE_SOURCE_DIR}/config/debian/prerm ${CMAKE_SOURCE_DIR}/config/debian/postrm)
include(CPack)
