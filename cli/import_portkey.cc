// SPDX-License-Identifier: Apache-2.0
#include "cli/import_portkey.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/import_patch.h"
#include "cli/import_report.h"
#include "cli/output.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/base/shell_word.h"
#include "common/base/text.h"
#include "common/base/url.h"
#include "common/catalog/catalog.h"
#include "common/portkey/apply.h"
#include "common/portkey/exports.h"
#include "common/portkey/plan.h"
#include "common/portkey/plan_names.h"
#include "common/portkey/providers.h"
#include "common/portkey/source_tree.h"
#include "common/portkey/text_files.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {
namespace {

/// Reads the files into exports; code and client settings into findings and configs.
class ImportReader {
  public:
    Result<void> read(const std::vector<std::string>& paths) {
        auto done = read_text_files(paths, [this](const TextFile& file) { return add(file); });
        if (done) {
            join_exports(exports);
        }
        return done;
    }

    PortkeyExports exports;
    std::optional<SourceTree> sources;  ///< not set: nobody wants to change them
    std::size_t files = 0;

  private:
    Result<void> add(const TextFile& file) {
        files++;
        const bool sure = file.named && !is_code(file.name);
        const auto sniffing = sure ? Sniffing::named : Sniffing::found;
        const auto found = read_export(file.text, file.name, sniffing, exports);
        if (found && *found) {
            return {};
        }
        if (sources) {
            sources->add({file.name, file.text});
        }
        const bool used = add_uses(file);
        if (used || (!file.named && !may_hold_config(file.text))) {
            return {};
        }
        if (!file.named) {
            if (!found) {
                tell_malformed(file, found.error());
            }
            return {};
        }
        return found
                   ? fail(Errc::invalid_file,
                          printable(file.name) + " has nothing of Portkey in it",
                          "give a config, an export, a Terraform state, or code that uses Portkey")
                   : fail(Errc::invalid_file, printable(file.name) + ": " + found.error().message,
                          found.error().hint);
    }

    static bool is_code(const std::string& file) {
        const SourceLanguage language = source_language(file);
        return language == SourceLanguage::python || language == SourceLanguage::script ||
               language == SourceLanguage::shell || language == SourceLanguage::env;
    }

    // Whether the file uses Portkey, or has a config in it.
    bool add_uses(const TextFile& file) {
        if (!may_use_portkey(file.text)) {
            return false;
        }
        const SourceScan scan = scan_source({file.name, file.text});
        auto findings = source_findings(scan.uses);
        exports.findings.insert(exports.findings.end(), std::make_move_iterator(findings.begin()),
                                std::make_move_iterator(findings.end()));
        for (const auto& found : scan.configs) {
            auto body = read_loose(found.text, found.line);
            if (!body) {
                continue;  // an expression that only looked like a config
            }
            ExportedConfig config;
            config.place.file = found.file;
            config.place.line = found.line;
            config.name = stem(found.file);
            config.body = *std::move(body);
            exports.configs.push_back(std::move(config));
        }
        return !scan.uses.empty() || !scan.configs.empty();
    }

    static std::string stem(const std::string& file) {
        const std::string name = file.substr(file.rfind('/') + 1);
        return file == "-" ? "config" : name.substr(0, name.find('.', 1));
    }

    static bool may_hold_config(const std::string& text) {
        return text.find("virtual_key") != std::string::npos ||
               (text.find("strategy") != std::string::npos &&
                text.find("targets") != std::string::npos);
    }

    void tell_malformed(const TextFile& file, const Error& error) {
        Finding finding;
        finding.severity = Severity::warning;
        finding.code = "X-SYNTAX";
        finding.file = file.name;
        finding.portkey = "may have a config in this file";
        finding.llmgw = "cannot read it: " + error.message;
        finding.action = "correct it, or name the file to see whether it matters";
        exports.findings.push_back(std::move(finding));
    }
};

/// llmgw's id for what the user calls a provider.
Result<std::string> provider_id(const std::string& slug, const std::string& word) {
    if (word == "custom" || catalog::find_provider(word) != nullptr) {
        return word;
    }
    if (const auto* known = find_portkey_provider(word); known != nullptr) {
        if (known->provider.empty()) {
            return fail(Errc::usage,
                        "llmgw cannot ask " + printable(word) + ": " + std::string(known->remark));
        }
        return std::string(known->provider);
    }
    std::vector<std::string> names = {"custom"};
    for (const auto& provider : catalog::providers()) {
        names.emplace_back(provider.id);
    }
    return fail(Errc::usage,
                "--map " + printable(slug) + ": there is no provider '" + printable(word) + "'",
                suggest(word, names, "llmgw providers catalog lists them"));
}

Result<ImportOptions> import_options(const ImportPortkeyOptions& options) {
    ImportOptions out;
    out.name = options.name;
    out.reading.oss = options.portkey == "oss";
    out.reading.accept_guardrail_loss = options.accept_guardrail_loss;
    if (!options.name.empty()) {
        if (auto checked = check_name("a route's name", options.name); !checked) {
            return tl::unexpected(std::move(checked.error()));
        }
    }
    for (const auto& [slug, word] : options.map) {
        auto provider = provider_id(slug, word);
        if (!provider) {
            return tl::unexpected(std::move(provider.error()));
        }
        const bool at = slug.starts_with("@");
        out.reading.providers[at ? slug.substr(1) : slug] = *std::move(provider);
    }
    return out;
}

/// As `providers add` does: the address from a URL, a region, or the catalog.
Result<void> complete_address(ProviderKey& key) {
    if (const auto* provider = catalog::find_provider(key.provider); provider != nullptr) {
        auto address = provider_address(*provider, key.base_url, key.region);
        if (!address) {
            return tl::unexpected(std::move(address.error()));
        }
        key.base_url = std::move(address->base_url);
        key.options.insert(key.options.end(), address->options.begin(), address->options.end());
    }
    auto url = parse_base_url(key.base_url);
    if (!url) {
        return tl::unexpected(std::move(url.error()));
    }
    key.base_url = url->text();
    return {};
}

std::string command_to_apply(const ImportPortkeyOptions& options) {
    std::string command = "llmgw import-portkey";
    for (const auto& path : options.paths) {
        command += " " + shell_word(path);
    }
    command += options.name.empty() ? "" : " --name " + options.name;
    for (const auto& [slug, provider] : options.map) {
        command.append(" --map ").append(
            shell_word(std::string(slug).append("=").append(provider)));
    }
    command += options.portkey.empty() ? "" : " --portkey " + options.portkey;
    command += options.accept_guardrail_loss ? " --accept-guardrail-loss" : "";
    command += options.strict ? " --strict" : "";
    return command + " --apply";
}

/// What there is already. Without `session`, nothing.
Result<ImportTarget> import_target(const std::optional<Session>& session) {
    auto target = session ? read_import_target(*session->store) : Result<ImportTarget>({});
    if (target) {
        target->now = unix_ms();
        target->has_variable = [](const std::string& name) {
            return environment_value(name).has_value();
        };
        target->complete_address = complete_address;
    }
    return target;
}

}  // namespace

Result<int> run_import_portkey(const GlobalOptions& global, const ImportPortkeyOptions& options) {
    const auto how = import_options(options);
    if (!how) {
        return tl::unexpected(how.error());
    }
    ImportReader reader;
    if (options.patch) {
        reader.sources.emplace();
    }
    if (auto read = reader.read(options.paths); !read) {
        return tl::unexpected(std::move(read.error()));
    }
    std::optional<Session> session;
    if (options.apply) {
        auto opened = open_session();
        if (!opened) {
            return tl::unexpected(std::move(opened.error()));
        }
        session = *std::move(opened);
    } else {
        session = open_existing_session();
    }
    const auto target = import_target(session);
    if (!target) {
        return tl::unexpected(target.error());
    }
    auto plan = plan_import(reader.exports, *target, *how);
    if (!plan) {
        return tl::unexpected(std::move(plan.error()));
    }
    if (options.patch) {
        print_patch(global, *reader.sources, *plan);
        return 0;
    }
    ImportReport report;
    report.plan = *std::move(plan);
    report.files = reader.files;
    report.again = command_to_apply(options);
    const std::size_t errors = count_errors(report.plan, options.strict);
    if (options.prove) {
        auto proof = prove_import(reader.exports.configs, report.plan, how->reading.oss);
        if (!proof) {
            return tl::unexpected(std::move(proof.error()));
        }
        report.proof = *std::move(proof);
        write_out(global.json ? import_report_json(report)
                              : import_proof_text(*report.proof, use_color(global, STDOUT_FILENO)));
        return errors == 0 && report.proof->unexplained == 0 ? 0 : 1;
    }
    // What can be imported is, whatever else cannot; who asks to be strict wants all or nothing.
    if (options.apply && (errors == 0 || !options.strict)) {
        auto made = apply_import(report.plan, *target, *session->store, session->home.master_key());
        if (!made) {
            return tl::unexpected(std::move(made.error()));
        }
        report.made = *std::move(made);
        report.applied = true;
    }
    write_out(global.json ? import_report_json(report)
                          : import_report_text(report, use_color(global, STDOUT_FILENO)));
    return errors == 0 ? 0 : 1;
}

}  // namespace llmgw
