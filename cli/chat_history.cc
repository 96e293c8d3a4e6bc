// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_history.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/fd.h"
#include "common/base/text.h"

namespace llmgw {

namespace {
constexpr std::size_t kKept = 1000;
// Cutting back only at twice that keeps most starts free of writing.
constexpr std::size_t kCutAt = 2 * kKept;
}  // namespace

ChatHistory::ChatHistory(const Home& home) : home_(home), path_(home.state_dir + "/history") {
    const char* off = std::getenv("LLMGW_NO_HISTORY");
    enabled_ = off == nullptr || *off == '\0';
}

Result<std::vector<std::string>> ChatHistory::load() {
    std::vector<std::string> lines;
    if (!enabled_) {
        return lines;
    }
    const auto text = read_file(path_);
    if (!text) {
        if (text.error().kind == Errc::not_found) {
            return lines;
        }
        return tl::unexpected<Error>(text.error());
    }
    for (const std::string_view line : split(*text, '\n')) {
        if (!line.empty()) {
            lines.emplace_back(line);
        }
    }
    const bool too_long = lines.size() > kCutAt;
    if (lines.size() > kKept) {
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kKept));
    }
    if (too_long) {
        std::string kept;
        for (const std::string& line : lines) {
            kept += line + '\n';
        }
        if (auto written = write_private_file(path_, kept); !written) {
            return tl::unexpected<Error>(written.error());
        }
    }
    return lines;
}

Result<void> ChatHistory::add(std::string_view line) {
    if (!enabled_ || trim(line).empty() || line.find('\n') != std::string_view::npos) {
        return {};
    }
    if (auto made = make_home(home_); !made) {
        return made;
    }
    constexpr mode_t kPrivate = 0600;
    const Fd file(
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kPrivate));
    const std::string text = std::string(line) + '\n';
    if (file.get() < 0 || ::write(file.get(), text.data(), text.size()) < 0) {
        return fail(Errc::failed, "cannot write " + path_ + ": " + std::strerror(errno));
    }
    return {};
}

}  // namespace llmgw
