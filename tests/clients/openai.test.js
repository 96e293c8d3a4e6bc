// SPDX-License-Identifier: Apache-2.0
// The official openai package, with nothing changed but baseURL and apiKey, whatever format the
// provider behind llmgw speaks.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import OpenAI from 'openai';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { costOf, format } from './formats.js';
import { closedPort, collect, startAll } from './support.js';

const { mock, gateway } = await startAll();
const { model } = format;
const provider = format.providers[0][0];
const catalogId = model.split('/')[1];
const client = connect();

function connect(options) {
    return new OpenAI({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0, ...options });
}

function prompt(content, more) {
    return { model, messages: [{ role: 'user', content }], ...more };
}

const weather = {
    type: 'function',
    function: {
        name: 'weather',
        parameters: {
            type: 'object',
            properties: { city: { type: 'string' }, days: { type: 'integer' } },
            required: ['city', 'days'],
        },
    },
};
const time = {
    type: 'function',
    function: { name: 'time', parameters: { type: 'object', properties: { zone: { type: 'string' } } } },
};

describe('chat', () => {
    test('answers', async () => {
        const answer = await client.chat.completions.create(prompt('Say hello, wörld 🌍'));
        assert.equal(answer.object, 'chat.completion');
        assert.equal(answer.choices[0].message.content, 'Say hello, wörld 🌍');
        assert.equal(answer.choices[0].finish_reason, 'stop');
        const [request] = await mock.requests();
        assert.match(request.path, format.path);
        assert.equal(format.modelOf(request), format.upstream);
    });

    test('has a cost beside the usage', async () => {
        const { usage } = await client.chat.completions.create(prompt('What does this cost?'));
        assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0);
        assert.equal(Number(usage.cost), costOf(usage));
    });

    test('has the gateway\'s headers', async () => {
        const { data, response, request_id: id } =
            await client.chat.completions.create(prompt('Hello')).withResponse();
        assert.equal(response.headers.get('x-llmgw-provider'), provider);
        assert.equal(response.headers.get('x-llmgw-model'), catalogId);
        assert.equal(response.headers.get('x-llmgw-attempts'), '1');
        assert.ok(id);
        assert.equal(response.headers.get('x-request-id'), id);
        assert.equal(data._request_id, id);
    });

    test('has the bare body with asResponse', async () => {
        const response = await client.chat.completions.create(prompt('Hello')).asResponse();
        assert.match(response.headers.get('content-type'), /^application\/json/);
        const body = await response.json();
        assert.equal(body.choices[0].message.content, 'Hello');
        assert.equal(body.metadata.used_provider, provider);
    });

    test('sends neither the gateway\'s key nor the client\'s headers upstream', async () => {
        await client.chat.completions.create(prompt('Hello'));
        const [request] = await mock.requests();
        assert.ok(!JSON.stringify(request).includes(gateway.key));
        const leaked = Object.keys(request.headers).filter((name) => name.startsWith('x-stainless'));
        assert.deepEqual(leaked, []);
    });

    test('tells which parameters the provider has no word for', async () => {
        await mock.script({ lenient: ['x_new_field'] });
        const sent = { seed: 7, x_new_field: { b: 1, a: [1.5, null, 'é'] } };
        const { response } = await client.chat.completions.create(
            prompt('Hello', sent)).withResponse();
        const changed = response.headers.get('x-llmgw-changed') ?? '';
        const dropped = Object.keys(sent).filter((name) => changed.includes(name));
        assert.deepEqual(dropped, format.dropped);
        const [request] = await mock.requests();
        const kept = JSON.stringify(request.body);
        for (const name of Object.keys(sent)) {
            assert.equal(kept.includes(`"${name}":`), !dropped.includes(name), name);
        }
    });

    test('several answers to one question, or that there is only one', async () => {
        const answer = client.chat.completions.create(prompt('Hello', { n: 2 }));
        if (!format.onlyOne) {
            assert.deepEqual((await answer).choices.map((choice) => choice.index), [0, 1]);
            return;
        }
        await assert.rejects(answer, (error) => {
            assert.ok(error instanceof OpenAI.BadRequestError);
            assert.equal(error.param, 'n');
            assert.match(error.code, /^unsupported_/);
            return true;
        });
        assert.deepEqual(await mock.requests(), []);
    });
});

describe('streams', () => {
    test('arrive in pieces and end', async () => {
        const stream = await client.chat.completions.create(
            prompt('one two three', { stream: true }));
        const chunks = await collect(stream);
        const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
        assert.equal(text, 'one two three');
        assert.equal(chunks[0].choices[0].delta.role, 'assistant');
        const finishes = chunks.filter((chunk) => chunk.choices[0]?.finish_reason);
        assert.deepEqual(finishes.map((chunk) => chunk.choices[0].finish_reason), ['stop']);
        assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
        assert.ok(chunks.every((chunk) => chunk.usage == null), 'usage was not asked for');
    });

    test('have usage and cost when asked', async () => {
        const chunks = await collect(await client.chat.completions.create(
            prompt('one two', { stream: true, stream_options: { include_usage: true } })));
        const last = chunks.at(-1);
        assert.deepEqual(last.choices, []);
        assert.equal(Number(last.usage.cost), costOf(last.usage));
        assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage == null));
    });

    test('are flushed: the first chunk is there before the next is made', async () => {
        await mock.gateSecondWord('second');
        const stream = await client.chat.completions.create(
            prompt('first second', { stream: true }));
        const chunks = [];
        for await (const chunk of stream) {
            chunks.push(chunk);
            if (chunk.choices[0]?.delta.content?.trim() === 'first') {
                await mock.openGate('second');
            }
        }
        assert.equal(chunks.map((c) => c.choices[0]?.delta.content ?? '').join(''), 'first second');
    });

    test('are the same with comments in their silence', async () => {
        await mock.gateSecondWord('silence');
        let comments = 0;
        // What the package reads, before it takes the events apart.
        const counting = async (url, init) => {
            const response = await fetch(url, init);
            const counter = new TransformStream({
                transform(bytes, out) {
                    comments += new TextDecoder().decode(bytes).startsWith(': ') ? 1 : 0;
                    if (comments === 2) {
                        mock.openGate('silence');
                    }
                    out.enqueue(bytes);
                },
            });
            return new Response(response.body.pipeThrough(counter), response);
        };
        const chunks = await collect(await connect({ fetch: counting }).chat.completions.create(
            prompt('one two', { stream: true })));
        assert.equal(chunks.map((c) => c.choices[0]?.delta.content ?? '').join(''), 'one two');
        assert.ok(comments >= 2 && chunks.every((chunk) => chunk.choices));
    });

    test('work with the stream helper', async () => {
        const seen = [];
        const stream = client.chat.completions.stream(prompt('a b c'));
        stream.on('content', (delta) => seen.push(delta));
        assert.equal(await stream.finalContent(), 'a b c');
        assert.equal(seen.join(''), 'a b c');
    });

    test('that break raise an error instead of ending', async () => {
        await mock.cutSecondWord();
        const stream = await client.chat.completions.create(prompt('one two', { stream: true }));
        await assert.rejects(collect(stream), OpenAI.APIError);
    });

    test('that the client aborts are closed upstream', async () => {
        await mock.gateSecondWord('never');
        const stream = await client.chat.completions.create(prompt('one two', { stream: true }));
        for await (const chunk of stream) {
            if (chunk.choices[0]?.delta.content?.trim() === 'one') {
                break;
            }
        }
        assert.ok(stream.controller.signal.aborted);
        assert.ok(await mock.waitClosed(2), 'the upstream connection is still open');
    });
});

describe('tools', () => {
    test('go through a whole loop', async () => {
        const messages = [{ role: 'user', content: 'What is the weather in Paris?' }];
        const first = await client.chat.completions.create({ model, messages, tools: [weather] });
        assert.equal(first.choices[0].finish_reason, 'tool_calls');
        const [call] = first.choices[0].message.tool_calls;
        assert.equal(call.function.name, 'weather');
        assert.deepEqual(JSON.parse(call.function.arguments), { city: 'text', days: 7 });
        messages.push(first.choices[0].message,
                      { role: 'tool', tool_call_id: call.id, content: '21 degrees' });
        const second = await client.chat.completions.create({ model, messages, tools: [weather] });
        assert.match(second.choices[0].message.content, /^The tool said: .*21 degrees/);
    });

    test('in parallel', async () => {
        const answer = await client.chat.completions.create(
            prompt('Use parallel calls', { tools: [weather, time], parallel_tool_calls: true }));
        const calls = answer.choices[0].message.tool_calls;
        assert.deepEqual(calls.map((call) => call.function.name), ['weather', 'time']);
        assert.equal(new Set(calls.map((call) => call.id)).size, 2);
    });

    test('in parallel, streamed', async () => {
        const stream = client.chat.completions.stream(
            prompt('Use parallel calls', { tools: [weather, time] }));
        const { choices } = await stream.finalChatCompletion();
        assert.equal(choices[0].finish_reason, 'tool_calls');
        const [first, second] = choices[0].message.tool_calls;
        assert.deepEqual(JSON.parse(first.function.arguments), { city: 'text', days: 7 });
        assert.deepEqual(JSON.parse(second.function.arguments), { zone: 'text' });
    });

    test('go through a whole loop, streamed', async () => {
        const messages = [{ role: 'user', content: 'Use parallel calls' }];
        const request = { model, messages, tools: [weather, time] };
        const first = await client.chat.completions.stream(request).finalMessage();
        assert.equal(first.tool_calls.length, 2);
        messages.push(first);
        for (const call of first.tool_calls) {
            messages.push({ role: 'tool', tool_call_id: call.id, content: call.function.name });
        }
        const last = await client.chat.completions.stream(request).finalMessage();
        assert.match(last.content, /^The tool said: /);
        assert.equal(last.tool_calls, undefined);
    });

    test('chosen by name', async () => {
        const answer = await client.chat.completions.create(prompt('Now', {
            tools: [weather, time],
            tool_choice: { type: 'function', function: { name: 'time' } },
        }));
        assert.equal(answer.choices[0].message.tool_calls[0].function.name, 'time');
    });

    test('run by the SDK', async () => {
        const asked = [];
        const runner = client.chat.completions.runTools(prompt('What is the weather?', {
            tools: [zodFunction({
                name: 'weather',
                parameters: z.object({ city: z.string() }),
                function: ({ city }) => {
                    asked.push(city);
                    return 'sunny';
                },
            })],
        }));
        assert.match(await runner.finalContent(), /^The tool said: .*sunny/);
        assert.deepEqual(asked, ['text']);
    });
});

describe('structured output', () => {
    const event = z.object({ name: z.string(), people: z.array(z.string()), count: z.number() });

    test('is parsed', async () => {
        const answer = await client.chat.completions.parse(
            prompt('Which event?', { response_format: zodResponseFormat(event, 'event') }));
        assert.deepEqual(answer.choices[0].message.parsed,
                         { name: 'text', people: ['text'], count: 1.5 });
        const [request] = await mock.requests();
        assert.deepEqual(Object.keys(format.schemaOf(request.body).properties),
                         ['name', 'people', 'count'], 'the order of a schema steers the model');
    });

    test('is parsed from a stream', async () => {
        const stream = client.chat.completions.stream(
            prompt('Which event?', { response_format: zodResponseFormat(event, 'event') }));
        const answer = await stream.finalChatCompletion();
        assert.equal(answer.choices[0].message.parsed.count, 1.5);
    });
});

describe('other endpoints', () => {
    const plainId = `${provider}/${catalogId}`;

    async function answerOrRefusal(answer, refusal) {
        if (!refusal) {
            return answer;
        }
        await assert.rejects(answer, (error) => {
            assert.ok(error instanceof OpenAI.APIError);
            assert.deepEqual({ status: error.status, code: error.code }, refusal);
            return true;
        });
        return undefined;
    }

    test('embeddings, which the SDK asks for in base64, or that there are none', async () => {
        const answer = await answerOrRefusal(client.embeddings.create(
            { model: format.embeddings ?? model, input: ['one', 'two'], dimensions: 3 }),
                                             format.embeddings ? undefined : format.completions);
        if (answer) {
            const rounded = answer.data[1].embedding.map((value) => Math.round(value * 1e4) / 1e4);
            assert.deepEqual(rounded, [1, 0.6667, 0.5]);
        }
    });

    test('completions, or that there are none', async () => {
        const answer = await answerOrRefusal(
            client.completions.create({ model, prompt: 'Once upon a time' }), format.completions);
        if (answer) {
            assert.equal(answer.choices[0].text, 'Once upon a time');
        }
    });

    test('the list of models', async () => {
        const models = await collect(client.models.list());
        const ids = models.map((entry) => entry.id);
        assert.ok(ids.includes(plainId) || ids.includes(catalogId), ids.slice(0, 20).join());
        assert.ok(models.every((entry) => entry.object === 'model' && entry.owned_by &&
                                          Number.isInteger(entry.created)));
    });

    test('one model, with a slash in its id', async () => {
        const entry = await client.models.retrieve(plainId);
        assert.equal(entry.id, plainId);
        assert.equal(entry.object, 'model');
        await assert.rejects(client.models.retrieve(`${provider}/no-such-model`),
                             OpenAI.NotFoundError);
    });
});

describe('errors have their class', () => {
    async function errorOf(promise, kind) {
        const error = await promise.then(() => assert.fail('no error'), (caught) => caught);
        assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
        return error;
    }

    test('AuthenticationError: a wrong gateway key', async () => {
        const wrong = connect({ apiKey: 'llmgw_wrong' });
        const error = await errorOf(wrong.chat.completions.create(prompt('Hello')),
                                    OpenAI.AuthenticationError);
        assert.equal(error.status, 401);
        assert.equal(error.code, 'invalid_api_key');
        assert.deepEqual(await mock.requests(), []);
    });

    test('NotFoundError: an unknown model, with the nearest names', async () => {
        const error = await errorOf(
            client.chat.completions.create(prompt('Hello', { model: `${provider}/${catalogId}1` })),
            OpenAI.NotFoundError);
        assert.equal(error.code, 'model_not_found');
        const [, names] = /did you mean (.*)\?/.exec(error.message);
        assert.ok(names.split(', ').includes(catalogId), names);
        assert.deepEqual(await mock.requests(), []);
    });

    test('BadRequestError: from the gateway', async () => {
        const error = await errorOf(client.chat.completions.create({ model, messages: 'Hello' }),
                                    OpenAI.BadRequestError);
        assert.equal(error.type, 'invalid_request_error');
        assert.deepEqual(await mock.requests(), []);
    });

    for (const [status, name] of [[400, 'BadRequestError'], [403, 'PermissionDeniedError'],
                                  [404, 'NotFoundError'], [409, 'ConflictError'], [413, 'APIError'],
                                  [422, 'UnprocessableEntityError'], [429, 'RateLimitError']]) {
        test(`${name}: ${status} from the provider`, async () => {
            await mock.script({ status, headers: [['retry-after', '7']] });
            const error = await errorOf(client.chat.completions.create(prompt('Hello')),
                                        OpenAI[name]);
            assert.equal(error.status, status);
            assert.match(error.message, new RegExp(`scripted ${status}`));
            assert.equal(error.headers.get('retry-after'), '7');
            assert.ok(error.requestID);
        });
    }

    for (const refusal of [format.wrongKey, { status: 401 }, { status: 402 }]) {
        test(`InternalServerError: the gateway's own key: ${JSON.stringify(refusal)}`, async () => {
            await mock.script(refusal);
            const error = await errorOf(client.chat.completions.create(prompt('Hello')),
                                        OpenAI.InternalServerError);
            assert.equal(error.status, 502);
            assert.match(error.message, new RegExp(`the key "${provider}" was refused`));
        });
    }

    test('InternalServerError: the provider has too much to do', async () => {
        await mock.script(format.overloaded);
        const error = await errorOf(client.chat.completions.create(prompt('Hello')),
                                    OpenAI.InternalServerError);
        assert.equal(error.status, format.overloaded.status ?? 503);
        assert.ok(['overloaded_error', 'mock_error'].includes(error.type), error.type);
    });

    test('InternalServerError: the provider fails', async () => {
        await mock.script({ status: 500 });
        const error = await errorOf(client.chat.completions.create(prompt('Hello')),
                                    OpenAI.InternalServerError);
        assert.ok(error.type, 'an error has a type');
    });

    test('InternalServerError: the provider does not answer in HTTP', async () => {
        await mock.script({ drop: 'rst' });
        const error = await errorOf(client.chat.completions.create(prompt('Hello')),
                                    OpenAI.InternalServerError);
        assert.equal(error.status, 502);
    });

    test('an error in a stream before its first chunk has its class too', async () => {
        await mock.script({ status: 429 });
        await errorOf(client.chat.completions.create(prompt('Hello', { stream: true })),
                      OpenAI.RateLimitError);
    });

    test('APIConnectionError: nobody listens', async () => {
        const lost = connect({ baseURL: `http://127.0.0.1:${await closedPort()}/v1` });
        await errorOf(lost.chat.completions.create(prompt('Hello')), OpenAI.APIConnectionError);
    });

    test('APIConnectionTimeoutError, and the provider is not kept waiting', async () => {
        await mock.script({ hang: true });
        const hasty = connect({ timeout: 300 });
        await errorOf(hasty.chat.completions.create(prompt('Hello')),
                      OpenAI.APIConnectionTimeoutError);
        assert.ok(await mock.waitClosed(2), 'the upstream connection is still open');
    });

    test('APIUserAbortError, and the provider is not kept waiting', async () => {
        await mock.script({ hang: true });
        const controller = new AbortController();
        const answer = client.chat.completions.create(prompt('Hello'),
                                                      { signal: controller.signal });
        const failed = errorOf(answer, OpenAI.APIUserAbortError);
        await mock.waitRequests(1);
        controller.abort();
        await failed;
        assert.ok(await mock.waitClosed(2), 'the upstream connection is still open');
    });
});

describe('retries', () => {
    const patient = connect({ maxRetries: 2 });

    for (const status of [429, 500]) {
        test(`the SDK recovers from one ${status}`, async () => {
            await mock.script({ first: [{ status, headers: [['x-should-retry', 'false']] }] });
            const answer = await patient.chat.completions.create(prompt('Hello'));
            assert.equal(answer.choices[0].message.content, 'Hello');
            assert.equal((await mock.requests()).length, 2);
        });
    }

    test('the SDK waits as long as the provider asks', async () => {
        await mock.script({ first: [{ status: 429, headers: [['retry-after', '1']] }] });
        const began = performance.now();
        await patient.chat.completions.create(prompt('Hello'));
        assert.ok(performance.now() - began >= 990);
    });

    test('the gateway moves on to the next provider by itself', async () => {
        await mock.script({ first: [{ status: 500 }] });
        const { data, response } = await client.chat.completions.create(
            prompt('Hello', { model: format.failover.model })).withResponse();
        assert.equal(data.choices[0].message.content, 'Hello');
        assert.equal(response.headers.get('x-llmgw-attempts'), '2');
        const models = (await mock.requests()).map(format.modelOf);
        assert.deepEqual(models, format.failover.upstream);
    });

    test('when all providers failed, the SDK does not try them all again', async () => {
        await mock.script({ status: 500 });
        const answer = patient.chat.completions.create(prompt('Hello', { model: format.failover.model }));
        await assert.rejects(answer, (error) => {
            assert.ok(error instanceof OpenAI.InternalServerError);
            assert.equal(error.code, 'all_providers_failed');
            assert.equal(error.headers.get('x-should-retry'), 'false');
            return true;
        });
        assert.equal((await mock.requests()).length, 2);
    });
});
