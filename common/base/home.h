// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/error.h"

struct stat;

namespace llmgw {

/// Where everything of one llmgw set-up lives. With LLMGW_HOME all of it is in that folder;
/// otherwise in the XDG base directories. Folders are made 0700, files 0600.
struct Home {
    std::string data_dir;   ///< llmgw.db, log.db, master.key
    std::string state_dir;  ///< chat history, the last conversation
    std::string cache_dir;  ///< cache.db: deletable at any time
    std::string run_dir;    ///< daemon.lock, daemon.json; falls back to state_dir

    [[nodiscard]] std::string database() const { return data_dir + "/llmgw.db"; }
    /// The log, the usage and the health of keys: deletable at any time.
    [[nodiscard]] std::string log_database() const { return data_dir + "/log.db"; }
    [[nodiscard]] std::string cache_database() const { return cache_dir + "/cache.db"; }
    [[nodiscard]] std::string master_key() const { return data_dir + "/master.key"; }
    [[nodiscard]] std::string daemon_lock() const { return run_dir + "/daemon.lock"; }
    /// Written by a serving daemon, 0600: pid, url, version, started_at and the admin token.
    [[nodiscard]] std::string daemon_state() const { return run_dir + "/daemon.json"; }
};

/// Works the folders out from the environment.
/// Creates nothing.
[[nodiscard]] Result<Home> find_home();

/// Makes the folders that are missing, mode 0700. Fails when one belongs to somebody else or is
/// writable by others.
[[nodiscard]] Result<void> make_home(const Home& home);

/// Reads a whole file. Fails with Errc::not_found or Errc::failed.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

/// Writes a file of mode 0600 atomically: a temporary file beside it, fsync, rename.
[[nodiscard]] Result<void> write_private_file(const std::string& path, const std::string& content);

/// The same, but only when nothing of that name exists: whether it was made. Nobody ever sees half
/// of it, and of several processes exactly one makes it.
[[nodiscard]] Result<bool> create_private_file(const std::string& path, const std::string& content);

/// Fails with Errc::invalid_file unless `file` (a result of stat) is a regular file that belongs to
/// this user and that nobody else may read or write; the hint is the chmod that helps. `what` names
/// it in the message: "the master key".
[[nodiscard]] Result<void> check_private(const struct stat& file, const std::string& what,
                                         const std::string& path);

/// A path as a shell takes it: quoted where it must be.
[[nodiscard]] std::string shell_quoted(const std::string& path);

}  // namespace llmgw
