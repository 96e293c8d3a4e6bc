// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include "cli/args.h"
#include "cli/output.h"

namespace {

/// A file opened later must not become stdin, stdout or stderr because the caller closed them.
/// Output to a closed stdout still fails: /dev/null is opened for reading only.
void hold_standard_streams() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (::fcntl(fd, F_GETFD) == -1) {
            static_cast<void>(::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY));
        }
    }
}

int run(int argc, char** argv) {
    llmgw::GlobalOptions global;
    const auto action = llmgw::parse_args({argv + (argc > 0 ? 1 : 0), argv + argc}, global);
    if (!action) {
        return llmgw::print_error(global, action.error());
    }
    const auto code = (*action)();
    return code ? *code : llmgw::print_error(global, code.error());
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // writes report EPIPE instead
    hold_standard_streams();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        llmgw::write_err(std::string("llmgw: bug: ") + error.what() + "\n");
    } catch (...) {
        llmgw::write_err("llmgw: bug: an unknown exception\n");
    }
    return 70;
}
