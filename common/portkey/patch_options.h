// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/portkey/code_items.h"
#include "common/portkey/file_patch.h"

namespace llmgw {

/// Where options of Portkey are.
enum class OptionPlace {
    client,   // Portkey(…): among options that the OpenAI SDK has too
    headers,  // createHeaders(…), or an object with "x-portkey-…" among other headers
    call,     // with_options(…), the second argument of a call: as `client`
};

/// What options ask for, said without Portkey.
struct PortkeyAsk {
    std::string target;  ///< what comes before the model: "@slug", "route/name"; empty: nothing
    bool route = false;  ///< the target works without a model, too
    std::vector<std::pair<std::string, std::string>> headers;  ///< a name, an expression
    std::vector<bool> removed;                                 ///< by item: it is one of Portkey's
    std::string problem;  ///< why these options cannot be moved
};

[[nodiscard]] PortkeyAsk read_options(const CodeTokens& code, const std::vector<CodeItem>& items,
                                      OptionPlace place, const PatchTask& task);

/// The same for names and values that are known already: those of a curl command's headers.
void add_option(PortkeyAsk& ask, std::string_view name, std::string_view value,
                const PatchSettings& settings);

/// Whether headers are Portkey's: createHeaders(…), an object with "x-portkey-…".
[[nodiscard]] bool mentions_portkey_headers(std::string_view text);
/// The bracket that their options are in; kNone when they are put together elsewhere.
[[nodiscard]] std::size_t header_options(const CodeTokens& code, const CodeItem& item);

/// Whether an address is Portkey's, or the one of its gateway on this machine.
[[nodiscard]] bool is_portkey_url(std::string_view url);

/// Whether an expression stands for Portkey's address: PORTKEY_GATEWAY_URL, a text, a variable of
/// the environment.
[[nodiscard]] bool is_portkey_address(const CodeTokens& code, const CodeItem& item);

/// Whether a model's name says by itself who is asked: "@slug/model", "route/name".
[[nodiscard]] bool names_target(std::string_view model);

/// Edits that take items out of a list and put others in, in the layout that it has.
[[nodiscard]] std::vector<SourceEdit> edit_list(const CodeTokens& code, std::size_t open,
                                                const std::vector<bool>& removed,
                                                const std::vector<std::string>& added);

/// The quotes that most texts of the code have.
[[nodiscard]] char quote_of(const CodeTokens& code);
[[nodiscard]] std::string quoted(const CodeTokens& code, std::string_view text);

/// `{"name": expression}` of the headers, in the code's language.
[[nodiscard]] std::string header_literal(const CodeTokens& code, const PortkeyAsk& ask);

}  // namespace llmgw
