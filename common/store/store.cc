// SPDX-License-Identifier: Apache-2.0
#include "common/store/store.h"

#include "common/store/migrations.h"
#include "common/store/store_impl.h"

namespace llmgw {

namespace {

// NORMAL: with a write-ahead log, a killed process loses nothing; a power cut may lose the last
// commits, but never damages the file. The log is cut back to 4 MB. The cache is 512 KB: a daemon
// reads its tables once and from end to end, and would keep the rest of a larger one for nothing.
constexpr const char* kConnectionSettings = R"sql(
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cache_size = -512;
    PRAGMA journal_size_limit = 4194304;
)sql";

}  // namespace

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
    auto database = Database::open(path);
    if (!database) {
        return tl::unexpected(database.error());
    }
    if (auto migrated = migrate(**database, store_schema()); !migrated) {
        return tl::unexpected(migrated.error());
    }
    if (auto set = (*database)->execute(kConnectionSettings); !set) {
        return tl::unexpected(set.error());
    }
    return std::unique_ptr<Store>(new Store(std::make_unique<Impl>(std::move(*database))));
}

Result<std::int64_t> Store::data_version() {
    // SQLite's own number tells of other connections' commits only.
    auto others = impl_->database->integer("PRAGMA data_version");
    if (!others) {
        return others;
    }
    const std::int64_t own = impl_->database->total_changes();
    if (*others != impl_->others_version || own != impl_->own_changes) {
        impl_->others_version = *others;
        impl_->own_changes = own;
        impl_->version++;
    }
    return impl_->version;
}

}  // namespace llmgw
