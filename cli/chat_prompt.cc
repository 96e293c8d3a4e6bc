// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_prompt.h"

#include <algorithm>
#include <utility>

#include "common/base/home.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// Collects the blocks of a prompt's text and what goes along with it.
class PromptBuilder {
  public:
    void add_block(std::string_view text) {
        while (text.ends_with('\n') || text.ends_with('\r')) {
            text.remove_suffix(1);
        }
        if (trim(text).empty()) {
            return;
        }
        if (!text_.empty()) {
            text_ += "\n\n";
        }
        text_ += text;
    }

    void add_file(Attachment file) {
        if (file.kind == Attachment::Kind::text) {
            add_block(fenced(file));
        } else {
            media_.push_back(std::move(file));
        }
    }

    // What came through a pipe is text without a fence, or an image or a PDF.
    Result<void> add_piped(std::string bytes) {
        auto piped = make_attachment("stdin", std::move(bytes));
        if (!piped) {
            return tl::unexpected<Error>(piped.error());
        }
        if (piped->kind == Attachment::Kind::text) {
            add_block(piped->bytes);
        } else {
            media_.push_back(std::move(*piped));
        }
        return {};
    }

    [[nodiscard]] bool empty() const { return text_.empty() && media_.empty(); }
    [[nodiscard]] std::string content() const { return user_content(text_, media_); }

  private:
    std::string text_;
    std::vector<Attachment> media_;
};

Result<void> add_files(const ChatOptions& options, Stdin& input, PromptBuilder& prompt) {
    for (const std::string& path : options.files) {
        auto bytes = read_input(path, "-f", input);
        if (!bytes) {
            return tl::unexpected<Error>(bytes.error());
        }
        auto file = make_attachment(path == "-" ? "stdin" : path, std::move(*bytes));
        if (!file) {
            return tl::unexpected<Error>(file.error());
        }
        prompt.add_file(std::move(*file));
    }
    for (const std::string& path : options.images) {
        auto bytes = read_input(path, "--image", input);
        if (!bytes) {
            return tl::unexpected<Error>(bytes.error());
        }
        auto image = make_attachment(path == "-" ? "stdin" : path, std::move(*bytes));
        if (!image || image->kind != Attachment::Kind::image) {
            return fail(Errc::invalid_file, path + " is not a PNG, JPEG, GIF or WebP image",
                        "other files go with -f");
        }
        prompt.add_file(std::move(*image));
    }
    return {};
}

// The words joined by spaces, with stdin as a block of its own in place of "-".
Result<void> add_words(const ChatOptions& options, Stdin& input, PromptBuilder& prompt) {
    std::string words;
    for (const std::string& word : options.prompt) {
        if (word == "-") {
            prompt.add_block(std::exchange(words, {}));
            auto piped = input.read_all("the prompt");
            if (!piped) {
                return tl::unexpected<Error>(piped.error());
            }
            if (auto added = prompt.add_piped(std::move(*piped)); !added) {
                return added;
            }
            continue;
        }
        words += words.empty() ? word : ' ' + word;
    }
    if (!is_utf8(words)) {
        return fail(Errc::usage, "the prompt is not valid UTF-8");
    }
    prompt.add_block(words);
    return {};
}

bool names_stdin(const ChatOptions& options) {
    const auto has_dash = [](const std::vector<std::string>& list) {
        return std::find(list.begin(), list.end(), "-") != list.end();
    };
    return has_dash(options.prompt) || has_dash(options.files) || has_dash(options.images) ||
           options.schema_file == "-";
}

}  // namespace

std::string user_content(const std::string& text, const std::vector<Attachment>& media) {
    if (media.empty()) {
        return print_json(Json(text));
    }
    Json parts = Json::array();
    if (!text.empty()) {
        parts.push_back({{"type", "text"}, {"text", text}});
    }
    for (const Attachment& file : media) {
        if (file.kind == Attachment::Kind::pdf) {
            const std::size_t slash = file.name.rfind('/');
            const std::string name =
                slash == std::string::npos ? file.name : file.name.substr(slash + 1);
            parts.push_back(
                {{"type", "file"}, {"file", {{"filename", name}, {"file_data", data_url(file)}}}});
        } else {
            parts.push_back({{"type", "image_url"}, {"image_url", {{"url", data_url(file)}}}});
        }
    }
    return print_json(parts);
}

Result<std::string> read_input(const std::string& path, std::string_view reader, Stdin& input) {
    return path == "-" ? input.read_all(reader) : read_file(path);
}

Result<std::optional<std::string>> read_prompt(const ChatOptions& options, Stdin& input) {
    const bool piped = !input.is_terminal() && !names_stdin(options);
    if (!piped && options.prompt.empty() && options.files.empty() && options.images.empty() &&
        input.is_terminal()) {
        return std::nullopt;
    }
    PromptBuilder prompt;
    if (piped) {
        auto bytes = input.read_all("the prompt");
        if (!bytes) {
            return tl::unexpected<Error>(bytes.error());
        }
        if (auto added = prompt.add_piped(std::move(*bytes)); !added) {
            return tl::unexpected<Error>(added.error());
        }
    }
    if (auto added = add_files(options, input, prompt); !added) {
        return tl::unexpected<Error>(added.error());
    }
    if (auto added = add_words(options, input, prompt); !added) {
        return tl::unexpected<Error>(added.error());
    }
    if (prompt.empty()) {
        return fail(Errc::usage, "the prompt is empty",
                    "llmgw chat \"your question\", or pipe text into it");
    }
    return prompt.content();
}

}  // namespace llmgw
