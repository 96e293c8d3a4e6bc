// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/saved_health.h"

#include <utility>

#include "common/base/clock.h"
#include "daemon/gateway/request_log.h"

namespace llmgw {

void use_request_log(Core& core, RequestLog& log) {
    core.request_log = &log;
    const SavedHealth& saved = log.saved_health();
    core.router.health().restore(saved.rows, saved.rests.value_or(std::vector<RestRow>()),
                                 unix_ms());
}

void save_health(Core& core) {
    if (core.request_log == nullptr) {
        return;
    }
    const std::int64_t now = unix_ms();
    HealthChanges changes = core.router.health().take_changes(now);
    if (changes.health.empty() && !changes.rests_changed) {
        return;
    }
    SavedHealth saved;
    saved.rows = std::move(changes.health);
    if (changes.rests_changed) {
        saved.rests = std::move(changes.rests);
    }
    saved.forget_before = now - core.snapshot->settings.routing.window_ms;
    core.request_log->save_health(std::move(saved));
}

}  // namespace llmgw
