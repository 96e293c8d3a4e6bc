// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/chat_content.h"

#include <optional>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

// How base64 of well-known kinds of files begins. Providers check it against the declared type and
// refuse a JPEG that calls itself PNG, which browsers and clients do not.
struct FileBeginning {
    std::string_view base64;
    std::string_view media_type;
};
constexpr FileBeginning kBeginnings[] = {
    {"iVBORw0KGgo", "image/png"}, {"/9j/", "image/jpeg"},         {"R0lGOD", "image/gif"},
    {"UklGR", "image/webp"},      {"JVBERi0", "application/pdf"},
};

struct FileExtension {
    std::string_view extension;
    std::string_view media_type;
};
constexpr FileExtension kExtensions[] = {
    {".pdf", "application/pdf"}, {".txt", "text/plain"}, {".md", "text/markdown"},
    {".csv", "text/csv"},        {".html", "text/html"},
};

std::string media_type_of(std::string_view base64, std::string_view declared) {
    for (const FileBeginning& known : kBeginnings) {
        // RIFF is WebP's container, and that of others.
        const bool doubtful = known.base64 == "UklGR" && !declared.starts_with("image/");
        if (base64.starts_with(known.base64) && !doubtful) {
            return std::string(known.media_type);
        }
    }
    return std::string(declared == "image/jpg" ? "image/jpeg" : declared);
}

bool is_http_url(std::string_view text) {
    return text.starts_with("https://") || text.starts_with("http://");
}

// Takes a data URL (RFC 2397) apart; false when it is not base64.
bool read_data_url(std::string_view url, ContentPart& part) {
    const std::size_t comma = url.find(',');
    if (!url.starts_with("data:") || comma == std::string_view::npos) {
        return false;
    }
    const std::string_view head = url.substr(5, comma - 5);
    if (!to_lower(head).ends_with(";base64")) {
        return false;
    }
    part.data = url.substr(comma + 1);
    part.media_type = media_type_of(part.data, to_lower(head.substr(0, head.find(';'))));
    return !part.data.empty();
}

void read_image(RequestObject& in, ContentPart& part) {
    part.kind = ContentPart::Kind::image;
    const JsonField* const image = in.find("image_url");
    if (image == nullptr) {
        in.refuse("image_url", "is required", "missing_required_parameter");
        return;
    }
    std::string url;
    if (json_kind(image->value) == JsonKind::string) {  // as some clients shorten it
        url = in.text("image_url");
    } else {
        RequestObject inner = in.object("image_url");
        url = inner.required_text("url");
        part.detail = inner.text("detail");
    }
    if (is_http_url(url)) {
        part.url = std::move(url);
    } else if (!read_data_url(url, part)) {
        in.refuse("image_url.url", "must be an http(s) URL or a base64 data URL");
    } else if (!part.media_type.starts_with("image/")) {
        part.kind = ContentPart::Kind::file;
    }
}

void read_audio(RequestObject& in, ContentPart& part) {
    part.kind = ContentPart::Kind::audio;
    RequestObject inner = in.object("input_audio");
    part.data = inner.required_text("data");
    part.media_type = "audio/" + to_lower(inner.required_text("format"));
}

void read_file(RequestObject& in, ContentPart& part) {
    part.kind = ContentPart::Kind::file;
    RequestObject inner = in.object("file");
    part.filename = inner.text("filename");
    part.file_id = inner.text("file_id");
    std::string data = inner.text("file_data");
    if (data.empty()) {
        if (part.file_id.empty()) {
            inner.refuse("file_data", "or file_id is required", "missing_required_parameter");
        }
    } else if (is_http_url(data)) {
        part.url = std::move(data);
    } else if (data.starts_with("data:")) {
        if (!read_data_url(data, part)) {
            inner.refuse("file_data", "must be a base64 data URL or base64");
        }
    } else {
        const std::string name = to_lower(part.filename);
        std::string_view declared = "application/octet-stream";
        for (const FileExtension& known : kExtensions) {
            declared = name.ends_with(known.extension) ? known.media_type : declared;
        }
        part.data = std::move(data);
        part.media_type = media_type_of(part.data, declared);
    }
}

ContentPart read_part(RequestObject& in) {
    ContentPart part;
    const std::string type = in.required_text("type");
    if (type == "text") {
        part.text = in.text("text");
    } else if (type == "refusal") {
        part.kind = ContentPart::Kind::refusal;
        part.text = in.text("refusal");
    } else if (type == "image_url") {
        read_image(in, part);
    } else if (type == "input_audio") {
        read_audio(in, part);
    } else if (type == "file") {
        read_file(in, part);
    } else {
        in.refuse("type", "must be text, image_url, input_audio, file or refusal", kUnsupported);
    }
    part.cache_control = in.object_text("cache_control");
    return part;
}

}  // namespace

std::vector<ContentPart> read_content(RequestObject& message) {
    std::vector<ContentPart> parts;
    const JsonField* const content = message.find("content");
    if (content == nullptr) {
        return parts;
    }
    if (auto text = json_text(content->value)) {
        parts.emplace_back().text = std::move(*text);
    } else if (json_kind(content->value) == JsonKind::array) {
        for (RequestObject& part : message.objects("content")) {
            parts.push_back(read_part(part));
        }
    } else {
        message.refuse("content", "must be a string or an array", "invalid_type");
    }
    return parts;
}

}  // namespace llmgw
