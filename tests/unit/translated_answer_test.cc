// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/translated_answer.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace llmgw;

namespace {

constexpr std::size_t kPiece = 1024 * 1024;

// An answer of so many pieces that has all arrived.
class ArrivedAnswer final : public UpstreamAnswer {
  public:
    ArrivedAnswer(std::size_t pieces, std::size_t& taken) : left_(pieces), taken_(taken) {}
    [[nodiscard]] const ResponseHead& head() const override { return head_; }
    Task<BodyPart> next() override {
        BodyPart part;
        if (left_ > 0) {
            left_--;
            taken_++;
            part.state = BodyPart::State::data;
            part.bytes = piece_;
        }
        co_return part;
    }
    void cancel() override {}

  private:
    ResponseHead head_;
    std::string piece_ = std::string(kPiece, 'x');
    std::size_t left_;
    std::size_t& taken_;
};

// Takes a document in, without the memory for it.
class SilentDecoder final : public AnswerDecoder {
  public:
    Result<void> feed(std::string_view /*bytes*/, std::vector<ChatEvent>& /*out*/) override {
        return {};
    }
    Result<void> finish(std::vector<ChatEvent>& out) override {
        out.emplace_back().text = "all of it";
        return {};
    }
};

std::unique_ptr<AnswerDecoder> silent_decoder(const ChatRequest& /*request*/,
                                              const WireTarget& /*target*/) {
    return std::make_unique<SilentDecoder>();
}

constexpr WireAdapter kSilentAdapter{nullptr, silent_decoder, nullptr};

// What the first piece of such an answer's translation says.
Task<void> read_first(UpstreamAnswer& answer, std::string& out) {
    const BodyPart part = co_await answer.next();
    out = part.state == BodyPart::State::failed ? "failed: " + part.error->message
                                                : std::string(part.bytes);
}

std::string first_of(std::size_t pieces, std::size_t& taken) {
    auto answer = std::make_unique<ArrivedAnswer>(pieces, taken);
    auto translation = std::make_unique<Translation>(Translation{kSilentAdapter, {}, {}});
    auto writer = std::make_unique<CompletionWriter>(ChatAnswerIdentity{"id", 1, "model"});
    TranslatedAnswer translated(std::move(answer), std::move(translation), std::move(writer));
    std::string out;
    spawn(read_first(translated, out));
    return out;
}

}  // namespace

TEST_CASE("translated_answer: a document is taken in up to 256 MiB") {
    std::size_t taken = 0;
    CHECK(first_of(256, taken).find("all of it") != std::string::npos);
    taken = 0;
    CHECK(first_of(10'000, taken) == "failed: the answer is too large to be taken in");
    CHECK(taken == 257);
}
