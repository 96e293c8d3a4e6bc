// SPDX-License-Identifier: Apache-2.0
// Portkey's configs in few words.

import { upstreamHost } from './portkey-gateway.js';

/** Where a config's targets are. */
export const host = `${upstreamHost}/v1`;

export function target(model, more) {
    return {
        provider: 'openai', api_key: 'sk-of-the-config', custom_host: host,
        override_params: { model }, ...more,
    };
}

/** A target for each model, or what is given in its place. */
export function targets(list) {
    return list.map((one) => (typeof one === 'string' ? target(one) : one));
}

export function fallback(list, on_status_codes, more) {
    return { strategy: { mode: 'fallback', on_status_codes }, targets: targets(list), ...more };
}

export function balance(list) {
    return { strategy: { mode: 'loadbalance' }, targets: targets(list) };
}

export function single(list, more) {
    return { strategy: { mode: 'single' }, targets: targets(list), ...more };
}

/** Target b for the first of [query, name]… that matches, else the default. */
export function conditional(conditions, byDefault, list) {
    return {
        strategy: {
            mode: 'conditional', default: byDefault,
            conditions: conditions.map(([query, then]) => ({ query, then })),
        },
        targets: targets(list ?? [target('A', { name: 'a' }), target('B', { name: 'b' })]),
    };
}
