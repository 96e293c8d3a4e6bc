// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/catalog/catalog.h"

/// What common/catalog/generator writes from the data files. All of it is initialised by the
/// compiler and sorted by bytes, so that lookups are binary searches.
namespace llmgw::catalog::tables {

/// An id or an alias, and the model it names.
struct ModelName {
    std::string_view name;
    std::uint32_t model;
};

/// What a provider calls a model.
struct UpstreamName {
    std::string_view provider;
    std::string_view upstream_id;
    std::uint32_t model;
    std::uint32_t mapping;  // within the model's mappings
};

extern const std::span<const Provider> kProviders;  // by id
extern const std::span<const Model> kModels;        // by id
extern const std::span<const ModelName> kModelNames;
extern const std::span<const UpstreamName> kUpstreamNames;  // by provider, then by upstream_id

}  // namespace llmgw::catalog::tables
