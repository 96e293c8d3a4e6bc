// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/source_tree.h"

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

#include "common/base/fd.h"

namespace llmgw {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 8UL * 1024 * 1024;  // code that people write is far smaller
constexpr std::size_t kSniffed = 8192;               // bytes in which a binary file has a zero

bool is_foreign_folder(std::string_view name) {
    constexpr std::array<std::string_view, 16> kForeign = {
        ".git",   "node_modules", ".hg",   ".svn", "__pycache__", ".venv",  "venv",   ".tox",
        ".cache", ".mypy_cache",  ".next", "dist", "build",       "target", "vendor", ".terraform"};
    return std::find(kForeign.begin(), kForeign.end(), name) != kForeign.end();
}

// Written by tools: they follow from what people write.
bool is_lock_file(std::string_view name) {
    constexpr std::array<std::string_view, 8> kLocks = {
        "package-lock.json", "pnpm-lock.yaml", "yarn.lock",    "bun.lock",
        "poetry.lock",       "uv.lock",        "Pipfile.lock", "npm-shrinkwrap.json"};
    return std::find(kLocks.begin(), kLocks.end(), name) != kLocks.end() ||
           name.ends_with(".min.js") || name.ends_with(".map");
}

class TreeReader {
  public:
    TreeReader() {
        std::error_code error;
        current_ = fs::current_path(error);
    }

    Result<void> add(const std::string& path) {
        std::error_code error;
        const fs::file_status status = fs::status(path, error);
        if (status.type() == fs::file_type::not_found) {
            return fail(Errc::not_found, "no such file or folder: " + path);
        }
        if (error) {
            return fail(Errc::failed, "cannot read " + path + ": " + error.message());
        }
        if (fs::is_directory(status)) {
            walk(path);
        } else {
            read(path);
        }
        return {};
    }

    SourceTree finish() {
        std::sort(tree_.files.begin(), tree_.files.end(),
                  [](const SourceFile& a, const SourceFile& b) { return a.name < b.name; });
        std::sort(tree_.code.begin(), tree_.code.end());
        std::sort(tree_.skipped.begin(), tree_.skipped.end());
        return std::move(tree_);
    }

  private:
    // fs::recursive_directory_iterator gives up all of a tree for one folder that it may not read.
    void walk(const fs::path& top) {
        std::vector<fs::path> folders{top};
        while (!folders.empty()) {
            const fs::path folder = std::move(folders.back());
            folders.pop_back();
            std::error_code error;
            for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
                 entry.increment(error)) {
                std::error_code ignored;
                const fs::file_status status = entry->symlink_status(ignored);
                const std::string name = entry->path().filename().string();
                if (fs::is_directory(status) && !is_foreign_folder(name)) {
                    folders.push_back(entry->path());
                } else if (fs::is_regular_file(status) && !is_lock_file(name)) {
                    read(entry->path());
                }
            }
            if (error) {
                tree_.skipped.emplace_back(shown(folder), error.message());
            }
        }
    }

    [[nodiscard]] std::string shown(const fs::path& path) const {
        const fs::path relative = fs::path(path).lexically_normal().is_absolute()
                                      ? path.lexically_normal().lexically_relative(current_)
                                      : path.lexically_normal();
        return relative.empty() || *relative.begin() == ".." ? path.lexically_normal().string()
                                                             : relative.string();
    }

    void read(const fs::path& path) {
        const std::string name = shown(path);
        if (!seen_.insert(name).second) {
            return;
        }
        const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        struct stat info {};
        if (!file.valid() || ::fstat(file.get(), &info) != 0) {
            tree_.skipped.emplace_back(name, std::strerror(errno));
            return;
        }
        if (!S_ISREG(info.st_mode)) {
            return;
        }
        if (static_cast<std::size_t>(info.st_size) > kMaxFile) {
            tree_.skipped.emplace_back(name, "too large to be source code");
            return;
        }
        SourceFile source{name, {}};
        if (!read_text(file.get(), static_cast<std::size_t>(info.st_size), source.text)) {
            return;
        }
        if (may_use_portkey(source.text)) {
            tree_.files.push_back(std::move(source));
        } else if (const SourceLanguage language = source_language(name);
                   language == SourceLanguage::python || language == SourceLanguage::script) {
            tree_.code.push_back(path.string());
        }
    }

    // False for a binary file, of which only the beginning is read.
    static bool read_text(int file, std::size_t size, std::string& text) {
        text.resize(std::min(size, kMaxFile));
        std::size_t filled = 0;
        while (filled < text.size()) {
            const std::size_t wanted =
                filled < kSniffed ? std::min(kSniffed, text.size()) - filled : text.size() - filled;
            const ssize_t count = ::read(file, text.data() + filled, wanted);
            if (count <= 0) {
                break;
            }
            if (filled < kSniffed && std::memchr(text.data() + filled, '\0',
                                                 static_cast<std::size_t>(count)) != nullptr) {
                return false;
            }
            filled += static_cast<std::size_t>(count);
        }
        text.resize(filled);
        return true;
    }

    fs::path current_;
    SourceTree tree_;
    std::set<std::string> seen_;
};

}  // namespace

Result<SourceTree> read_sources(const std::vector<std::string>& paths) {
    TreeReader reader;
    for (const std::string& path : paths) {
        if (Result<void> added = reader.add(path); !added) {
            return tl::unexpected<Error>(std::move(added.error()));
        }
    }
    return reader.finish();
}

}  // namespace llmgw
