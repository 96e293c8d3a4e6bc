// SPDX-License-Identifier: Apache-2.0
// The same SDKs with configs, keys and addresses of their own in each request, which llmgw has been
// told to honour.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import OpenAI from 'openai';
import { createHeaders, Portkey } from 'portkey-ai';

import { format } from './formats.js';
import { collect, startAll, upstreamKey } from './support.js';

const bare = format.upstream;

const { mock, gateway } = await startAll((gateway) => {
    gateway.run(['config', 'set', 'portkey.inline_config', 'true']);
});

const target = { provider: 'openai', api_key: upstreamKey, custom_host: mock.url };
const selections = {
    'a config of one target': { config: target },
    'a config of several targets': {
        config: {
            strategy: { mode: 'fallback', on_status_codes: [401] },
            targets: [{ ...target, api_key: 'refused-by-the-provider' }, target],
        },
    },
    'a config of a stored key': { config: { virtual_key: 'openai', retry: { attempts: 1 } } },
    'a config without a provider': { config: { retry: { attempts: 1 } }, virtualKey: 'openai' },
    'a key and an address in headers': {
        provider: 'openai', customHost: mock.url, Authorization: `Bearer ${upstreamKey}`,
    },
};

function clients(options) {
    const defaultHeaders = createHeaders({ apiKey: gateway.key, ...options });
    return {
        'portkey-ai': new Portkey({ apiKey: gateway.key, baseURL: gateway.url, ...options }),
        openai: new OpenAI({ baseURL: gateway.url, apiKey: 'X', maxRetries: 0, defaultHeaders }),
    };
}

for (const [what, options] of Object.entries(selections)) {
    describe(`with ${what}`, () => {
        for (const [sdk, client] of Object.entries(clients(options))) {
            for (const stream of [false, true]) {
                test(`${sdk}, ${stream ? 'streamed' : 'plain'}`, async () => {
                    const answer = await client.chat.completions.create(
                        { model: bare, messages: [{ role: 'user', content: 'Hello you' }], stream });
                    const text = stream
                        ? (await collect(answer)).map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('')
                        : answer.choices[0].message.content;
                    assert.equal(text, 'Hello you');
                    const requests = await mock.requests();
                    const last = requests.at(-1);
                    assert.equal(last.body.model, bare);
                    assert.equal(last.headers.authorization, `Bearer ${upstreamKey}`);
                    assert.doesNotMatch(JSON.stringify(requests), /portkey/i);
                });
            }
        }
    });
}

test('a config that Portkey refuses is refused', async () => {
    const client = new Portkey({
        apiKey: gateway.key, baseURL: gateway.url, config: { ...target, provider: 'nobody' },
    });
    const answer = client.chat.completions.create(
        { model: bare, messages: [{ role: 'user', content: 'Hello' }] });
    await assert.rejects(answer, (error) => {
        assert.equal(error.status, 400);
        assert.match(error.message, /Invalid config/);
        return true;
    });
    assert.equal((await mock.requests()).length, 0);
});
