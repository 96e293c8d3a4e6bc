// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/daemon_state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/json_scan.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

std::int64_t pid_in(int fd) {
    char text[32] = {};
    const ssize_t got = ::pread(fd, text, sizeof text - 1, 0);
    return got > 0 ? std::strtoll(text, nullptr, 10) : 0;
}

std::string member(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? "" : json_text(field->value).value_or(std::string(field->value));
}

}  // namespace

Result<DaemonLock> DaemonLock::take(const Home& home) {
    const std::string path = home.daemon_lock();
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) {
        return fail(Errc::failed, "cannot open " + path + ": " + std::strerror(errno));
    }
    // Somebody who only looks (find_daemon) holds it for an instant.
    int locked = ::flock(fd.get(), LOCK_EX | LOCK_NB);
    for (int i = 0; i < 10 && locked != 0 && errno == EWOULDBLOCK; i++) {
        ::usleep(10'000);
        locked = ::flock(fd.get(), LOCK_EX | LOCK_NB);
    }
    if (locked != 0) {
        if (errno != EWOULDBLOCK) {
            return fail(Errc::failed, "cannot lock " + path + ": " + std::strerror(errno));
        }
        const std::int64_t pid = pid_in(fd.get());
        return fail(Errc::conflict,
                    "a daemon is already running on this home" +
                        (pid > 0 ? " (pid " + std::to_string(pid) + ")" : std::string()),
                    "llmgw serve status, llmgw serve stop");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return fail(Errc::failed, "cannot write " + path + ": " + std::strerror(errno));
    }
    return DaemonLock(std::move(fd), home.daemon_state());
}

DaemonLock::~DaemonLock() {
    if (fd_.valid()) {
        ::unlink(state_path_.c_str());
    }
}

Result<void> DaemonLock::publish(const DaemonState& state) {
    return write_private_file(
        state_path_, "{\"pid\":" + std::to_string(state.pid) + ",\"url\":" + json_quote(state.url) +
                         ",\"version\":" + json_quote(state.version) +
                         ",\"started_at\":" + std::to_string(state.started_at) +
                         ",\"admin_token\":" + json_quote(state.admin_token) + "}\n");
}

Result<std::optional<DaemonState>> find_daemon(const Home& home) {
    const Fd fd(::open(home.daemon_lock().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.valid() || ::flock(fd.get(), LOCK_SH | LOCK_NB) == 0) {
        return std::optional<DaemonState>();
    }
    DaemonState state;
    state.pid = pid_in(fd.get());
    const auto text = read_file(home.daemon_state());
    const auto fields = text ? scan_object(trim(*text)) : fail(Errc::not_found, "");
    if (!fields) {
        return fail(Errc::daemon_unreachable,
                    "a daemon (pid " + std::to_string(state.pid) + ") is starting or stopping",
                    "try again in a moment");
    }
    state.url = member(*fields, "url");
    state.version = member(*fields, "version");
    state.admin_token = member(*fields, "admin_token");
    const std::string started = member(*fields, "started_at");
    state.started_at = std::strtoll(started.c_str(), nullptr, 10);
    return std::optional<DaemonState>(std::move(state));
}

}  // namespace llmgw
