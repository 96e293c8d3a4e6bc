// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/rehearse_route.h"

#include <algorithm>
#include <asio/post.hpp>
#include <set>
#include <utility>

#include "daemon/api/routes.h"
#include "daemon/gateway/pipeline.h"
#include "daemon/gateway/rehearsal.h"

namespace llmgw {

namespace {

constexpr std::string_view kAnswer =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":0,"model":"rehearsed","choices":[)"
    R"({"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}})";
constexpr std::string_view kRefusal =
    R"({"error":{"message":"rehearsed","type":"rehearsed","param":null,"code":null}})";

// Serves targets that leave the provider to the request, which at Portkey a header names.
constexpr const char* kCallersKey = "named-by-the-request";

class RehearsedAnswer : public UpstreamAnswer {
  public:
    RehearsedAnswer(int status, int retry_after_s) : retry_after_(std::to_string(retry_after_s)) {
        head_.status = status;
        head_.headers.push_back({"content-type", "application/json"});
        if (retry_after_s > 0) {
            head_.headers.push_back({"retry-after", retry_after_});
        }
    }
    [[nodiscard]] const ResponseHead& head() const override { return head_; }
    Task<BodyPart> next() override {
        if (std::exchange(given_, true)) {
            co_return BodyPart{};
        }
        const bool good = head_.status >= 200 && head_.status < 300;
        co_return BodyPart{BodyPart::State::data, good ? kAnswer : kRefusal};
    }
    void cancel() override { given_ = true; }

  private:
    std::string retry_after_;
    ResponseHead head_;
    bool given_ = false;
};

// Does what a row of the proof says, and takes down who was asked.
class RowRehearsal : public Rehearsal {
  public:
    RowRehearsal(const ProofCase& row, const std::vector<double>& draws)
        : row_(row), draws_(draws) {}

    Result<std::unique_ptr<UpstreamAnswer>> ask(std::string_view target,
                                                const Candidate& candidate) override {
        std::vector<ProofCall>& calls = run.calls;
        if (calls.empty() || calls.back().target != target) {
            calls.push_back({std::string(target), std::string(candidate.upstream_model), 0});
        }
        const int call = ++calls.back().tries;
        const auto found = row_.fates.find(calls.back().target);
        const ProofFate fate = found == row_.fates.end() ? ProofFate() : found->second;
        if (fate.times > 0 && call > fate.times) {
            return std::make_unique<RehearsedAnswer>(200, 0);
        }
        switch (fate.kind) {
            case ProofFate::Kind::no_connection:
                return fail(Errc::upstream, "there is no connection");
            case ProofFate::Kind::silent:
                return fail(Errc::timeout, "there is no answer in time");
            case ProofFate::Kind::answers:
                break;
        }
        return std::make_unique<RehearsedAnswer>(fate.status, fate.retry_after_s);
    }

    // RouteWalk takes the upper 53 bits for a number from 0 to 1.
    std::uint64_t draw() override {
        constexpr double kUnit = static_cast<double>(std::uint64_t{1} << 53U);
        const double chance = at_ < draws_.size() ? draws_[at_++] : 0;
        return static_cast<std::uint64_t>(chance * kUnit) << 11U;
    }

    ProofRun run;

  private:
    const ProofCase& row_;
    const std::vector<double>& draws_;
    std::size_t at_ = 0;
};

// Only wants to know the status.
class StatusClient : public Client {
  public:
    Task<bool> answer(const AnswerHead& head, std::vector<std::string_view> /*body*/) override {
        status = head.status;
        co_return true;
    }
    Task<bool> begin(const AnswerHead& head, std::string_view /*first*/) override {
        status = head.status;
        co_return true;
    }
    Task<bool> send(std::string_view /*bytes*/) override { co_return true; }
    bool begin_now(const AnswerHead& /*head*/, std::string_view /*first*/) override {
        return false;
    }
    bool send_now(std::string_view /*bytes*/) override { return false; }
    Task<bool> end(bool clean) override { co_return clean; }
    void on_gone(std::function<void()> /*callback*/) override {}
    [[nodiscard]] bool gone() const override { return false; }

    int status = 0;
};

// Keys for whomever a route asks, and names for the models that it leaves to the request.
class SetUp {
  public:
    void add(const RouteStep& step) {
        for (const RouteStep& target : step.targets) {
            add(target);
        }
        if (!step.targets.empty()) {
            return;
        }
        const std::string& provider = step.leaf.provider;
        if (provider.empty()) {
            add_key(kCallersKey);
            models_.insert(step.leaf.model.empty() ? step.leaf.default_model : step.leaf.model);
        } else {
            add_key(provider.front() == '@' ? provider.substr(1) : provider);
        }
    }

    // The snapshot for a request that names this model.
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot(const std::string& model) const {
        auto made = std::make_shared<Snapshot>(base);
        for (const std::string& name : models_) {
            const std::string& known = name.empty() ? model : name;
            made->aliases[known] = "@" + std::string(kCallersKey) + "/" + known;
        }
        return made;
    }

    Snapshot base;

  private:
    void add_key(const std::string& label) {
        if (base.find_access(label) != nullptr) {
            return;
        }
        ProviderKey key;
        key.label = label;
        key.provider = "custom";
        key.base_url = "http://127.0.0.1:9/v1";  // never connected to
        base.accesses.push_back(make_access(key, std::string()));
    }

    std::set<std::string> models_;
};

Task<void> serve(Core& core, InferenceRequest request, Client& client) {
    co_await serve_inference(core, std::move(request), client);
    core.loop.stop();
}

ProofRun rehearse(const std::shared_ptr<const RouteStep>& tree, const SetUp& set_up,
                  const ProofCase& row, const std::vector<double>& draws) {
    RowRehearsal rehearsal(row, draws);
    const auto endpoint = inference_endpoint(normal_path(row.path));
    const auto fields = scan_object(row.body);
    if (!endpoint || !fields) {
        return rehearsal.run;
    }
    const JsonField* const model = find_field(*fields, "model");
    Loop loop;
    Core core(loop, set_up.snapshot(model == nullptr ? "" : json_text(model->value).value_or("")));
    core.rehearsal = &rehearsal;
    auto route = std::make_shared<RouteCall>();
    route->tree = tree;
    route->metadata = row.metadata;
    RequestHead head;
    head.method = "POST";
    head.target = head.path = row.path;
    StatusClient client;
    asio::post(loop.io(), [&] {
        InferenceRequest request{*endpoint, head, row.body, {}, {}, {}, std::move(route)};
        spawn(serve(core, std::move(request), client));
    });
    loop.run();
    rehearsal.run.status = client.status;
    return std::move(rehearsal.run);
}

}  // namespace

Result<ProofRunner> rehearse_route(std::string_view document) {
    const auto root = parse_route(document);
    if (!root) {
        return tl::unexpected(root.error());
    }
    const auto tree = compile_route(*root);
    if (!tree) {
        return tl::unexpected(tree.error());
    }
    auto settings = read_settings({});
    if (!settings) {
        return tl::unexpected(settings.error());
    }
    auto set_up = std::make_shared<SetUp>();
    set_up->base.settings = std::move(*settings);
    set_up->base.settings.routing.route_backoff_ms = 0;
    set_up->add(**tree);
    return ProofRunner(
        [set_up, tree = *tree](const ProofCase& row, const std::vector<double>& draws) {
            return rehearse(tree, *set_up, row, draws);
        });
}

}  // namespace llmgw
