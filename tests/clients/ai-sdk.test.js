// SPDX-License-Identifier: Apache-2.0
// Vercel's AI SDK through both of its OpenAI providers, with nothing changed but baseURL and apiKey,
// whatever format the provider behind llmgw speaks.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
    APICallError, Output, embed, embedMany, generateText, isStepCount, streamText, tool,
} from 'ai';
import { z } from 'zod';

import { format } from './formats.js';
import { collect, startAll } from './support.js';

const { mock, gateway } = await startAll();
const provider = format.providers[0][0];

function openai(apiKey = gateway.key) {
    return createOpenAI({ baseURL: gateway.url, apiKey });
}

function compatible(apiKey = gateway.key) {
    return createOpenAICompatible({
        name: 'llmgw', baseURL: gateway.url, apiKey,
        includeUsage: true, supportsStructuredOutputs: true,
    });
}

const flavours = {
    '@ai-sdk/openai': {
        chat: (id, key) => openai(key).chat(id),
        embedding: (id) => openai().embeddingModel(id),
    },
    '@ai-sdk/openai-compatible': {
        chat: (id, key) => compatible(key).chatModel(id),
        embedding: (id) => compatible().embeddingModel(id),
    },
};

for (const [name, { chat, embedding }] of Object.entries(flavours)) {
    const model = chat(format.model);
    const quick = { model, maxRetries: 0 };

    describe(`${name}: text`, () => {
        test('is generated', async () => {
            const answer = await generateText({ ...quick, prompt: 'Say hello, wörld' });
            assert.equal(answer.text, 'Say hello, wörld');
            assert.equal(answer.finishReason, 'stop');
            assert.ok(answer.usage.inputTokens > 0 && answer.usage.outputTokens > 0);
            assert.equal(answer.response.headers['x-llmgw-provider'], provider);
        });

        test('is streamed', async () => {
            const answer = streamText({ ...quick, prompt: 'one two three' });
            const pieces = await collect(answer.textStream);
            assert.ok(pieces.length >= 3, 'the answer comes in pieces');
            assert.equal(pieces.join(''), 'one two three');
            assert.equal(await answer.finishReason, 'stop');
            assert.ok((await answer.usage).outputTokens > 0);
        });

        test('ends upstream when aborted', async () => {
            await mock.gateSecondWord('never');
            const controller = new AbortController();
            const answer = streamText(
                { ...quick, prompt: 'one two', abortSignal: controller.signal, onError: () => {} });
            for await (const piece of answer.textStream) {
                assert.equal(piece.trim(), 'one');
                controller.abort();
            }
            assert.ok(await mock.waitClosed(2), 'the upstream connection is still open');
        });

        test('that breaks off is an error', async () => {
            await mock.cutSecondWord();
            const errors = [];
            const answer = streamText({
                ...quick, prompt: 'one two', onError: ({ error }) => { errors.push(error); },
            });
            await collect(answer.fullStream);
            assert.ok(errors.length > 0, 'the stream ended as if it were whole');
        });
    });

    describe(`${name}: tools`, () => {
        const asked = [];
        const tools = {
            weather: tool({
                description: 'The weather of a city',
                inputSchema: z.object({ city: z.string() }),
                execute: async ({ city }) => {
                    asked.push(city);
                    return 'sunny';
                },
            }),
            time: tool({
                inputSchema: z.object({ zone: z.string() }),
                execute: async () => 'noon',
            }),
        };

        test('go through a whole loop', async () => {
            asked.length = 0;
            const answer = await generateText(
                { ...quick, tools, stopWhen: isStepCount(3), prompt: 'What is the weather?' });
            assert.deepEqual(asked, ['text']);
            assert.equal(answer.steps.length, 2);
            assert.match(answer.text, /^The tool said: .*sunny/);
        });

        test('go through a whole loop, streamed and in parallel', async () => {
            const answer = streamText(
                { ...quick, tools, stopWhen: isStepCount(3), prompt: 'Use parallel calls' });
            await collect(answer.textStream);
            const [first] = await answer.steps;
            assert.deepEqual(first.toolCalls.map((call) => call.toolName), ['weather', 'time']);
            assert.deepEqual(first.toolCalls.map((call) => call.input),
                             [{ city: 'text' }, { zone: 'text' }]);
            assert.match(await answer.text, /^The tool said: /);
        });
    });

    describe(`${name}: objects`, () => {
        const output = Output.object({
            schema: z.object({ name: z.string(), tags: z.array(z.string()), size: z.number() }),
        });
        const expected = { name: 'text', tags: ['text'], size: 1.5 };

        test('are generated', async () => {
            const answer = await generateText({ ...quick, output, prompt: 'Which?' });
            assert.deepEqual(answer.output, expected);
            const [request] = await mock.requests();
            assert.deepEqual(Object.keys(format.schemaOf(request.body).properties),
                             ['name', 'tags', 'size']);
        });

        test('are streamed', async () => {
            const answer = streamText({ ...quick, output, prompt: 'Which?' });
            const parts = await collect(answer.partialOutputStream);
            assert.deepEqual(parts.at(-1), expected);
        });
    });

    describe(`${name}: embeddings`, () => {
        const vectors = embedding(format.embeddings ?? format.model);
        if (!format.embeddings) {
            test('are refused in so many words', async () => {
                await assert.rejects(embed({ model: vectors, value: 'one', maxRetries: 0 }),
                                     { statusCode: 400, message: /has nothing like/ });
            });
            return;
        }

        test('of one value', async () => {
            const answer = await embed({ model: vectors, value: 'one' });
            assert.deepEqual(answer.embedding, [0.5, 0.333333, 0.25, 0.2]);
        });

        test('of many values', async () => {
            const answer = await embedMany({ model: vectors, values: ['one', 'two', 'three'] });
            assert.deepEqual(answer.embeddings.map((vector) => vector[0]), [0.5, 1, 1.5]);
        });
    });

    describe(`${name}: errors`, () => {
        test('say what is wrong', async () => {
            const cases = [
                [chat(format.model, 'llmgw_wrong'), 401, /key/i],
                [chat(`${provider}/no-such-model`), 404, /no-such-model/],
            ];
            for (const [wrong, status, message] of cases) {
                await assert.rejects(
                    generateText({ model: wrong, prompt: 'Hello', maxRetries: 0 }), (error) => {
                        assert.ok(APICallError.isInstance(error));
                        assert.equal(error.statusCode, status);
                        assert.match(error.message, message);
                        assert.equal(error.isRetryable, false);
                        return true;
                    });
            }
            assert.deepEqual(await mock.requests(), []);
        });

        test('of the provider are passed on and retried', async () => {
            await mock.script({ first: [{ status: 429, headers: [['retry-after-ms', '20']] }] });
            const answer = await generateText({ model, prompt: 'Hello', maxRetries: 2 });
            assert.equal(answer.text, 'Hello');
            assert.equal((await mock.requests()).length, 2);
        });
    });
}
