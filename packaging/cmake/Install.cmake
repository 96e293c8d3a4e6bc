# SPDX-License-Identifier: Apache-2.0
# Where each part goes on a user's machine.
install(TARGETS llmgw RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
file(GLOB man_pages CONFIGURE_DEPENDS man/*.1)
install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES completions/llmgw.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME llmgw)
install(FILES completions/_llmgw DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES completions/llmgw.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# At install time, because `cmake --install --prefix` may name another folder than was configured.
install(CODE "
    get_filename_component(LLMGW_BINARY
        \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/llmgw\" ABSOLUTE)
    configure_file(\"${CMAKE_SOURCE_DIR}/packaging/systemd/llmgw.service.in\"
        \"${CMAKE_BINARY_DIR}/llmgw.service\" @ONLY)")
install(FILES ${CMAKE_BINARY_DIR}/llmgw.service DESTINATION lib/systemd/user)
