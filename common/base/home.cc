// SPDX-License-Identifier: Apache-2.0
#include "common/base/home.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "common/base/fd.h"

namespace llmgw {

namespace {

std::string errno_text(int code) {
    return std::generic_category().message(code);
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string without_trailing_slashes(std::string path) {
    while (path.size() > 1 && path.back() == '/') {
        path.pop_back();
    }
    return path;
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) {
        return ".";
    }
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string octal_mode(mode_t mode) {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode) & 07777U);
    return text.data();
}

// A base directory's own variable, else its usual place under HOME, with our folder in it.
Result<std::string> base_folder(const char* name, std::string_view below_home) {
    const std::string base = variable(name);
    if (base.starts_with('/')) {
        return without_trailing_slashes(base) + "/llmgw";
    }
    const std::string home = variable("HOME");
    if (!home.starts_with('/')) {
        return fail(Errc::failed,
                    home.empty() ? "HOME is not set, so there is no place for llmgw's files"
                                 : "HOME is not an absolute path",
                    "set LLMGW_HOME to a folder for them");
    }
    return without_trailing_slashes(home) + "/" + std::string(below_home) + "/llmgw";
}

// XDG_RUNTIME_DIR counts only where it is the user's own folder: under `su` it may be another
// user's, in a container it may not exist.
bool is_own_folder(const std::string& path) {
    struct stat info {};
    return path.starts_with('/') && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
           info.st_uid == ::geteuid();
}

Result<void> make_folders(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) {
        return {};
    }
    if (errno == ENOENT && path != "/" && path != ".") {
        if (auto made = make_folders(parent_of(path)); !made) {
            return made;
        }
        if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) {
            return {};
        }
    }
    return fail(Errc::failed, "cannot make the folder " + path + ": " + errno_text(errno),
                "set LLMGW_HOME to a folder that can be made");
}

Result<void> check_folder(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return fail(Errc::failed, "cannot look at the folder " + path + ": " + errno_text(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return fail(Errc::failed, path + " is not a folder", "set LLMGW_HOME to a folder");
    }
    if (info.st_uid != ::geteuid()) {
        return fail(Errc::failed, "the folder " + path + " belongs to another user",
                    "set LLMGW_HOME to a folder of your own");
    }
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(Errc::failed,
                    "the folder " + path + " can be written by others (mode " +
                        octal_mode(info.st_mode) + ")",
                    "chmod 700 " + shell_quoted(path));
    }
    return {};
}

// A file that is removed again unless it was put in its place.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& path)
        : path_(path + ".tmp-XXXXXX"), fd_(::mkostemp(path_.data(), O_CLOEXEC)) {
        linked_ = fd_.valid();
    }
    ~TemporaryFile() {
        if (linked_) {
            ::unlink(path_.c_str());
        }
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    // Leaves errno set on failure. The file is closed when this returns.
    bool write(std::string_view content) {
        if (!fd_.valid() || ::fchmod(fd_.get(), 0600) != 0) {
            return false;
        }
        while (!content.empty()) {
            const ssize_t written = ::write(fd_.get(), content.data(), content.size());
            if (written < 0 && errno != EINTR) {
                return false;
            }
            content.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
        }
        if (::fsync(fd_.get()) != 0) {
            return false;
        }
        fd_.reset();
        return true;
    }
    bool replace(const std::string& path) {
        linked_ = ::rename(path_.c_str(), path.c_str()) != 0;
        return !linked_;
    }
    // Unlike rename(), link() does not replace what is there.
    bool link_as(const std::string& path) const { return ::link(path_.c_str(), path.c_str()) == 0; }

  private:
    std::string path_;
    Fd fd_;
    bool linked_ = false;
};

Result<void> sync_folder_of(const std::string& path) {
    const std::string folder = parent_of(path);
    const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some network file systems cannot sync a folder, and say EINVAL.
    if (!fd.valid() || (::fsync(fd.get()) != 0 && errno != EINVAL)) {
        return fail(Errc::failed, "cannot sync the folder " + folder + ": " + errno_text(errno));
    }
    return {};
}

tl::unexpected<Error> cannot_write(const std::string& path, int code) {
    return fail(Errc::failed, "cannot write " + path + ": " + errno_text(code));
}

}  // namespace

Result<Home> find_home() {
    if (const std::string given = variable("LLMGW_HOME"); !given.empty()) {
        std::error_code error;
        const auto absolute = std::filesystem::absolute(given, error);
        if (error) {
            return fail(Errc::failed, "LLMGW_HOME is not usable: " + error.message());
        }
        const std::string folder = without_trailing_slashes(absolute.lexically_normal().string());
        return Home{folder, folder, folder, folder};
    }
    auto data = base_folder("XDG_DATA_HOME", ".local/share");
    auto state = base_folder("XDG_STATE_HOME", ".local/state");
    auto cache = base_folder("XDG_CACHE_HOME", ".cache");
    for (const auto* folder : {&data, &state, &cache}) {
        if (!*folder) {
            return tl::unexpected(folder->error());
        }
    }
    const std::string runtime = without_trailing_slashes(variable("XDG_RUNTIME_DIR"));
    const std::string run = is_own_folder(runtime) ? runtime + "/llmgw" : *state;
    return Home{*data, *state, *cache, run};
}

Result<void> make_home(const Home& home) {
    for (const auto* folder : {&home.data_dir, &home.state_dir, &home.cache_dir, &home.run_dir}) {
        if (auto made = make_folders(*folder); !made) {
            return made;
        }
        if (auto checked = check_folder(*folder); !checked) {
            return checked;
        }
    }
    return {};
}

Result<std::string> read_file(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
        const int code = errno;
        const bool missing = code == ENOENT || code == ENOTDIR;
        return fail(missing ? Errc::not_found : Errc::failed,
                    "cannot read " + path + ": " + errno_text(code));
    }
    std::string content;
    std::array<char, 16384> buffer;
    while (true) {
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got == 0) {
            return content;
        }
        if (got > 0) {
            content.append(buffer.data(), static_cast<std::size_t>(got));
        } else if (errno != EINTR) {
            return fail(Errc::failed, "cannot read " + path + ": " + errno_text(errno));
        }
    }
}

Result<void> write_private_file(const std::string& path, const std::string& content) {
    TemporaryFile file(path);
    if (!file.write(content) || !file.replace(path)) {
        return cannot_write(path, errno);
    }
    return sync_folder_of(path);
}

Result<bool> create_private_file(const std::string& path, const std::string& content) {
    TemporaryFile file(path);
    if (!file.write(content)) {
        return cannot_write(path, errno);
    }
    if (!file.link_as(path)) {
        if (errno == EEXIST) {
            return false;
        }
        return cannot_write(path, errno);
    }
    if (auto synced = sync_folder_of(path); !synced) {
        return tl::unexpected(synced.error());
    }
    return true;
}

Result<void> check_private(const struct stat& file, const std::string& what,
                           const std::string& path) {
    const std::string name = what + " " + path;
    if (!S_ISREG(file.st_mode)) {
        return fail(Errc::invalid_file, name + " is not a regular file",
                    "ls -l " + shell_quoted(path));
    }
    if (file.st_uid != ::geteuid()) {
        return fail(Errc::invalid_file, name + " belongs to another user",
                    "ls -l " + shell_quoted(path));
    }
    if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(Errc::invalid_file,
                    name + " is open to other users (mode " + octal_mode(file.st_mode) + ")",
                    "chmod 600 " + shell_quoted(path));
    }
    return {};
}

std::string shell_quoted(const std::string& path) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@";
    if (!path.empty() && path.find_first_not_of(kPlain) == std::string::npos) {
        return path;
    }
    std::string quoted = "'";
    for (const char c : path) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

}  // namespace llmgw
