// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "common/catalog/generator/catalog_files.h"
#include "common/catalog/generator/fields.h"
#include "common/catalog/wire_names.h"

namespace llmgw::generator {

namespace {

std::string quoted(const std::string& text) {
    return '"' + text + '"';
}

bool is_text(const Json& value) {
    if (!value.is_string()) {
        return false;
    }
    const auto& text = value.get_ref<const std::string&>();
    return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
}

bool is_id(const Json& value) {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    return is_text(value) &&
           value.get_ref<const std::string&>().find_first_not_of(kAllowed) == std::string::npos;
}

bool is_date(const Json& value) {
    constexpr std::string_view kShape = "0000-00-00";
    if (!value.is_string() || value.get_ref<const std::string&>().size() != kShape.size()) {
        return false;
    }
    const auto& text = value.get_ref<const std::string&>();
    for (std::size_t i = 0; i < kShape.size(); i++) {
        const bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (kShape[i] == '-' ? text[i] != '-' : !is_digit) {
            return false;
        }
    }
    const auto number = [&text](std::size_t at, std::size_t size) {
        return std::stoi(text.substr(at, size));
    };
    using namespace std::chrono;
    return year_month_day(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                          day(static_cast<unsigned>(number(8, 2))))
        .ok();
}

bool is_url(const Json& value) {
    if (!is_text(value)) {
        return false;
    }
    const auto& url = value.get_ref<const std::string&>();
    return url.starts_with("https://") && url.size() > 8 && !url.ends_with('/') &&
           url.find(' ') == std::string::npos;
}

bool is_count(const Json& value) {
    return value.is_number_unsigned() && value.get<std::uint64_t>() > 0;
}

bool is_price(const Json& value, std::int64_t most_nano) {
    const auto nano =
        value.is_string() ? parse_nano(value.get_ref<const std::string&>()) : std::nullopt;
    return nano && *nano <= most_nano;
}

bool is_wire(const Json& value) {
    return value.is_string() &&
           std::find(catalog::kWireNames.begin(), catalog::kWireNames.end(),
                     value.get_ref<const std::string&>()) != catalog::kWireNames.end();
}

std::string wire_list() {
    std::string names;
    for (std::string_view name : catalog::kWireNames) {
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return names;
}

class Checker {
  public:
    explicit Checker(Problems& problems) : problems_(problems) {}

    void entry(const std::string& where, const Json& json, std::span<const Field> fields);
    void providers(const std::vector<Entry>& entries);
    void models(const std::vector<Entry>& entries);

  private:
    void problem(const std::string& where, const std::string& what) {
        problems_.push_back(where + ": " + what);
    }
    void expect(bool holds, const std::string& where, const std::string& what) {
        if (!holds) {
            problem(where, what);
        }
    }
    void field(const std::string& where, Kind kind, const Json& value);
    void texts(const std::string& where, const Json& value);
    void prices(const std::string& where, const Json& value, bool for_units);
    void endpoints(const std::string& where, const Json& value);
    void entries(const std::string& where, const std::string& noun, const Json& value,
                 std::span<const Field> fields);
    void tier_order(const std::string& where, const Json& tiers);
    void tier_prices(const std::string& where, const Json& mapping);
    void references(const std::string& where, const Json& mapping);
    void known_names(const std::string& where, const Json& mapping, const char* name,
                     const std::set<std::string>& known);

    struct ProviderNames {
        std::set<std::string> regions;
        std::set<std::string> service_tiers;
    };
    Problems& problems_;
    std::map<std::string, ProviderNames> providers_;
};

void Checker::entry(const std::string& where, const Json& json, std::span<const Field> fields) {
    if (!json.is_object()) {
        problem(where, "must be an object");
        return;
    }
    const std::string prefix = where + ": ";
    for (const auto& [name, value] : json.items()) {
        const auto known = std::find_if(fields.begin(), fields.end(),
                                        [&name = name](const Field& f) { return f.name == name; });
        if (known == fields.end()) {
            problem(where, "unknown field " + quoted(name));
        } else {
            field(prefix + name, known->kind, value);
        }
    }
    for (const Field& f : fields) {
        expect(!f.required || json.contains(f.name), where,
               "field " + quoted(std::string(f.name)) + " is missing");
    }
}

void Checker::field(const std::string& where, Kind kind, const Json& value) {
    switch (kind) {
        case Kind::id:
            return expect(is_id(value), where, "must be lower-case letters, digits, \".-_\"");
        case Kind::text:
            return expect(is_text(value), where, "must be a text");
        case Kind::date:
            return expect(is_date(value), where, "must be a date such as \"2026-11-23\"");
        case Kind::url:
            return expect(is_url(value), where, "must be https://… without a slash at the end");
        case Kind::wire:
            return expect(is_wire(value), where, "must be one of " + wire_list());
        case Kind::count:
            return expect(is_count(value), where, "must be a whole number over 0");
        case Kind::milli:
            return expect(value.is_number() && parse_milli(value.get<double>()).has_value(), where,
                          "must be a number over 0 with at most three digits behind the point");
        case Kind::flag:
        case Kind::can:
            return expect(value.is_boolean(), where, "must be true or false");
        case Kind::texts:
            return texts(where, value);
        case Kind::prices:
            return prices(where, value, false);
        case Kind::units:
            return prices(where, value, true);
        case Kind::tiers:
            entries(where, "tier", value, kTierFields);
            return tier_order(where, value);
        case Kind::service_tiers:
            return entries(where, "tier", value, kServiceTierFields);
        case Kind::endpoints:
            return endpoints(where, value);
        case Kind::mappings:
            // Reported as `mapping 2`, not as `mappings: mapping 2`.
            return entries(where.substr(0, where.rfind(": ")), "mapping", value, kMappingFields);
    }
}

void Checker::texts(const std::string& where, const Json& value) {
    if (!value.is_array() || value.empty() || !std::all_of(value.begin(), value.end(), is_text)) {
        problem(where, "must be a list of texts");
        return;
    }
    std::set<std::string> seen;
    for (const Json& item : value) {
        const auto text = item.get<std::string>();
        expect(seen.insert(text).second, where, quoted(text) + " is there twice");
    }
}

void Checker::prices(const std::string& where, const Json& value, bool for_units) {
    constexpr std::int64_t kMostPerMillion = 999'999'000'000'000;
    constexpr std::int64_t kMostPerUnit = 9'000'000'000'000;  // so that a million of them is a Rate
    if (!value.is_object() || value.empty()) {
        problem(where, "must be an object of prices");
        return;
    }
    const std::string prefix = where + ": ";
    for (const auto& [name, price] : value.items()) {
        expect(for_units || std::find(kPrices.begin(), kPrices.end(), name) != kPrices.end(), where,
               "unknown price " + quoted(name));
        expect(is_price(price, for_units ? kMostPerUnit : kMostPerMillion), prefix + name,
               price.dump() +
                   " is not a price: write dollars as a plain decimal in quotes, such "
                   "as \"0.15\", with at most nine digits behind the point");
    }
}

void Checker::endpoints(const std::string& where, const Json& value) {
    if (!value.is_object() || value.empty()) {
        problem(where, "must be an object of regions and their addresses");
        return;
    }
    const std::string prefix = where + ": ";
    for (const auto& [region, url] : value.items()) {
        field(prefix + region, Kind::url, url);
    }
}

void Checker::entries(const std::string& where, const std::string& noun, const Json& value,
                      std::span<const Field> fields) {
    if (!value.is_array() || value.empty()) {
        problem(where, noun + "s must be a list, and not empty");
        return;
    }
    const std::string prefix = where + ": " + noun + " ";
    int number = 0;
    for (const Json& item : value) {
        entry(prefix + std::to_string(++number), item, fields);
    }
}

void Checker::tier_order(const std::string& where, const Json& tiers) {
    std::uint64_t before = 0;
    for (std::size_t i = 0; tiers.is_array() && i < tiers.size(); i++) {
        const bool last = i + 1 == tiers.size();
        if (!tiers[i].is_object()) {
            return;
        }
        if (!tiers[i].contains("up_to_tokens")) {
            expect(last, where, "only the last tier may have no up_to_tokens");
            continue;
        }
        const Json& limit = tiers[i]["up_to_tokens"];
        if (!is_count(limit)) {
            return;
        }
        expect(limit.get<std::uint64_t>() > before, where, "up_to_tokens must rise");
        before = limit.get<std::uint64_t>();
    }
}

// Tiers replace the mapping's prices: one that they leave out would silently be unknown.
void Checker::tier_prices(const std::string& where, const Json& mapping) {
    const Json none = Json::object();
    const auto prices_of = [&none](const Json& holder) -> const Json& {
        const bool has = holder.is_object() && holder.contains("usd_per_million") &&
                         holder["usd_per_million"].is_object();
        return has ? holder["usd_per_million"] : none;
    };
    int number = 0;
    for (const Json& tier : mapping.value("tiers", Json::array())) {
        number++;
        const Json& prices = prices_of(tier);
        for (const std::string_view name : kPrices) {
            expect(prices.empty() || prices.contains(name) || !prices_of(mapping).contains(name),
                   where + ": tiers",
                   "tier " + std::to_string(number) + " has no price " + quoted(std::string(name)));
        }
    }
}

void Checker::providers(const std::vector<Entry>& list) {
    for (const Entry& e : list) {
        entry(e.where, e.json, kProviderFields);
        if (!e.json.is_object() || !e.json.contains("id") || !e.json["id"].is_string()) {
            continue;
        }
        const auto [known, is_new] = providers_.try_emplace(e.json["id"].get<std::string>());
        expect(is_new, e.where, "there is a provider of that id already");
        const Json none = Json::object();
        const Json& regions = e.json.contains("regions") ? e.json["regions"] : none;
        if (regions.is_object()) {
            for (const auto& [region, url] : regions.items()) {
                known->second.regions.insert(region);
            }
        }
        if (e.json.contains("service_tiers") && e.json["service_tiers"].is_array()) {
            for (const Json& tier : e.json["service_tiers"]) {
                if (tier.is_object() && tier.contains("id") && tier["id"].is_string()) {
                    known->second.service_tiers.insert(tier["id"].get<std::string>());
                }
            }
        }
        if (e.json.contains("default_region") && e.json["default_region"].is_string()) {
            const auto region = e.json["default_region"].get<std::string>();
            expect(known->second.regions.contains(region), e.where + ": default_region",
                   quoted(region) + " is not one of its regions");
        }
    }
}

void Checker::models(const std::vector<Entry>& list) {
    std::map<std::string, std::string> names;  // every id and alias, and where it is
    const auto claim = [&](const std::string& where, const Json& name) {
        if (!name.is_string()) {
            return;
        }
        const auto [known, is_new] = names.try_emplace(name.get<std::string>(), where);
        expect(is_new, where,
               quoted(known->first) + " is an id or an alias already, of " + known->second);
    };
    for (const Entry& e : list) {
        entry(e.where, e.json, kModelFields);
        expect(is_id(e.family), e.where, "the file's name must be lower-case");
        if (!e.json.is_object()) {
            continue;
        }
        claim(e.where, e.json.value("id", Json()));
        for (const Json& alias : e.json.value("aliases", Json::array())) {
            claim(e.where + ": aliases", alias);
        }
        std::set<std::string> used;
        int number = 0;
        for (const Json& mapping : e.json.value("mappings", Json::array())) {
            const std::string where = e.where + ": mapping " + std::to_string(++number);
            if (mapping.is_object() && is_id(mapping.value("provider", Json()))) {
                references(where, mapping);
                tier_prices(where, mapping);
                expect(used.insert(mapping["provider"].get<std::string>()).second, where,
                       "there is a mapping of that provider already");
            }
        }
    }
}

void Checker::references(const std::string& where, const Json& mapping) {
    const auto id = mapping["provider"].get<std::string>();
    const auto provider = providers_.find(id);
    if (provider == providers_.end()) {
        problem(where, "unknown provider " + quoted(id));
        return;
    }
    known_names(where, mapping, "regions", provider->second.regions);
    known_names(where, mapping, "service_tiers", provider->second.service_tiers);
}

void Checker::known_names(const std::string& where, const Json& mapping, const char* name,
                          const std::set<std::string>& known) {
    for (const Json& item : mapping.value(name, Json::array())) {
        if (item.is_string()) {
            expect(known.contains(item.get<std::string>()), where + ": " + name,
                   "the provider has no " + item.dump());
        }
    }
}

}  // namespace

std::optional<std::int64_t> parse_nano(std::string_view decimal) {
    constexpr std::size_t kMostWhole = 6;
    constexpr std::size_t kMostBehind = 9;
    const std::size_t point = decimal.find('.');
    const std::string_view whole = decimal.substr(0, point);
    std::string behind(point == std::string_view::npos ? "" : decimal.substr(point + 1));
    const auto are_digits = [](std::string_view text) {
        return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    if (whole.empty() || whole.size() > kMostWhole || !are_digits(whole)) {
        return std::nullopt;
    }
    if ((point != std::string_view::npos && behind.empty()) || behind.size() > kMostBehind ||
        !are_digits(behind)) {
        return std::nullopt;
    }
    behind.resize(kMostBehind, '0');
    return std::stoll(std::string(whole) + behind);
}

std::optional<std::int64_t> parse_milli(double number) {
    constexpr double kMost = 1000;
    constexpr double kRounding = 1e-6;
    if (!(number > 0) || number > kMost) {
        return std::nullopt;
    }
    const double milli = std::round(number * 1000);
    return std::abs(number * 1000 - milli) < kRounding && milli > 0
               ? std::optional(static_cast<std::int64_t>(milli))
               : std::nullopt;
}

void check(const CatalogFiles& files, Problems& problems) {
    Checker checker(problems);
    checker.providers(files.providers);
    checker.models(files.models);
}

}  // namespace llmgw::generator
