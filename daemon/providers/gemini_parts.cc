// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/gemini_parts.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "common/base/json_writer.h"
#include "common/base/text.h"
#include "daemon/providers/chat_json.h"

namespace llmgw {

namespace {

using Fields = std::vector<JsonField>;

std::uint64_t count(const Fields& fields, std::string_view name) {
    const JsonField* const field = gemini_member(fields, name);
    return field == nullptr ? 0 : json_uint(field->value).value_or(0);
}

// The tokens of one modality in a list of ModalityTokenCount.
std::uint64_t tokens_of(const Fields& fields, std::string_view list, std::string_view modality) {
    std::uint64_t sum = 0;
    for (const std::string_view one : gemini_elements(fields, list)) {
        const auto entry = scan_object(one);
        if (entry && gemini_text(*entry, "modality") == modality) {
            sum += count(*entry, "tokenCount");
        }
    }
    return sum;
}

// The characters in the first `bytes` bytes.
std::uint64_t characters(std::string_view text, std::uint64_t bytes) {
    return characters_in(
        text.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes, text.size()))));
}

std::vector<UrlCitation> sources_of(const Fields& metadata) {
    std::vector<UrlCitation> sources;
    for (const std::string_view one : gemini_elements(metadata, "groundingChunks")) {
        const auto chunk = scan_object(one);
        const JsonField* const web = chunk ? gemini_member(*chunk, "web") : nullptr;
        const auto fields = scan_object(web != nullptr ? web->value : std::string_view());
        sources.push_back(
            fields ? UrlCitation{gemini_text(*fields, "uri"), gemini_text(*fields, "title")}
                   : UrlCitation{});
    }
    return sources;
}

void write_token(JsonWriter& out, const Fields& token) {
    const std::string text = gemini_text(token, "token");
    const JsonField* const logprob = gemini_member(token, "logProbability");
    out.key("token").string(text).key("logprob");
    out.raw(logprob != nullptr && json_kind(logprob->value) == JsonKind::number ? logprob->value
                                                                                : "0");
    out.key("bytes").begin_array();
    for (const char c : text) {
        out.number(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
    }
    out.end_array();
}

void write_alternatives(JsonWriter& out, std::string_view top) {
    out.key("top_logprobs").begin_array();
    const auto fields = scan_object(top);
    if (fields) {
        for (const std::string_view one : gemini_elements(*fields, "candidates")) {
            const auto token = scan_object(one);
            if (token) {
                out.begin_object();
                write_token(out, *token);
                out.end_object();
            }
        }
    }
    out.end_array();
}

// An array's text without its brackets.
std::string elements_only(JsonWriter& array) {
    std::string text = array.take();
    return text.substr(1, text.size() - 2);
}

}  // namespace

const JsonField* gemini_member(const Fields& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field != nullptr && json_kind(field->value) != JsonKind::null ? field : nullptr;
}

std::string gemini_text(const Fields& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? std::string() : json_text(field->value).value_or("");
}

std::vector<std::string_view> gemini_elements(const Fields& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    auto elements = scan_array(field != nullptr ? field->value : std::string_view());
    return elements ? std::move(*elements) : std::vector<std::string_view>();
}

std::string gemini_compact(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    bool in_string = false;
    bool escaped = false;
    for (const char c : json) {
        if (!in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
            continue;
        }
        out += c;
        if (c == '"' && !escaped) {
            in_string = !in_string;
        }
        escaped = in_string && c == '\\' && !escaped;
    }
    return out;
}

// Images of the prompt are priced as text and stay in that bucket.
Usage read_gemini_usage(std::string_view json) {
    Usage usage;
    const auto fields = scan_object(json);
    if (!fields) {
        return usage;
    }
    const std::uint64_t prompt =
        count(*fields, "promptTokenCount") + count(*fields, "toolUsePromptTokenCount");
    usage.cached_input = std::min(prompt, count(*fields, "cachedContentTokenCount"));
    // Cached audio is in the cached bucket already.
    const std::uint64_t audio = tokens_of(*fields, "promptTokensDetails", "AUDIO");
    const std::uint64_t cached_audio = tokens_of(*fields, "cacheTokensDetails", "AUDIO");
    usage.audio_input =
        std::min(prompt - usage.cached_input, audio - std::min(audio, cached_audio));
    usage.input = prompt - usage.cached_input - usage.audio_input;

    const std::uint64_t answer = count(*fields, "candidatesTokenCount");
    usage.reasoning = count(*fields, "thoughtsTokenCount");
    usage.audio_output = std::min(answer, tokens_of(*fields, "candidatesTokensDetails", "AUDIO"));
    usage.image_output = std::min(answer - usage.audio_output,
                                  tokens_of(*fields, "candidatesTokensDetails", "IMAGE"));
    usage.output = answer - usage.audio_output - usage.image_output;
    return usage;
}

std::string gemini_logprobs(std::string_view json) {
    const auto fields = scan_object(json);
    if (!fields) {
        return {};
    }
    const auto chosen = gemini_elements(*fields, "chosenCandidates");
    const auto top = gemini_elements(*fields, "topCandidates");
    JsonWriter out;
    out.begin_array();
    for (std::size_t i = 0; i < chosen.size(); i++) {
        const auto token = scan_object(chosen[i]);
        if (!token) {
            continue;
        }
        out.begin_object();
        write_token(out, *token);
        write_alternatives(out, i < top.size() ? top[i] : std::string_view());
        out.end_object();
    }
    out.end_array();
    return elements_only(out);
}

std::string gemini_code(const Fields& part) {
    const auto member = [&part](std::string_view name) {
        const JsonField* const field = gemini_member(part, name);
        return scan_object(field != nullptr ? field->value : std::string_view());
    };
    if (const auto code = member("executableCode")) {
        const std::string language = to_lower(gemini_text(*code, "language"));
        return "\n```" + (language == "language_unspecified" ? "" : language) + "\n" +
               gemini_text(*code, "code") + "\n```\n";
    }
    if (const auto result = member("codeExecutionResult")) {
        return "\n```\n" + gemini_text(*result, "output") + "\n```\n";
    }
    return {};
}

std::string gemini_image(const Fields& part) {
    const JsonField* const inline_data = gemini_member(part, "inlineData");
    const auto blob = scan_object(inline_data != nullptr ? inline_data->value : std::string_view());
    if (!blob) {
        return {};
    }
    const std::string type = gemini_text(*blob, "mimeType");
    return type.starts_with("image/") ? "data:" + type + ";base64," + gemini_text(*blob, "data")
                                      : std::string();
}

std::string gemini_annotations(std::string_view json, std::string_view text) {
    const auto metadata = scan_object(json);
    if (!metadata) {
        return {};
    }
    std::vector<UrlCitation> sources = sources_of(*metadata);
    JsonWriter out;
    out.begin_array();
    bool placed = false;
    for (const std::string_view one : gemini_elements(*metadata, "groundingSupports")) {
        const auto support = scan_object(one);
        const JsonField* const place = support ? gemini_member(*support, "segment") : nullptr;
        const auto segment = scan_object(place != nullptr ? place->value : std::string_view());
        if (!segment) {
            continue;
        }
        for (const std::string_view number : gemini_elements(*support, "groundingChunkIndices")) {
            const std::uint64_t at = json_uint(number).value_or(sources.size());
            if (at < sources.size() && !sources[at].url.empty()) {
                sources[at].begin = characters(text, count(*segment, "startIndex"));
                sources[at].end = characters(text, count(*segment, "endIndex"));
                write_url_citation(out, sources[at]);
                placed = true;
            }
        }
    }
    for (std::size_t i = 0; !placed && i < sources.size(); i++) {
        if (!sources[i].url.empty()) {
            write_url_citation(out, sources[i]);
        }
    }
    out.end_array();
    return elements_only(out);
}

}  // namespace llmgw
