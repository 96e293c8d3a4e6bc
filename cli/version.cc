// SPDX-License-Identifier: Apache-2.0
#include "cli/version.h"

#include <string>

#include "cli/output.h"
#include "common/base/json_io.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

Result<int> run_version(const GlobalOptions& global) {
    Json libraries = Json::object();
    std::string list;
    for (const auto& [name, version] : linked_libraries()) {
        libraries[name] = version;
        list.append(list.empty() ? "" : ", ").append(name).append(" ").append(version);
    }
    if (global.json) {
        write_out(print_json({{"version", LLMGW_VERSION}, {"libraries", libraries}}, 2) + "\n");
        return 0;
    }
    write_out("llmgw " LLMGW_VERSION " (" + list + ")\n");
    return 0;
}

}  // namespace llmgw
