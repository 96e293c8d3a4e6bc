// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/providers/answer_quirks.h"
#include "daemon/upstream/answer.h"

namespace llmgw {

/// An answer in OpenAI's format from a provider whose answers depart from it (AnswerMender): a
/// stream is mended event by event, a plain answer as a whole.
class MendedAnswer final : public UpstreamAnswer {
  public:
    MendedAnswer(std::unique_ptr<UpstreamAnswer> answer, const Quirks& quirks, bool streamed)
        : answer_(std::move(answer)), mender_(quirks, streamed), streamed_(streamed) {}

    [[nodiscard]] const ResponseHead& head() const override { return answer_->head(); }
    Task<BodyPart> next() override;
    void cancel() override { answer_->cancel(); }

  private:
    void take(std::string_view bytes);
    void take_event(std::string_view event);

    std::unique_ptr<UpstreamAnswer> answer_;
    AnswerMender mender_;
    bool streamed_;
    bool ended_ = false;
    std::string waiting_;  // what is not complete yet
    std::string mended_;
};

}  // namespace llmgw
