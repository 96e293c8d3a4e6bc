// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "common/base/error.h"
#include "daemon/http/head.h"
#include "daemon/net/task.h"

namespace llmgw {

/// The next piece of an answer's body.
struct BodyPart {
    enum class State { data, end, failed };
    State state = State::end;
    std::string_view bytes;                ///< valid until the next co_await
    std::unique_ptr<const Error> error{};  ///< of `failed`: the answer was cut off or timed out

    [[nodiscard]] static BodyPart failed(Error why) {
        return {State::failed, {}, std::make_unique<const Error>(std::move(why))};
    }
};

/// An answer whose head has arrived: from a provider over the network, or made inside llmgw.
class UpstreamAnswer {
  public:
    virtual ~UpstreamAnswer() = default;
    [[nodiscard]] virtual const ResponseHead& head() const = 0;
    virtual Task<BodyPart> next() = 0;
    /// All of the body, if it has arrived already and nothing of it was taken; next() then gives
    /// its end. The view stays until the answer is destroyed.
    virtual std::optional<std::string_view> take_whole() { return std::nullopt; }
    /// Ends it from outside; a next() that waits then fails.
    virtual void cancel() = 0;
};

}  // namespace llmgw
