// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "common/catalog/generator/catalog_files.h"

namespace llmgw::generator {

namespace {

namespace fs = std::filesystem;

/// Parses a file. A key that appears twice in one object is a problem: one of them would be lost.
Json parse_file(const fs::path& path, const std::string& name, Problems& problems) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) {
        problems.push_back(name + ": cannot be read");
        return {};
    }
    std::vector<std::set<std::string>> open_objects;
    const auto watch_keys = [&](int, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::object_start) {
            open_objects.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            open_objects.pop_back();
        } else if (event == Json::parse_event_t::key) {
            const auto key = parsed.get<std::string>();
            if (!open_objects.back().insert(key).second) {
                problems.push_back(name + ": field \"" + key + "\" appears twice in one object");
            }
        }
        return true;
    };
    try {
        return Json::parse(text.str(), watch_keys);
    } catch (const Json::exception& error) {
        problems.push_back(name + ": " + error.what());
        return {};
    }
}

/// The entries of a file that must be a list of objects.
std::vector<Entry> read_entries(const fs::path& path, const std::string& name,
                                const std::string& noun, Problems& problems) {
    std::vector<Entry> entries;
    const std::size_t problems_before = problems.size();
    const Json list = parse_file(path, name, problems);
    if (!list.is_array()) {
        if (problems.size() == problems_before) {
            problems.push_back(name + ": must be a list of " + noun + "s");
        }
        return entries;
    }
    const std::string prefix = name + ": " + noun + " ";
    for (const Json& item : list) {
        const bool named = item.is_object() && item.contains("id") && item["id"].is_string();
        const std::string which =
            named ? '"' + item["id"].get<std::string>() + '"' : std::to_string(entries.size() + 1);
        entries.push_back({prefix + which, path.stem().string(), item});
    }
    return entries;
}

}  // namespace

CatalogFiles read_files(const std::string& folder, Problems& problems) {
    CatalogFiles files;
    files.providers =
        read_entries(fs::path(folder) / "providers.json", "providers.json", "provider", problems);
    std::vector<fs::path> model_files;
    std::error_code error;
    for (fs::directory_iterator it(fs::path(folder) / "models", error), end; !error && it != end;
         it.increment(error)) {
        if (it->path().extension() == ".json") {
            model_files.push_back(it->path());
        }
    }
    if (error) {
        problems.push_back("models: " + error.message());
    }
    std::sort(model_files.begin(), model_files.end());
    for (const fs::path& path : model_files) {
        const std::string name = "models/" + path.filename().string();
        for (Entry& entry : read_entries(path, name, "model", problems)) {
            files.models.push_back(std::move(entry));
        }
    }
    return files;
}

}  // namespace llmgw::generator
