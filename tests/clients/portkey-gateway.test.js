// SPDX-License-Identifier: Apache-2.0
// Portkey's own gateway and llmgw side by side: the same config and the same request are the same
// calls of the provider, in the same order, and the same answer.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

import { cases } from './portkey-cases.js';
import { differences } from './portkey-differences.js';
import { nobodyHost, PortkeyGateway, Upstream, upstreamHost } from './portkey-gateway.js';
import { closedPort, deadlineMs, startAll } from './support.js';

const upstream = new Upstream();
const portkey = new PortkeyGateway();
after(() => {
    portkey.stop();
    upstream.stop();
});
await upstream.start();
await portkey.start();
// Portkey waits a second before a retry, and a stream of its never begins before its provider's.
const { gateway } = await startAll(() => {}, {
    LLMGW_PORTKEY_INLINE_CONFIG: 'true', LLMGW_ROUTING_ROUTE_BACKOFF: '1ms',
    LLMGW_TIMEOUTS_HEARTBEAT: '20s',
});
const nobody = `http://127.0.0.1:${await closedPort()}/v1`;

const saidOfTheRoute = ['last-used-option-index', 'retry-attempt-count', 'provider'];

/** What a client reads in an answer. */
function textOf(body) {
    const documents = body.startsWith('data:')
        ? body.split('\n').filter((line) => line.startsWith('data: {')).map((line) => line.slice(6))
        : [body];
    return documents.flatMap((document) => JSON.parse(document).choices ?? [])
        .map((choice) => (choice.delta ?? choice.message)?.content ?? choice.text ?? '').join('');
}

async function ask(url, name, { config, headers, path = '/chat/completions', body }) {
    const inPlace = (text) => text.replaceAll(upstreamHost, `${upstream.url}/${name}`)
        .replaceAll(nobodyHost, nobody);
    const fields = new Headers({
        'content-type': 'application/json', 'x-portkey-api-key': gateway.key,
        ...(config && { 'x-portkey-config': JSON.stringify(config) }), ...headers,
    });
    fields.forEach((value, field) => fields.set(field, inPlace(value)));
    const messages = path === '/chat/completions'
        ? { messages: [{ role: 'user', content: 'Hello you' }] } : {};
    const response = await fetch(url + path, {
        method: 'POST', headers: fields, signal: AbortSignal.timeout(deadlineMs),
        body: JSON.stringify({ model: 'gpt-4o-mini', ...messages, ...body }),
    });
    const answer = await response.text();
    return {
        calls: upstream.takeCalls(name), status: response.status, answer,
        route: saidOfTheRoute.map((header) => response.headers.get(`x-portkey-${header}`)),
    };
}

function outlineOf({ status, calls }) {
    return [status, ...calls.map((call) => call.body.model)];
}

/** Compares what is the same in spite of the differences that there are. */
function check(ours, theirs, found, random) {
    const own = found.find((difference) => difference.expect);
    if (own) {
        assert.deepEqual(outlineOf(ours), own.expect, ours.answer);
        return;
    }
    const expected = structuredClone({ calls: theirs.calls, status: theirs.status });
    for (const { change = () => {}, status = expected.status } of found) {
        expected.calls.forEach(change);
        expected.status = status;
    }
    assert.deepEqual(ours.calls, expected.calls);
    assert.equal(ours.status, expected.status, ours.answer);
    if (!random && theirs.route.some((header) => header !== null)) {
        assert.deepEqual(ours.route, theirs.route);
    }
    if (theirs.status === 200) {
        assert.equal(textOf(ours.answer), textOf(theirs.answer));
    }
}

const names = [];

for (const [group, members] of Object.entries(cases)) {
    describe(group, { concurrency: 8 }, () => {
        for (const [what, one] of Object.entries(members)) {
            const place = `case-${names.push(`${group}: ${what}`)}`;
            const found = differences.filter(({ cases }) => cases.includes(`${group}: ${what}`));
            test(what, async () => {
                const theirs = await ask(portkey.url, place, one);
                assert.deepEqual(outlineOf(theirs), one.expect, theirs.answer);
                const ours = await ask(gateway.url, place, one);
                check(ours, theirs, found, one.random);
                if (found.length > 0) {
                    assert.notDeepEqual([ours.calls, ours.status], [theirs.calls, theirs.status],
                                        'there is no difference any more');
                }
            });
        }
    });
}

test('the differences are told to users', () => {
    const man = readFileSync(join(import.meta.dirname, '../../man/llmgw-import-portkey.1'), 'utf8');
    const [, paragraphs] = man.split('.SH DIFFERENCES');
    for (const difference of differences) {
        assert.ok(paragraphs.includes(`.TP\n.B ${difference.title}\n`), difference.title);
        assert.deepEqual(difference.cases.filter((one) => !names.includes(one)), []);
    }
});
