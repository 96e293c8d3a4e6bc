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
