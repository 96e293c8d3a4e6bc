// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/portkey/source.h"

namespace llmgw {

/// What the code of a tree takes from its other files.
class SharedNames {
  public:
    void add(std::string_view file, std::string_view text, SourceLanguage language);
    /// Whether another file than this one imports the name.
    [[nodiscard]] bool imported(const std::string& name, std::string_view file) const;
    /// Whether another file reaches for it as a client: `service.NAME.chat…`.
    [[nodiscard]] bool reached(const std::string& name, std::string_view file) const;

  private:
    using Homes = std::map<std::string, std::set<std::string>, std::less<>>;
    static bool elsewhere(const Homes& homes, const std::string& name, std::string_view file);

    Homes imported_;
    Homes reached_;
};

/// The text files of a tree, as far as they matter for moving it.
struct SourceTree {
    std::vector<SourceFile> files;  ///< those that may use Portkey
    SharedNames names;              ///< of all of them

    void add(SourceFile file);
};

}  // namespace llmgw
