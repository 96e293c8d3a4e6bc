// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/providers.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/base/url.h"

namespace llmgw {

namespace {

constexpr std::string_view kNoChat = "it has no chat completions";
constexpr std::string_view kOwnFormat = "its API is of a kind that llmgw does not speak";
constexpr std::string_view kNotThere = "Portkey lists it, but never asked it for chat completions";
constexpr std::string_view kOfAccount = "its address depends on the account";
constexpr std::string_view kOwnServer = "it is a server of one's own";

// Portkey's gateway 1.15 and, for those of the hosted one alone, its documentation.
constexpr std::array<PortkeyProvider, 84> kProviders = {{
    {"302ai", "custom", "https://api.302.ai/v1", "/v1", ""},
    {"ai21", "", "", "", kOwnFormat},
    {"aibadgr", "custom", "https://aibadgr.com/api/v1", "", ""},
    {"anthropic", "anthropic", "", "", ""},
    {"anyscale", "custom", "https://api.endpoints.anyscale.com/v1", "", ""},
    {"azure-ai", "azure-ai-foundry", "", "", ""},
    {"azure-openai", "azure", "", "", ""},
    {"bedrock", "aws-bedrock", "", "", ""},
    {"bedrock-mantle", "aws-mantle", "", "", ""},
    {"byteplus", "bytedance", "", "", ""},
    {"bytez", "", "", "", kOwnFormat},
    {"cerebras", "cerebras", "", "", ""},
    {"claude-platform-aws", "", "", "", kOwnFormat},
    {"cohere", "cohere", "", "/v2", ""},
    {"cometapi", "custom", "https://api.cometapi.com/v1", "", ""},
    {"cortex", "", "", "", kNotThere},
    {"dashscope", "alibaba", "", "", ""},
    {"databricks", "custom", "", "", kOfAccount},
    {"deepbricks", "custom", "https://api.deepbricks.ai/v1", "", ""},
    {"deepgram", "", "", "", kNoChat},
    {"deepinfra", "deepinfra", "", "", ""},
    {"deepseek", "deepseek", "", "/v1", ""},
    {"ember-cloud", "embercloud", "", "", ""},
    {"fal-ai", "", "", "", kNoChat},
    {"featherless-ai", "custom", "https://api.featherless.ai/v1", "", ""},
    {"fireworks-ai", "fireworks", "", "", ""},
    {"github", "custom", "https://models.inference.ai.azure.com", "", ""},
    {"google", "google-ai-studio", "", "/v1beta", ""},
    {"groq", "groq", "", "", ""},
    // Portkey asks /models/MODEL/v1 of an address that no longer answers; this is its successor.
    {"huggingface", "custom", "https://router.huggingface.co/v1", "/v1",
     "Portkey asked api-inference.huggingface.co, which its owner has replaced by this address"},
    {"hyperbolic", "custom", "https://api.hyperbolic.xyz/v1", "/v1", ""},
    {"inference-net", "inference.net", "", "", ""},
    {"iointelligence", "custom", "https://api.intelligence.io.solutions/api/v1", "", ""},
    {"jina", "", "", "", kNoChat},
    {"kluster-ai", "custom", "https://api.kluster.ai/v1", "", ""},
    {"krutrim", "custom", "https://cloud.olakrutrim.com/v1", "", ""},
    {"lambda", "custom", "https://api.lambdalabs.com/v1", "", ""},
    {"lemonfox-ai", "custom", "https://api.lemonfox.ai/v1", "", ""},
    {"lepton", "custom", "https://api.lepton.ai/api/v1", "/api/v1", ""},
    {"lightning-ai", "custom", "", "", kOfAccount},
    {"lingyi", "custom", "https://api.lingyiwanwu.com/v1", "/v1", ""},
    {"matterai", "custom", "https://api.matterai.so/v1", "", ""},
    {"meshy", "", "", "", kNoChat},
    {"milvus", "", "", "", kNoChat},
    {"minimax", "minimax", "", "", ""},
    {"mistral-ai", "mistral", "", "", ""},
    {"modal", "custom", "https://api.modal.com/v1", "", ""},
    {"monsterapi", "custom", "https://llm.monsterapi.ai/v1", "", ""},
    // Accounts of the two countries are not the same.
    {"moonshot", "moonshot", "https://api.moonshot.cn/v1", "/v1", ""},
    {"ncompass", "custom", "https://api.ncompass.tech/v1", "", ""},
    {"nebius", "nebius", "", "", ""},
    {"nextbit", "custom", "https://api.nextbit256.com/v1", "", ""},
    {"nomic", "", "", "", kNoChat},
    {"novita-ai", "novita", "", "/v1", ""},
    {"nscale", "custom", "https://inference.api.nscale.com/v1", "", ""},
    {"ollama", "custom", "", "/v1", kOwnServer},
    {"openai", "openai", "", "", ""},
    {"openrouter", "custom", "https://openrouter.ai/api/v1", "/v1", ""},
    {"oracle", "", "", "", kOwnFormat},
    {"ovhcloud", "custom", "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1", "", ""},
    {"palm", "", "", "", "Google has shut it down"},
    {"perplexity-ai", "perplexity", "", "", ""},
    {"portkey", "", "", "", kNotThere},
    {"predibase", "", "", "", kOwnFormat},
    {"qdrant", "", "", "", kNoChat},
    {"recraft-ai", "", "", "", kNoChat},
    {"reka-ai", "", "", "", kOwnFormat},
    {"replicate", "", "", "", kOwnFormat},
    {"sagemaker", "", "", "", kOwnFormat},
    {"sambanova", "custom", "", "/v1", kOfAccount},
    {"scenario-ai", "", "", "", kNoChat},
    {"segmind", "", "", "", kNoChat},
    {"siliconflow", "custom", "https://api.siliconflow.cn/v1", "", ""},
    {"stability-ai", "", "", "", kNoChat},
    {"together-ai", "together-ai", "", "/v1", ""},
    {"tripo3d", "", "", "", kNoChat},
    {"triton", "", "", "", kOwnFormat},
    {"upstage", "custom", "https://api.upstage.ai/v1/solar", "", ""},
    {"vertex-ai", "google-vertex", "", "/v1", ""},
    {"voyage", "", "", "", kNoChat},
    // Asked where Cloudflare speaks OpenAI's format; Portkey uses /ai/run.
    {"workers-ai", "custom", "", "", kOfAccount},
    {"x-ai", "xai", "", "", ""},
    {"z-ai", "zai", "", "", ""},
    {"zhipu", "custom", "https://open.bigmodel.cn/api/paas/v4", "", ""},
}};

struct Spelling {
    std::string_view spelling;
    std::string_view id;
};
// Its admin API spells two of them otherwise than its gateway; the rest is what people write.
constexpr std::array<Spelling, 28> kSpellings = {{
    {"alibaba", "dashscope"},
    {"amazon-bedrock", "bedrock"},
    {"aws", "bedrock"},
    {"aws-bedrock", "bedrock"},
    {"azure", "azure-openai"},
    {"azure-ai-foundry", "azure-ai"},
    {"azure-foundry", "azure-ai"},
    {"azureopenai", "azure-openai"},
    {"claude", "anthropic"},
    {"fireworks", "fireworks-ai"},
    {"gemini", "google"},
    {"google-ai-studio", "google"},
    {"google-vertex", "vertex-ai"},
    {"grok", "x-ai"},
    {"hugging-face", "huggingface"},
    {"mistral", "mistral-ai"},
    {"novita", "novita-ai"},
    {"open-ai", "openai"},
    {"open-router", "openrouter"},
    {"perplexity", "perplexity-ai"},
    {"stability", "stability-ai"},
    {"together", "together-ai"},
    {"togetherai", "together-ai"},
    {"vertex", "vertex-ai"},
    {"vertexai", "vertex-ai"},
    {"xai", "x-ai"},
    {"zai", "z-ai"},
    {"zhipuai", "zhipu"},
}};

// Models whose maker is the one to ask, unless something else is said.
constexpr std::array<Spelling, 14> kModels = {{
    {"chatgpt", "openai"},
    {"claude", "anthropic"},
    {"codestral", "mistral-ai"},
    {"command-r", "cohere"},
    {"deepseek", "deepseek"},
    {"gemini", "google"},
    {"gpt", "openai"},
    {"grok", "x-ai"},
    {"magistral", "mistral-ai"},
    {"mistral", "mistral-ai"},
    {"o1", "openai"},
    {"o3", "openai"},
    {"o4", "openai"},
    {"sonar", "perplexity-ai"},
}};

// Names that stand in other names for something else.
constexpr std::array<std::string_view, 5> kCommonWords = {"portkey", "modal", "lambda", "github",
                                                          "aws"};

const PortkeyProvider* find_id(std::string_view id) {
    const auto* const at =
        std::lower_bound(kProviders.begin(), kProviders.end(), id,
                         [](const PortkeyProvider& provider, std::string_view wanted) {
                             return provider.id < wanted;
                         });
    return at != kProviders.end() && at->id == id ? at : nullptr;
}

// "OPENAI_VIRTUAL_KEY" and "openai virtual key" as "-openai-virtual-key-".
std::string as_words(std::string_view name) {
    std::string out = "-";
    for (const char c : to_lower(name)) {
        const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (word || out.back() != '-') {
            out += word ? c : '-';
        }
    }
    return out.back() == '-' ? out : out + "-";
}

/// The name that stands first in a text, and of several there the longest.
class FirstName {
  public:
    explicit FirstName(std::string_view words) : words_(words) {}

    void consider(std::string_view name, std::string_view id) {
        const std::size_t at = words_.find("-" + std::string(name) + "-");
        if (at < at_ || (at == at_ && at != std::string::npos && name.size() > length_)) {
            at_ = at;
            length_ = name.size();
            id_ = id;
        }
    }
    [[nodiscard]] const PortkeyProvider* found() const { return find_id(id_); }

  private:
    std::string words_;
    std::size_t at_ = std::string::npos;
    std::size_t length_ = 0;
    std::string_view id_;
};

const PortkeyProvider* guess_by_model(const std::string& words) {
    for (const Spelling& model : kModels) {
        if (words.starts_with("-" + std::string(model.spelling) + "-")) {
            return find_id(model.id);
        }
    }
    return nullptr;
}

}  // namespace

std::span<const PortkeyProvider> portkey_providers() {
    return kProviders;
}

const PortkeyProvider* find_portkey_provider(std::string_view id_or_spelling) {
    if (const PortkeyProvider* const exact = find_id(id_or_spelling)) {
        return exact;
    }
    const std::string words = as_words(id_or_spelling);
    const std::string_view name = std::string_view(words).substr(1, words.size() - 2);
    if (words.size() < 3) {
        return nullptr;
    }
    const auto* const at =
        std::find_if(kSpellings.begin(), kSpellings.end(),
                     [&](const Spelling& spelling) { return spelling.spelling == name; });
    return find_id(at == kSpellings.end() ? name : at->id);
}

const PortkeyProvider* guess_portkey_provider(std::string_view name) {
    const std::string words = as_words(name);
    // Who serves a model says more than whose it is.
    for (const std::string_view host : {"azure-ai", "azure", "bedrock", "vertex"}) {
        if (words.find("-" + std::string(host) + "-") != std::string::npos) {
            return find_portkey_provider(host);
        }
    }
    FirstName first(words);
    for (const PortkeyProvider& provider : kProviders) {
        if (std::find(kCommonWords.begin(), kCommonWords.end(), provider.id) ==
            kCommonWords.end()) {
            first.consider(provider.id, provider.id);
        }
    }
    for (const Spelling& spelling : kSpellings) {
        if (spelling.spelling != "aws") {
            first.consider(spelling.spelling, spelling.id);
        }
    }
    const PortkeyProvider* const found = first.found();
    return found != nullptr ? found : guess_by_model(words);
}

Result<std::string> portkey_base_url(const PortkeyProvider& provider,
                                     std::string_view custom_host) {
    const auto url = parse_base_url(trim(custom_host));
    if (!url) {
        return fail(Errc::invalid_file, url.error().message);
    }
    std::string text = url->text();
    if (provider.id == "azure-openai" && text.ends_with("/openai")) {
        text.resize(text.size() - std::string_view("/openai").size());  // llmgw appends it itself
    }
    // With its path there already, Portkey would have asked for it twice and found nothing.
    return text.ends_with(provider.path) ? text : text + std::string(provider.path);
}

}  // namespace llmgw
