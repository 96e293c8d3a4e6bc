// SPDX-License-Identifier: Apache-2.0
#include "cli/providers.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "cli/output.h"
#include "cli/provider_rows.h"
#include "cli/session.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {
namespace {

std::string milliseconds(std::int64_t microseconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f ms", static_cast<double>(microseconds) / 1000);
    return text.data();
}

Json phase(const std::optional<std::int64_t>& microseconds) {
    // One digit behind the point: more would be noise.
    return microseconds ? Json(std::round(static_cast<double>(*microseconds) / 100) / 10)
                        : Json(nullptr);
}

Json report_json(const std::string& label, const ProbeReport& report) {
    const auto text = [](const std::string& value) {
        return value.empty() ? Json(nullptr) : Json(printable(value));
    };
    return {{"label", label},
            {"ok", !report.error},
            {"verdict", report.verdict},
            {"url", text(report.url)},
            {"address", text(report.address)},
            {"status", report.status == 0 ? Json(nullptr) : Json(report.status)},
            {"dns_ms", phase(report.dns_us)},
            {"connect_ms", phase(report.connect_us)},
            {"tls_ms", phase(report.tls_us)},
            {"first_byte_ms", phase(report.first_byte_us)},
            {"detail", text(report.detail)},
            {"hint", text(report.hint)}};
}

std::string report_text(const std::string& label, const ProbeReport& report, bool color) {
    std::string text =
        label + ": " +
        styled(printable(report.verdict), report.error ? Style::red : Style::green, color) +
        "\n  " + report.url;
    text += report.address.empty() ? "\n" : " (" + report.address + ")\n";
    std::string phases;
    const auto add = [&](const char* name, const std::optional<std::int64_t>& value) {
        if (value) {
            phases +=
                (phases.empty() ? "  " : ", ") + std::string(name) + " " + milliseconds(*value);
        }
    };
    add("dns", report.dns_us);
    add("connect", report.connect_us);
    add("tls", report.tls_us);
    add("first byte", report.first_byte_us);
    text += phases.empty() ? "" : phases + "\n";
    text += report.detail.empty() ? "" : "  " + printable(report.detail) + "\n";
    text += report.hint.empty() ? "" : "  hint: " + printable(report.hint) + "\n";
    return text;
}

Result<std::vector<ProviderRow>> rows_to_test(Store& store, const std::string& label) {
    if (!label.empty()) {
        auto row = find_provider_row(store, label);
        if (!row) {
            return tl::unexpected(std::move(row.error()));
        }
        return std::vector<ProviderRow>{*std::move(row)};
    }
    auto rows = provider_rows(store);
    if (!rows) {
        return tl::unexpected(std::move(rows.error()));
    }
    std::erase_if(*rows, [](const ProviderRow& row) { return !row.key.enabled; });
    if (rows->empty()) {
        return fail(Errc::not_found, "there is no provider to test", "llmgw providers add openai");
    }
    return rows;
}

}  // namespace

Result<int> run_providers_test(const GlobalOptions& global, const ProviderLabel& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    auto rows = rows_to_test(*session->store, options.label);
    if (!rows) {
        return tl::unexpected(std::move(rows.error()));
    }
    int code = 0;
    Json documents = Json::array();
    for (ProviderRow& row : *rows) {
        const std::string& label = row.key.label;
        Cancel cancel;
        auto report = probe_provider(session->home, label, cancel);
        if (!report) {
            return tl::unexpected(std::move(report.error()));
        }
        if (report->error && code == 0) {
            code = exit_code(report->error->kind);
        }
        if (!report->error && !row.rests.empty()) {
            if (auto renewed = renew_key(*session->store, row); !renewed) {
                return tl::unexpected(std::move(renewed.error()));
            }
            note(global, label + " rests no longer");
        }
        if (global.json) {
            documents.push_back(report_json(label, *report));
        } else {
            write_out(report_text(label, *report, use_color(global, 1)));
        }
    }
    if (global.json) {
        // One provider that was named is an object, as `show` prints; otherwise a list.
        write_out(print_json(options.label.empty() ? documents : documents[0], 2) + "\n");
    }
    return code;
}

}  // namespace llmgw
