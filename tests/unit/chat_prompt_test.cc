// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_prompt.h"

#include <doctest/doctest.h>

#include <string>

#include "common/base/json_io.h"

using namespace llmgw;  // NOLINT: a test of this namespace
using std::string;
using namespace std::string_literals;

namespace {
const string kPng = "\x89PNG\r\n\x1a\n rest"s;
}  // namespace

TEST_CASE("chat_attachment: the bytes decide, not the name") {
    CHECK(sniff_media_type(kPng) == "image/png");
    CHECK(sniff_media_type("\xFF\xD8\xFF\xE0") == "image/jpeg");
    CHECK(sniff_media_type("GIF89a..") == "image/gif");
    CHECK(sniff_media_type("RIFF\x10\0\0\0WEBPVP8 "s) == "image/webp");
    CHECK(sniff_media_type("RIFF\x10\0\0\0WAVEfmt "s).empty());
    CHECK(sniff_media_type("RIFF").empty());
    CHECK(sniff_media_type("%PDF-1.7\n") == "application/pdf");
    CHECK(sniff_media_type("plain").empty());
    CHECK(sniff_media_type("").empty());

    CHECK(make_attachment("photo.txt", kPng)->kind == Attachment::Kind::image);
    CHECK(make_attachment("notes.png", "text")->kind == Attachment::Kind::text);
    CHECK(make_attachment("bom.txt",
                          "\xEF\xBB\xBF"
                          "text")
              ->bytes == "text");
}

TEST_CASE("chat_attachment: other binary files are refused by name") {
    for (const string& bytes : {"a\0b"s, "\x7f"s + "ELF\2\1\1\0"s, "caf\xE9"s, "\xFF\xFEh\0"s}) {
        const auto refused = make_attachment("odd.bin", bytes);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == Errc::invalid_file);
        CHECK(refused.error().message.find("odd.bin") != string::npos);
        CHECK_FALSE(refused.error().hint.empty());
    }
}

TEST_CASE("chat_attachment: a fence is longer than any in the text") {
    const auto file = [](string bytes) { return *make_attachment("a.md", std::move(bytes)); };
    CHECK(fenced(file("x\n")) == "a.md:\n```\nx\n```");
    CHECK(fenced(file("x")) == "a.md:\n```\nx\n```");
    CHECK(fenced(file("```sh\nls\n```\n")) == "a.md:\n````\n```sh\nls\n```\n````");
}

TEST_CASE("chat_prompt: text alone is a string, with files it is a list of parts") {
    CHECK(user_content("hi \"you\"", {}) == R"("hi \"you\"")");
    const auto image = *make_attachment("dir/a.png", kPng);
    const auto pdf = *make_attachment("dir/b.pdf", "%PDF-1.7");
    const auto parts = *parse_json(user_content("look", {image, pdf}));
    REQUIRE(parts.size() == 3);
    CHECK(parts[0] == Json{{"type", "text"}, {"text", "look"}});
    CHECK(parts[1]["type"] == "image_url");
    CHECK(parts[1]["image_url"]["url"].get<string>().starts_with("data:image/png;base64,iVBOR"));
    CHECK(parts[2]["type"] == "file");
    CHECK(parts[2]["file"]["filename"] == "b.pdf");
    CHECK(parts[2]["file"]["file_data"] == "data:application/pdf;base64,JVBERi0xLjc=");
    CHECK(parse_json(user_content("", {image}))->size() == 1);
}
