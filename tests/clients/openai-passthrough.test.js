// SPDX-License-Identifier: Apache-2.0
// What the official openai package can rely on where the provider speaks OpenAI's own format: the
// request arrives as it was, and the answer comes back as it was.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { format } from './formats.js';
import { collect, startAll } from './support.js';

const { mock, gateway } = await startAll();
const { model } = format;
const client = new OpenAI({ baseURL: gateway.url, apiKey: gateway.key, maxRetries: 0 });

function prompt(content, more) {
    return { model, messages: [{ role: 'user', content }], ...more };
}

describe('requests', () => {
    test('keep the parameters that llmgw does not know', async () => {
        await mock.script({ lenient: ['x_new_field'] });
        const sent = { b: 1, a: [1.5, null, 'é'] };
        await client.chat.completions.create(prompt('Hello', { seed: 7, x_new_field: sent }));
        const [request] = await mock.requests();
        assert.equal(request.body.seed, 7);
        assert.deepEqual(request.body.x_new_field, sent);
    });

    test('for a stream ask for its usage, also when the client does not', async () => {
        await collect(await client.chat.completions.create(prompt('hello', { stream: true })));
        const [request] = await mock.requests();
        assert.equal(request.body.stream_options?.include_usage, true);
    });

    test('for structured output stay strict', async () => {
        const event = z.object({ name: z.string() });
        await client.chat.completions.parse(
            prompt('Which event?', { response_format: zodResponseFormat(event, 'event') }));
        const [request] = await mock.requests();
        assert.equal(request.body.response_format.json_schema.strict, true);
    });
});

test('an error of the provider is passed on as it was', async () => {
    const answer = client.chat.completions.create(prompt('Hello', { tool_choice: 'auto' }));
    await assert.rejects(answer, (error) => {
        assert.ok(error instanceof OpenAI.BadRequestError);
        assert.equal(error.param, 'tool_choice');
        assert.match(error.message, /'tool_choice' is only allowed when 'tools' are specified/);
        return true;
    });
});

describe('other endpoints', () => {
    test('embeddings keep the encoding that was asked for', async () => {
        const request = { model: format.embeddings, input: 'one' };
        const numbers = await client.embeddings.create({ ...request, encoding_format: 'float' });
        assert.deepEqual(numbers.data[0].embedding, [0.5, 0.333333, 0.25, 0.2]);
        await client.embeddings.create(request);
        const formats = (await mock.requests()).map(({ body }) => body.encoding_format);
        assert.deepEqual(formats, ['float', 'base64']);
    });

    test('completions, streamed', async () => {
        const chunks = await collect(await client.completions.create(
            { model, prompt: 'Once upon a time', stream: true }));
        const text = chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('');
        assert.equal(text, 'Once upon a time');
    });
});
