// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "daemon/providers/wire_adapter.h"

namespace llmgw::fuzz {

/// Reads an answer to `request`: it has the same events in one piece and in several, an end, and
/// makes a valid answer in OpenAI's format.
void try_answer(const WireAdapter& adapter, const ChatRequest& request, const WireTarget& target,
                std::string_view body);

/// The same for a stream and for a document, with and without an answer that has to be JSON, which
/// some formats ask for with a tool of their own.
void try_answers(const WireAdapter& adapter, std::string_view provider, std::string_view model,
                 std::string_view body);

/// How it is asked: what of a request matters to decoders.
[[nodiscard]] ChatRequest request_for(bool stream, bool json);
/// A model of the catalog at one of its providers.
[[nodiscard]] WireTarget target_at(std::string_view provider, std::string_view model);

}  // namespace llmgw::fuzz
