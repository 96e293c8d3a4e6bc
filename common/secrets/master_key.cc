// SPDX-License-Identifier: Apache-2.0
#include "common/secrets/master_key.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/base/fd.h"
#include "common/base/home.h"
#include "common/secrets/random.h"

namespace llmgw {

namespace {

constexpr const char* kWhat = "the master key";

std::string errno_text(int code) {
    return std::generic_category().message(code);
}

Result<void> make_master_key(const std::string& path) {
    std::string bytes(sizeof(MasterKey), '\0');
    fill_random({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
    const auto made = create_private_file(path, bytes);
    OPENSSL_cleanse(bytes.data(), bytes.size());
    if (!made) {
        return tl::unexpected(made.error());
    }
    return {};
}

tl::unexpected<Error> wrong_size(const std::string& path) {
    return fail(Errc::invalid_file,
                std::string(kWhat) + " " + path + " is damaged: it must hold exactly " +
                    std::to_string(sizeof(MasterKey)) + " bytes",
                "restore it from a backup; without it, stored provider keys must be added again");
}

Result<void> read_opened(int fd, const std::string& path, MasterKey& key) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
        return fail(Errc::failed, "cannot look at " + path + ": " + errno_text(errno));
    }
    if (auto checked = check_private(info, kWhat, path); !checked) {
        return checked;
    }
    if (info.st_size != static_cast<off_t>(key.size())) {
        return wrong_size(path);
    }
    ssize_t got = 0;
    do {
        got = ::read(fd, key.data(), key.size());
    } while (got < 0 && errno == EINTR);
    if (got != static_cast<ssize_t>(key.size())) {
        return wrong_size(path);
    }
    return {};
}

}  // namespace

Result<void> read_master_key(const std::string& path, bool create, MasterKey& key) {
    // O_NONBLOCK: a pipe of that name must not make llmgw wait.
    constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    Fd fd(::open(path.c_str(), kFlags));
    if (!fd.valid() && errno == ENOENT && create) {
        if (auto made = make_master_key(path); !made) {
            return made;
        }
        fd = Fd(::open(path.c_str(), kFlags));
    }
    if (fd.valid()) {
        return read_opened(fd.get(), path, key);
    }
    const int code = errno;
    if (code == ELOOP) {
        return fail(Errc::invalid_file, std::string(kWhat) + " " + path + " is a symbolic link",
                    "put the key itself there: ls -l " + shell_quoted(path));
    }
    return fail(code == ENOENT ? Errc::not_found : Errc::failed,
                "cannot read " + std::string(kWhat) + " " + path + ": " + errno_text(code));
}

}  // namespace llmgw
