// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "common/catalog/generator/catalog_files.h"
#include "common/catalog/generator/fields.h"

namespace llmgw::generator {

namespace {

/// A string_view literal; what is not plain ASCII becomes an escape of fixed length.
std::string literal(std::string_view text) {
    std::string result = "\"";
    for (char c : text) {
        const unsigned byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (byte >= 0x20 && byte < 0x7F && c != '?') {  // '?': no trigraphs
            result += c;
        } else {
            result += '\\';
            for (unsigned digit : {byte >> 6, byte >> 3 & 7U, byte & 7U}) {
                result += static_cast<char>('0' + digit);
            }
        }
    }
    return result + "\"sv";
}

/// One array of the output, which spans of other arrays point into.
class Array {
  public:
    Array(std::string type, std::string name) : type_(std::move(type)), name_(std::move(name)) {}

    /// Appends a run of elements, once however often it is asked for, and returns its span.
    std::string span_of(const std::vector<std::string>& elements) {
        std::string run;
        for (const std::string& element : elements) {
            run += element + ",\n";
        }
        const auto [known, is_new] = offsets_.try_emplace(run, size_);
        if (is_new) {
            text_ += run;
            size_ += elements.size();
        }
        return "{" + name_ + " + " + std::to_string(known->second) + ", " +
               std::to_string(elements.size()) + "}";
    }

    [[nodiscard]] std::string definition() const {
        // C++ knows no empty arrays.
        return "constexpr " + type_ + " " + name_ + "[] = {\n" + (size_ == 0 ? "{}" : text_) +
               "};\n\n";
    }

  private:
    std::string type_;
    std::string name_;
    std::string text_;
    std::size_t size_ = 0;
    std::map<std::string, std::size_t> offsets_;
};

class Emitter {
  public:
    std::string source(const CatalogFiles& files);

  private:
    std::string braced(const Json& json, std::span<const Field> fields,
                       const std::string& first = "");
    std::string value(Kind kind, const Json& json);
    std::string list(Array& array, const Json& json, std::span<const Field> fields);
    static std::string prices(const Json& json);

    Array strings_{"std::string_view", "kStrings"};
    Array units_{"UnitPrice", "kUnitPrices"};
    Array tiers_{"PriceTier", "kPriceTiers"};
    Array service_tiers_{"ServiceTier", "kServiceTiers"};
    Array endpoints_{"RegionEndpoint", "kEndpoints"};
    Array mappings_{"Mapping", "kMappings"};
};

std::string Emitter::braced(const Json& json, std::span<const Field> fields,
                            const std::string& first) {
    std::string result = first;
    for (const Field& field : fields) {
        if (!json.contains(field.name)) {
            continue;
        }
        const std::string_view member = field.member.empty() ? field.name : field.member;
        result += (result.empty() ? "." : ", .") + std::string(member) + " = " +
                  value(field.kind, json[std::string(field.name)]);
    }
    return "{" + result + "}";
}

std::string Emitter::value(Kind kind, const Json& json) {
    switch (kind) {
        case Kind::id:
        case Kind::text:
        case Kind::date:
        case Kind::url:
            return literal(json.get<std::string>());
        case Kind::wire: {
            auto name = json.get<std::string>();
            std::replace(name.begin(), name.end(), '-', '_');
            return "Wire::" + name;
        }
        case Kind::count:
            return std::to_string(json.get<std::uint64_t>());
        case Kind::milli:
            return std::to_string(parse_milli(json.get<double>()).value());
        case Kind::flag:
            return json.get<bool>() ? "true" : "false";
        case Kind::can:
            return json.get<bool>() ? "Can::yes" : "Can::no";
        case Kind::texts: {
            std::vector<std::string> texts;
            for (const Json& text : json) {
                texts.push_back(literal(text.get<std::string>()));
            }
            return strings_.span_of(texts);
        }
        case Kind::prices:
            return prices(json);
        case Kind::units: {
            std::vector<std::string> units;
            for (const auto& [unit, price] : json.items()) {
                constexpr std::int64_t kMillion = 1'000'000;
                const std::int64_t rate = parse_nano(price.get<std::string>()).value() * kMillion;
                units.push_back("{" + literal(unit) + ", Rate{" + std::to_string(rate) + "}}");
            }
            return units_.span_of(units);
        }
        case Kind::tiers:
            return list(tiers_, json, kTierFields);
        case Kind::service_tiers:
            return list(service_tiers_, json, kServiceTierFields);
        case Kind::endpoints: {
            std::vector<std::string> endpoints;
            for (const auto& [region, url] : json.items()) {
                endpoints.push_back("{" + literal(region) + ", " + literal(url.get<std::string>()) +
                                    "}");
            }
            return endpoints_.span_of(endpoints);
        }
        case Kind::mappings:
            return list(mappings_, json, kMappingFields);
    }
    return {};
}

std::string Emitter::list(Array& array, const Json& json, std::span<const Field> fields) {
    std::vector<std::string> elements;
    for (const Json& item : json) {
        elements.push_back(braced(item, fields));
    }
    return array.span_of(elements);
}

std::string Emitter::prices(const Json& json) {
    std::string result;
    for (std::string_view name : kPrices) {
        if (json.contains(name)) {
            const std::int64_t nano =
                parse_nano(json[std::string(name)].get<std::string>()).value();
            result += (result.empty() ? "." : ", .") + std::string(name) + " = Rate{" +
                      std::to_string(nano) + "}";
        }
    }
    return "{" + result + "}";
}

/// The entries in the order of their ids.
std::vector<const Entry*> sorted(const std::vector<Entry>& entries) {
    std::vector<const Entry*> result;
    result.reserve(entries.size());
    for (const Entry& entry : entries) {
        result.push_back(&entry);
    }
    std::sort(result.begin(), result.end(), [](const Entry* a, const Entry* b) {
        return a->json["id"].get<std::string>() < b->json["id"].get<std::string>();
    });
    return result;
}

std::string model_names(const std::vector<const Entry*>& models) {
    std::vector<std::pair<std::string, std::size_t>> names;
    for (std::size_t i = 0; i < models.size(); i++) {
        names.emplace_back(models[i]->json["id"].get<std::string>(), i);
        for (const Json& alias : models[i]->json.value("aliases", Json::array())) {
            names.emplace_back(alias.get<std::string>(), i);
        }
    }
    std::sort(names.begin(), names.end());
    std::string rows;
    for (const auto& [name, model] : names) {
        rows += "{" + literal(name) + ", " + std::to_string(model) + "},\n";
    }
    return "constexpr ModelName kModelNameArray[] = {\n" + rows + "};\n\n";
}

std::string upstream_names(const std::vector<const Entry*>& models) {
    std::vector<std::tuple<std::string, std::string, std::size_t, std::size_t>> names;
    for (std::size_t i = 0; i < models.size(); i++) {
        std::size_t number = 0;
        for (const Json& mapping : models[i]->json["mappings"]) {
            names.emplace_back(mapping["provider"].get<std::string>(),
                               mapping["upstream_id"].get<std::string>(), i, number++);
        }
    }
    std::sort(names.begin(), names.end());
    std::string rows;
    for (const auto& [provider, upstream_id, model, mapping] : names) {
        rows += "{" + literal(provider) + ", " + literal(upstream_id) + ", " +
                std::to_string(model) + ", " + std::to_string(mapping) + "},\n";
    }
    return "constexpr UpstreamName kUpstreamNameArray[] = {\n" + rows + "};\n\n";
}

std::string Emitter::source(const CatalogFiles& files) {
    std::string providers = "constexpr Provider kProviderArray[] = {\n";
    for (const Entry* provider : sorted(files.providers)) {
        providers += braced(provider->json, kProviderFields) + ",\n";
    }
    providers += "};\n\n";
    const std::vector<const Entry*> ordered = sorted(files.models);
    std::string models = "constexpr Model kModelArray[] = {\n";
    for (const Entry* model : ordered) {
        // `family` stands between `name` and `released`, and comes from the file's name.
        Json head = Json::object();
        head["id"] = model->json["id"];
        head["name"] = model->json["name"];
        std::string first = braced(head, kModelFields);
        first = first.substr(1, first.size() - 2) + ", .family = " + literal(model->family);
        models += braced(model->json, std::span(kModelFields).subspan(2), first) + ",\n";
    }
    models += "};\n\n";
    return "// Written by common/catalog/generator from common/catalog/data.\n"
           "#include \"common/catalog/tables.h\"\n\n"
           "namespace llmgw::catalog::tables {\n\n"
           "using std::string_view_literals::operator\"\"sv;\n\n"
           "namespace {\n\n" +
           strings_.definition() + units_.definition() + tiers_.definition() +
           service_tiers_.definition() + endpoints_.definition() + mappings_.definition() +
           providers + models + model_names(ordered) + upstream_names(ordered) +
           "}  // namespace\n\n"
           "constinit const std::span<const Provider> kProviders{kProviderArray};\n"
           "constinit const std::span<const Model> kModels{kModelArray};\n"
           "constinit const std::span<const ModelName> kModelNames{kModelNameArray};\n"
           "constinit const std::span<const UpstreamName> kUpstreamNames{kUpstreamNameArray};\n\n"
           "}  // namespace llmgw::catalog::tables\n";
}

}  // namespace

std::string emit(const CatalogFiles& files) {
    return Emitter().source(files);
}

}  // namespace llmgw::generator
