// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_layout.h"
#include "common/base/json_writer.h"
#include "common/base/text.h"
#include "common/routes/route.h"

namespace llmgw {

namespace {

void write_text(JsonWriter& out, std::string_view name, const std::string& text) {
    if (!text.empty()) {
        out.key(name).string(text);
    }
}

void write_texts(JsonWriter& out, std::string_view name, const std::vector<std::string>& texts) {
    out.key(name).begin_array();
    for (const std::string& text : texts) {
        out.string(text);
    }
    out.end_array();
}

void write_statuses(JsonWriter& out, const std::vector<int>& statuses) {
    out.key("on_status").begin_array();
    for (const int status : statuses) {
        out.number(std::int64_t{status});
    }
    out.end_array();
}

void write_parameters(JsonWriter& out, std::string_view name, const RouteParameters& parameters) {
    if (parameters.empty()) {
        return;
    }
    out.key(name).begin_object();
    for (const auto& [parameter, value] : parameters) {
        out.key(parameter).raw(value);
    }
    out.end_object();
}

void write_sticky(JsonWriter& out, const RouteSticky& sticky) {
    out.key("sticky").begin_object();
    if (!sticky.fields.empty()) {
        write_texts(out, "by", sticky.fields);
    }
    if (sticky.ttl_ms != RouteSticky().ttl_ms) {
        out.key("ttl").string(format_duration_ms(sticky.ttl_ms));
    }
    out.end_object();
}

void write_group(JsonWriter& out, const RouteNode& node) {
    if (node.targets.empty()) {
        return;
    }
    out.key("strategy").string(route_mode_name(node.mode));
    if (node.on_status) {
        write_statuses(out, *node.on_status);
    }
    if (node.mode == RouteMode::conditional) {
        out.key("conditions").begin_array();
        for (const RouteCondition& condition : node.conditions) {
            out.begin_object();
            out.key("when").raw(condition.query);
            out.key("then").string(condition.then);
            out.end_object();
        }
        out.end_array();
    }
    write_text(out, "otherwise", node.otherwise);
    if (node.sticky) {
        write_sticky(out, *node.sticky);
    }
}

void write_retry(JsonWriter& out, const RouteRetry& retry) {
    out.key("retry").begin_object();
    out.key("attempts").number(std::int64_t{retry.attempts});
    if (retry.statuses != RouteRetry().statuses) {
        write_statuses(out, retry.statuses);
    }
    if (retry.use_retry_after) {
        out.key("retry_after").boolean(true);
    }
    out.end_object();
}

void write_cache(JsonWriter& out, const RouteCache& cache) {
    out.key("cache");
    if (!cache.enabled || !cache.ttl_ms) {
        out.boolean(cache.enabled);
        return;
    }
    out.begin_object();
    out.key("ttl").string(format_duration_ms(*cache.ttl_ms));
    out.end_object();
}

void write_headers(JsonWriter& out, const RouteNode& node) {
    if (!node.headers.empty()) {
        out.key("headers").begin_object();
        for (const auto& [name, value] : node.headers) {
            out.key(name).string(value);
        }
        out.end_object();
    }
    if (node.forward_headers) {
        write_texts(out, "forward_headers", *node.forward_headers);
    }
}

void write_node(JsonWriter& out, const RouteNode& node) {
    out.begin_object();
    write_text(out, "name", node.name);
    if (node.weight != 1) {
        out.key("weight").number(node.weight);
    }
    write_group(out, node);
    write_text(out, "provider", node.provider);
    write_text(out, "model", node.model);
    write_text(out, "refuse", node.refuse);
    write_parameters(out, "set", node.set);
    write_parameters(out, "default", node.defaults);
    if (!node.drop.empty()) {
        write_texts(out, "drop", node.drop);
    }
    if (node.retry) {
        write_retry(out, *node.retry);
    }
    if (node.timeout_ms) {
        out.key("timeout").string(format_duration_ms(*node.timeout_ms));
    }
    if (node.cache) {
        write_cache(out, *node.cache);
    }
    write_headers(out, node);
    if (!node.targets.empty()) {
        out.key("targets").begin_array();
        for (const RouteNode& target : node.targets) {
            write_node(out, target);
        }
        out.end_array();
    }
    out.end_object();
}

}  // namespace

std::string print_route(const RouteNode& root, int indent) {
    JsonWriter out;
    write_node(out, root);
    return indent < 0 ? out.take() : indent_json(out.text(), indent);
}

}  // namespace llmgw
