// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/route_price.h"

namespace llmgw {

namespace {

// Some providers are paid by the image, others by its tokens: an image is about as many.
constexpr double kTokensPerImage = 1000;

double number(const Rate& rate) {
    return static_cast<double>(rate.nano_per_million);
}

// What images cost that are paid by the piece, as a price of their tokens.
double piece_price(const Mapping& mapping) {
    double price = 0;
    for (const char* const unit : {"image/default", "request"}) {
        const auto rate = catalog::unit_price(mapping, unit);
        price += rate ? number(*rate) / kTokensPerImage : 0;
    }
    return price;
}

}  // namespace

std::optional<double> route_price(const Mapping& mapping, const RouteRequest& request,
                                  const RoutingSettings& settings) {
    const Prices& prices = catalog::prices_for(mapping, request.prompt_tokens);
    if (!prices.input || !prices.output) {
        return std::nullopt;
    }
    const double input = number(*prices.input);
    if (request.makes_images) {
        const double output = number(prices.image_output.value_or(*prices.output));
        return (input + output + piece_price(mapping)) / 2;
    }
    if (!catalog::paid_by_tokens(mapping, prices)) {
        return std::nullopt;
    }
    const double output = number(*prices.output);
    if (!caching_matters(request, settings)) {
        return (input + output) / 2;
    }
    const double hits = settings.cache_hit_rate;
    const double read = number(prices.cached_input.value_or(*prices.input));
    return (read * hits + input * (1 - hits) + output * settings.output_ratio) / 2;
}

}  // namespace llmgw
