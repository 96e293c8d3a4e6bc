// SPDX-License-Identifier: Apache-2.0
// Portkey's own gateway and llmgw side by side: the same config and the same request are the same
// calls of the provider, in the same order, and the same answer.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { cases } from './portkey-cases.js';
import { nobodyHost, PortkeyGateway, Upstream, upstreamHost } from './portkey-gateway.js';
import { closedPort, deadlineMs, startAll } from './support.js';

const upstream = new Upstream();
const portkey = new PortkeyGateway();
await upstream.start();
after(() => upstream.stop());
await portkey.start();
after(() => portkey.stop());
const { gateway } = await startAll((gateway) => {
    gateway.run(['config', 'set', 'portkey.inline_config', 'true']);
    gateway.run(['config', 'set', 'routing.route_backoff', '1ms']);
});
const nobody = `http://127.0.0.1:${await closedPort()}/v1`;

const saidOfTheRoute = ['x-portkey-last-used-option-index', 'x-portkey-retry-attempt-count',
                        'x-portkey-provider'];

async function ask(url, name, one) {
    const inPlace = (text) => text.replaceAll(upstreamHost, `${upstream.url}/${name}`)
        .replaceAll(nobodyHost, nobody);
    const headers = {
        'content-type': 'application/json', 'x-portkey-api-key': gateway.key,
        ...(one.config && { 'x-portkey-config': JSON.stringify(one.config) }), ...one.headers,
    };
    for (const [header, value] of Object.entries(headers)) {
        headers[header] = inPlace(value);
    }
    const path = one.path ?? '/chat/completions';
    const messages = path === '/chat/completions'
        ? { messages: [{ role: 'user', content: 'Hello you' }] } : {};
    const response = await fetch(url + path, {
        method: 'POST', headers, signal: AbortSignal.timeout(deadlineMs),
        body: JSON.stringify({ model: 'gpt-4o-mini', ...messages, ...one.body }),
    });
    const body = await response.text();
    const route = saidOfTheRoute.map((header) => response.headers.get(header));
    return { status: response.status, body, route, calls: upstream.takeCalls(name) };
}

let count = 0;

for (const [group, members] of Object.entries(cases)) {
    describe(group, { concurrency: 8 }, () => {
        for (const [what, one] of Object.entries(members)) {
            const name = `case-${count++}`;
            test(what, async () => {
                const theirs = await ask(portkey.url, name, one);
                const models = theirs.calls.map((call) => call.body.model);
                assert.deepEqual([theirs.status, ...models], one.expect, theirs.body);
                const ours = await ask(gateway.url, name, one);
                assert.deepEqual(ours.calls, theirs.calls);
                assert.equal(ours.status, theirs.status, ours.body);
                assert.deepEqual(ours.route, theirs.route);
            });
        }
    });
}
