// SPDX-License-Identifier: Apache-2.0
#include "common/store/store_impl.h"

namespace llmgw {

namespace {

// The columns as the queries below select them.
StoredRoute read_row(const Statement& row) {
    return {.name = row.text_at(0),
            .document = row.text_at(1),
            .created_at = row.integer_at(2),
            .updated_at = row.integer_at(3),
            .source = row.text_at(4),
            .import_hash = row.text_at(5)};
}

}  // namespace

Result<std::vector<StoredRoute>> Store::routes() {
    auto query = impl_->database->prepare(
        "SELECT name, document, created_at, updated_at, source, import_hash FROM routes "
        "ORDER BY name");
    if (!query) {
        return tl::unexpected(query.error());
    }
    std::vector<StoredRoute> routes;
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return routes;
        }
        routes.push_back(read_row(*query));
    }
}

Result<std::optional<StoredRoute>> Store::route(std::string_view name) {
    auto query = impl_->database->prepare(
        "SELECT name, document, created_at, updated_at, source, import_hash FROM routes "
        "WHERE name = :name");
    if (!query) {
        return tl::unexpected(query.error());
    }
    const auto row = query->text(":name", name).step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    return *row ? std::optional(read_row(*query)) : std::nullopt;
}

Result<void> Store::set_route(const StoredRoute& route) {
    auto change = impl_->database->prepare(
        "INSERT INTO routes (name, document, created_at, updated_at, source, import_hash) "
        "VALUES (:name, :document, :created_at, :updated_at, :source, :import_hash) "
        "ON CONFLICT (name) DO UPDATE SET document = excluded.document, "
        "updated_at = excluded.updated_at, source = excluded.source, "
        "import_hash = excluded.import_hash");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":name", route.name)
        .text(":document", route.document)
        .integer(":created_at", route.created_at)
        .integer(":updated_at", route.updated_at)
        .text(":source", route.source)
        .text(":import_hash", route.import_hash)
        .run();
}

Result<bool> Store::remove_route(std::string_view name) {
    auto change = impl_->database->prepare("DELETE FROM routes WHERE name = :name");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":name", name).run_changes();
}

}  // namespace llmgw
