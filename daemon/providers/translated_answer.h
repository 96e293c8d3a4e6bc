// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/providers/chat_writer.h"
#include "daemon/providers/wire_adapter.h"
#include "daemon/upstream/answer.h"

namespace llmgw {

/// What is kept of a request while its provider speaks another format than OpenAI's. What `target`
/// points to stays as long as the set-up that the request began with.
struct Translation {
    const WireAdapter& adapter;
    ChatRequest chat;
    WireTarget target;
};

/// A provider's answer in OpenAI's format: what comes from another format is decoded and written
/// anew, piece by piece. Its head is the provider's own.
class TranslatedAnswer final : public UpstreamAnswer {
  public:
    TranslatedAnswer(std::unique_ptr<UpstreamAnswer> answer,
                     std::unique_ptr<Translation> translation, std::unique_ptr<ChatWriter> writer)
        : answer_(std::move(answer)),
          translation_(std::move(translation)),
          decoder_(translation_->adapter.decoder(translation_->chat, translation_->target)),
          writer_(std::move(writer)) {}

    [[nodiscard]] const ResponseHead& head() const override { return answer_->head(); }
    Task<BodyPart> next() override;
    void cancel() override { answer_->cancel(); }

  private:
    void take(const BodyPart& part);

    std::unique_ptr<UpstreamAnswer> answer_;
    std::unique_ptr<Translation> translation_;
    std::unique_ptr<AnswerDecoder> decoder_;
    std::unique_ptr<ChatWriter> writer_;
    std::vector<ChatEvent> events_;
    std::string written_;
    std::size_t unwritten_ = 0;    // bytes read since something was written
    std::optional<Error> broken_;  // told when what came before it has been read
    bool complete_ = false;
};

}  // namespace llmgw
