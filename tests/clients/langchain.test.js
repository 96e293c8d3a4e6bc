// SPDX-License-Identifier: Apache-2.0
// LangChain's OpenAI classes, with nothing changed but baseURL and apiKey, whatever format the
// provider behind llmgw speaks.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { z } from 'zod';

import { costOf, format } from './formats.js';
import { collect, startAll } from './support.js';

const { mock, gateway } = await startAll();

const provider = format.providers[0][0];

function settings(more) {
    return {
        model: format.model, apiKey: gateway.key, maxRetries: 0,
        configuration: { baseURL: gateway.url }, ...more,
    };
}

const chat = new ChatOpenAI(settings());
const weather = tool(async ({ city }) => `sunny in ${city}`, {
    name: 'weather', description: 'The weather of a city', schema: z.object({ city: z.string() }),
});
const time = tool(async () => 'noon', {
    name: 'time', description: 'The time', schema: z.object({ zone: z.string() }),
});

describe('chat', () => {
    test('invoke', async () => {
        const answer = await chat.invoke('Say hello, wörld');
        assert.equal(answer.text, 'Say hello, wörld');
        assert.equal(answer.response_metadata.finish_reason, 'stop');
        assert.ok(answer.usage_metadata.input_tokens > 0);
        const { usage } = answer.response_metadata;
        assert.equal(Number(usage.cost), costOf(usage));
    });

    test('stream', async () => {
        const chunks = await collect(await chat.stream('one two three'));
        assert.equal(chunks.map((chunk) => chunk.text).join(''), 'one two three');
        const counted = chunks.filter((chunk) => chunk.usage_metadata);
        assert.equal(counted.length, 1, 'LangChain asks for usage and gets it once');
        assert.ok(counted[0].usage_metadata.output_tokens > 0);
    });

    test('batch', async () => {
        const answers = await chat.batch(['one', 'two', 'three']);
        assert.deepEqual(answers.map((answer) => answer.text), ['one', 'two', 'three']);
    });

    test('a stream that is aborted ends upstream', async () => {
        await mock.gateSecondWord('never');
        const controller = new AbortController();
        const stream = await chat.stream('one two', { signal: controller.signal });
        await assert.rejects(async () => {
            for await (const chunk of stream) {
                if (chunk.text.trim() === 'one') {
                    controller.abort();
                }
            }
        });
        assert.ok(await mock.waitClosed(2), 'the upstream connection is still open');
    });
});

describe('tools', () => {
    test('a whole loop', async () => {
        const bound = chat.bindTools([weather]);
        const messages = [new HumanMessage('What is the weather?')];
        const first = await bound.invoke(messages);
        assert.equal(first.tool_calls.length, 1);
        const [call] = first.tool_calls;
        assert.equal(call.name, 'weather');
        const result = await weather.invoke(call);
        assert.ok(result instanceof ToolMessage);
        messages.push(first, result);
        const second = await bound.invoke(messages);
        assert.match(second.text, /^The tool said: .*sunny in text/);
    });

    test('parallel and streamed', async () => {
        const chunks = await collect(
            await chat.bindTools([weather, time]).stream('Use parallel calls'));
        const whole = chunks.reduce((sum, chunk) => sum.concat(chunk));
        assert.deepEqual(whole.tool_calls.map((call) => [call.name, call.args]),
                         [['weather', { city: 'text' }], ['time', { zone: 'text' }]]);
    });
});

describe('structured output', () => {
    const schema = z.object({ name: z.string(), tags: z.array(z.string()), size: z.number() });
    const expected = { name: 'text', tags: ['text'], size: 1.5 };

    for (const method of ['jsonSchema', 'functionCalling']) {
        test(method, async () => {
            const structured = chat.withStructuredOutput(schema, { name: 'thing', method });
            assert.deepEqual(await structured.invoke('Which?'), expected);
        });
    }
});

describe('other classes', () => {
    test('OpenAI: a completion, or that there are none', async () => {
        const completions = new OpenAI(settings());
        if (format.completions) {
            await assert.rejects(completions.invoke('Once upon a time'), format.completions);
            return;
        }
        await mock.script({ text: 'there was' });
        assert.equal(await completions.invoke('Once upon a time'), 'there was');
    });

    test('OpenAIEmbeddings, or that there are none', async () => {
        const embeddings = new OpenAIEmbeddings(
            settings({ model: format.embeddings ?? format.model }));
        if (!format.embeddings) {
            await assert.rejects(embeddings.embedQuery('one'), format.completions);
            return;
        }
        const [first, second] = await embeddings.embedDocuments(['one', 'two']);
        assert.equal(first.length, 4);
        assert.ok(Math.abs(first[1] - 0.333333) < 1e-6);
        assert.equal(second[0], 1);
        assert.equal((await embeddings.embedQuery('one'))[0], 0.5);
    });
});

describe('errors', () => {
    test('a wrong gateway key', async () => {
        const wrong = new ChatOpenAI(settings({ apiKey: 'llmgw_wrong' }));
        await assert.rejects(wrong.invoke('Hello'), { status: 401, code: 'invalid_api_key' });
        assert.deepEqual(await mock.requests(), []);
    });

    test('an unknown model', async () => {
        const wrong = new ChatOpenAI(settings({ model: `${provider}/no-such-model` }));
        await assert.rejects(wrong.invoke('Hello'), { status: 404, code: 'model_not_found' });
    });

    test('of the provider, retried', async () => {
        await mock.script({ first: [{ status: 500 }] });
        const answer = await new ChatOpenAI(settings({ maxRetries: 2 })).invoke('Hello');
        assert.equal(answer.text, 'Hello');
        assert.equal((await mock.requests()).length, 2);
    });
});
