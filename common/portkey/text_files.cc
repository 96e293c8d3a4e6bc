// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/text_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/base/fd.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
constexpr std::size_t kChunk = std::size_t{64} << 10;

/// Folders that hold what tools have fetched, built or remembered.
constexpr std::array<std::string_view, 17> kIgnored = {
    ".git",   ".hg",    ".svn",         ".terraform",  ".venv",        ".tox",
    ".cache", ".next",  ".mypy_cache",  "venv",        "dist",         "build",
    "target", "vendor", "node_modules", "__pycache__", "site-packages"};

Error unreadable(const std::string& name, const std::string& why) {
    return fail(Errc::invalid_file, "cannot read " + printable(name) + ": " + why).value();
}

class TextFileReader {
  public:
    explicit TextFileReader(const std::function<Result<void>(const TextFile&)>& visit)
        : visit_(visit) {}

    Result<void> add(const std::string& path) {
        if (path == "-") {
            return read(STDIN_FILENO, path, true);
        }
        std::error_code error;
        const fs::file_status status = fs::status(path, error);
        if (fs::is_directory(status)) {
            return walk(path);
        }
        return status.type() == fs::file_type::not_found
                   ? tl::unexpected(unreadable(path, "there is no such file or folder"))
                   : open(path, true);
    }

  private:
    // Depth first and by name. A folder inside that may not be entered is passed over; the one that
    // was named may not.
    Result<void> walk(const fs::path& top) {
        std::vector<fs::path> waiting{top};
        while (!waiting.empty()) {
            const fs::path path = std::move(waiting.back());
            waiting.pop_back();
            std::error_code error;
            if (!fs::is_directory(fs::symlink_status(path, error)) && path != top) {
                if (auto done = open(path.string(), false); !done) {
                    return done;
                }
                continue;
            }
            auto inner = entries(path, error);
            if (error && path == top) {
                return tl::unexpected(unreadable(path.string(), error.message()));
            }
            waiting.insert(waiting.end(), std::make_move_iterator(inner.rbegin()),
                           std::make_move_iterator(inner.rend()));
        }
        return {};
    }

    static std::vector<fs::path> entries(const fs::path& folder, std::error_code& error) {
        std::vector<fs::path> out;
        for (fs::directory_iterator at(folder, error), end; !error && at != end;
             at.increment(error)) {
            std::error_code ignored;
            const fs::file_status status = at->symlink_status(ignored);
            const std::string name = at->path().filename().string();
            const bool foreign =
                std::find(kIgnored.begin(), kIgnored.end(), name) != kIgnored.end();
            if (fs::is_regular_file(status) || (fs::is_directory(status) && !foreign)) {
                out.push_back(at->path());
            }
        }
        std::sort(out.begin(), out.end());
        return out;
    }

    Result<void> open(const std::string& path, bool named) {
        const std::string name = fs::path(path).lexically_normal().string();
        if (!seen_.insert(name).second) {
            return {};
        }
        // Not blocking: a pipe that somebody has named is nothing to wait for.
        const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        struct stat info {};
        if (!file.valid() || ::fstat(file.get(), &info) != 0) {
            return named ? tl::unexpected(unreadable(name, std::strerror(errno))) : Result<void>();
        }
        const bool too_large = static_cast<std::size_t>(info.st_size) > kMaxBytes;
        if (too_large && !named) {
            return {};
        }
        return read(file.get(), name, named);
    }

    Result<void> read(int descriptor, const std::string& name, bool named) {
        TextFile file{.name = name, .text = {}, .named = named};
        while (true) {
            const std::size_t filled = file.text.size();
            file.text.resize(filled + kChunk);
            const ssize_t count = ::read(descriptor, file.text.data() + filled, kChunk);
            file.text.resize(filled + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count < 0) {
                return named ? tl::unexpected(unreadable(name, std::strerror(errno)))
                             : Result<void>();
            }
            const bool binary = file.text.find('\0', filled) != std::string::npos;
            if (binary || file.text.size() > kMaxBytes) {
                return named ? tl::unexpected(unreadable(
                                   name, binary ? "it is no text" : "it is longer than 16 MB"))
                             : Result<void>();
            }
            if (count == 0) {
                return visit_(file);
            }
        }
    }

    const std::function<Result<void>(const TextFile&)>& visit_;
    std::set<std::string> seen_;
};

}  // namespace

Result<void> read_text_files(const std::vector<std::string>& paths,
                             const std::function<Result<void>(const TextFile& file)>& visit) {
    TextFileReader reader(visit);
    for (const auto& path : paths) {
        if (auto read = reader.add(path); !read) {
            return read;
        }
    }
    return {};
}

}  // namespace llmgw
