// SPDX-License-Identifier: Apache-2.0
// Portkey's own SDK, and OpenAI's with Portkey's headers, with nothing changed but the base URL:
// what has been moved from Portkey is there under its old names.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import OpenAI from 'openai';
import { createHeaders, Portkey } from 'portkey-ai';

import { format } from './formats.js';
import { collect, startAll, upstreamKey } from './support.js';

const slug = 'openai-prod-1a2b3c';
const { model } = format;
const bare = format.upstream;

const { mock, gateway } = await startAll((gateway) => {
    gateway.run(['providers', 'add', 'openai', '--name', slug, '--base-url', gateway.mock.url,
                 '--key-stdin'], upstreamKey + '\n');
    gateway.run(['routes', 'set', 'main', '-'], JSON.stringify({
        strategy: 'fallback',
        targets: [{ provider: `@${slug}`, model: 'not-there', timeout: '20s' },
                  { provider: `@${slug}`, model: bare }],
    }));
    gateway.run(['models', 'alias', 'pc-main-0a1b2c', 'route/main']);
    gateway.run(['models', 'alias', 'pc-plain-0a1b2c', `@${slug}/${bare}`]);
});

function portkey(options) {
    return new Portkey({ apiKey: gateway.key, baseURL: gateway.url, ...options });
}

function openai(options, apiKey = 'X') {
    const defaultHeaders = createHeaders({ apiKey: gateway.key, ...options });
    return new OpenAI({ baseURL: gateway.url, apiKey, maxRetries: 0, defaultHeaders });
}

function prompt(content, more) {
    return { model: bare, messages: [{ role: 'user', content }], ...more };
}

function textOf(chunks) {
    return chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');
}

/** What reached the provider: nothing of Portkey's. */
async function checkUpstream(count = 1) {
    const requests = await mock.requests();
    assert.equal(requests.length, count);
    for (const request of requests) {
        assert.equal(request.body.model, bare);
        assert.doesNotMatch(JSON.stringify(request), /portkey/i);
    }
}

const selections = {
    'a virtual key': { virtualKey: slug },
    'a provider that is a slug': { provider: `@${slug}` },
    'a provider': { provider: 'openai' },
    'a saved config that is one model': { config: 'pc-plain-0a1b2c' },
};

for (const [what, options] of Object.entries(selections)) {
    describe(`with ${what}`, () => {
        for (const [sdk, client] of [['portkey-ai', portkey(options)], ['openai', openai(options)]]) {
            test(`${sdk}, plain`, async () => {
                const answer = await client.chat.completions.create(prompt('Hello'));
                assert.equal(answer.choices[0].message.content, 'Hello');
                await checkUpstream();
            });

            test(`${sdk}, streamed`, async () => {
                const stream = await client.chat.completions.create(
                    prompt('Hello you', { stream: true }));
                assert.equal(textOf(await collect(stream)), 'Hello you');
                await checkUpstream();
            });
        }
    });
}

describe('with a saved config that is a route', () => {
    for (const [sdk, client] of [['portkey-ai', portkey({ config: 'pc-main-0a1b2c' })],
                                 ['openai', openai({ config: 'pc-main-0a1b2c' })]]) {
        for (const stream of [false, true]) {
            test(`${sdk}, ${stream ? 'streamed' : 'plain'}, without a model`, async () => {
                await mock.script({ first: [{ status: 404 }] });
                const { model: _, ...request } = prompt('Hello you', { stream });
                const answer = await client.chat.completions.create(request);
                const text = stream ? textOf(await collect(answer))
                    : answer.choices[0].message.content;
                assert.equal(text, 'Hello you');
                const models = (await mock.requests()).map(({ body }) => body.model);
                assert.deepEqual(models, ['not-there', bare]);
            });
        }
    }
});

describe('portkey-ai', () => {
    test('with a slug in the model', async () => {
        const answer = await portkey().chat.completions.create(
            prompt('Hello', { model: `@${slug}/${bare}` }));
        assert.equal(answer.choices[0].message.content, 'Hello');
        await checkUpstream();
    });

    test('has Portkey\'s headers of the answer', async () => {
        const client = portkey({ virtualKey: slug, traceID: 'trace-of-mine' });
        const answer = await client.chat.completions.create(prompt('Hello'));
        const headers = answer.getHeaders();
        assert.equal(headers['trace-id'], 'trace-of-mine');
        assert.equal(headers['cache-status'], 'DISABLED');
        assert.equal(headers['retry-attempt-count'], '0');
        assert.equal(headers['last-used-option-index'], 'config');
        assert.equal(headers.provider, 'openai');
    });

    test('sends metadata of any script', async () => {
        const client = portkey({ virtualKey: slug, metadata: { _user: 'Jürgen' } });
        await client.chat.completions.create(prompt('Hello'));
        await checkUpstream();
    });

    // It does so when it finds no trace id in the answer.
    test('does not repeat a request that has failed', async () => {
        await mock.script({ status: 503 });
        const answer = portkey({ virtualKey: slug }).chat.completions.create(prompt('Hello'));
        await assert.rejects(answer, (error) => error.status === 503);
        await checkUpstream();
    });

    test('embeddings', async () => {
        const answer = await portkey({ virtualKey: slug }).embeddings.create(
            { model: format.embeddings.split('/')[1], input: 'one' });
        assert.equal(answer.data.length, 1);
    });

    test('is told what is not taken from a request', async () => {
        const answer = portkey({ config: { retry: { attempts: 2 } } }).chat.completions.create(
            prompt('Hello'));
        await assert.rejects(answer, (error) => {
            assert.equal(error.status, 400);
            assert.match(error.message, /portkey\.inline_config/);
            return true;
        });
        await checkUpstream(0);
    });
});

describe('openai with createHeaders', () => {
    test('and the gateway key in both places', async () => {
        const client = openai({ virtualKey: slug }, gateway.key);
        const { data, response } =
            await client.chat.completions.create(prompt('Hello')).withResponse();
        assert.equal(data.choices[0].message.content, 'Hello');
        assert.ok(response.headers.get('x-portkey-trace-id'));
        await checkUpstream();
    });

    test('and llmgw\'s own names of models', async () => {
        const answer = await openai({}).chat.completions.create(prompt('Hello', { model }));
        assert.equal(answer.choices[0].message.content, 'Hello');
    });

    test('is told that a provider key of its own is not used', async () => {
        const client = openai({ provider: 'openai' }, 'sk-of-the-client');
        await assert.rejects(client.chat.completions.create(prompt('Hello')), (error) => {
            assert.ok(error instanceof OpenAI.BadRequestError);
            assert.equal(error.code, 'inline_provider_blocked');
            return true;
        });
        await checkUpstream(0);
    });
});
