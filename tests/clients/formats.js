// SPDX-License-Identifier: Apache-2.0
// What the tests have to know of each provider format. A client sees the same of all of them; what
// differs is how the mock is set up, how it says things, and what a format has no word for.
//
// providers    arguments of `llmgw providers add`; each gets the mock's address
// model        what clients ask for, upstream what the mock then gets, rates its price in US
//              dollars per million tokens in and out
// failover     a model of several of the providers, and what they get in turn
// path         of a plain request
// secondWord   the event of a stream that has its second word
// schemaOf     the JSON schema of a request for structured output
// wrongKey     how the provider refuses a key, overloaded how it says that it has too much to do
// embeddings   a model for them; without one, requests for them are refused as those for completions
// completions  how requests for the legacy completions are refused
// onlyOne      whether it cannot give several answers at once
// dropped      what of { seed, x_new_field } the format does not have

function inBody(request) {
    return request.body.model;
}

// Formats of chat alone.
const unsupported = { status: 400, code: 'unsupported_endpoint' };
const gpt41 = { upstream: 'gpt-4.1', modelOf: inBody, rates: [2, 8] };

const formats = {
    openai: {
        ...gpt41,
        providers: [['openai'], ['deepinfra'], ['novita']],
        model: 'openai/gpt-4.1',
        failover: {
            model: 'deepseek-v3.2',
            upstream: ['deepseek-ai/DeepSeek-V3.2', 'deepseek/deepseek-v3.2'],
        },
        path: /^\/v1\/chat\/completions$/,
        secondWord: 2,
        schemaOf: (body) => body.response_format.json_schema.schema,
        wrongKey: { status: 401 },
        overloaded: { status: 503 },
        embeddings: 'openai/text-embedding-3-small',
        dropped: [],
    },
    azure: {
        ...gpt41,
        providers: [['azure'], ['azure', '--name', 'spare']],
        model: '@azure/gpt-4.1',
        failover: { model: 'gpt-4.1', upstream: ['gpt-4.1', 'gpt-4.1'] },
        path: /^\/openai\/deployments\/gpt-4\.1\/chat\/completions\?api-version=/,
        secondWord: 3,
        schemaOf: (body) => body.response_format.json_schema.schema,
        wrongKey: { status: 401 },
        overloaded: { status: 503 },
        embeddings: '@azure/text-embedding-3-small',
        completions: { status: 404, code: '404' },
        dropped: [],
    },
    responses: {
        providers: [['openai'], ['openai', '--name', 'spare']],
        model: '@openai/gpt-5-pro',
        upstream: 'gpt-5-pro',
        modelOf: inBody,
        rates: [15, 120],
        failover: { model: 'gpt-5-pro', upstream: ['gpt-5-pro', 'gpt-5-pro'] },
        path: /^\/v1\/responses$/,
        secondWord: 5,
        schemaOf: (body) => body.text.format.schema,
        wrongKey: { status: 401 },
        overloaded: { status: 503 },
        completions: unsupported,
        onlyOne: true,
        dropped: ['seed', 'x_new_field'],
    },
    anthropic: {
        providers: [['anthropic'], ['anthropic', '--name', 'spare']],
        model: '@anthropic/claude-sonnet-4-5',
        upstream: 'claude-sonnet-4-5',
        modelOf: inBody,
        rates: [3, 15],
        failover: {
            model: 'claude-sonnet-4-5', upstream: ['claude-sonnet-4-5', 'claude-sonnet-4-5'],
        },
        path: /^\/v1\/messages$/,
        secondWord: 4,
        schemaOf: (body) => body.output_config.format.schema,
        wrongKey: { status: 401 },
        overloaded: { status: 529 },
        completions: unsupported,
        onlyOne: true,
        dropped: ['seed', 'x_new_field'],
    },
    gemini: {
        providers: [['google-ai-studio'], ['google-ai-studio', '--name', 'spare']],
        model: '@google-ai-studio/gemini-3-flash-preview',
        upstream: 'gemini-3-flash-preview',
        modelOf: ({ path }) => /models\/([^:]+):/.exec(path)[1],
        rates: [0.5, 3],
        failover: {
            model: 'gemini-3-flash-preview',
            upstream: ['gemini-3-flash-preview', 'gemini-3-flash-preview'],
        },
        path: /^\/v1beta\/models\/gemini-3-flash-preview:generateContent$/,
        secondWord: 1,
        schemaOf: ({ generationConfig: config }) =>
            config.responseJsonSchema ?? config.responseSchema,
        wrongKey: {
            status: 400,
            details: [{
                '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID',
                domain: 'googleapis.com',
            }],
        },
        overloaded: { status: 503 },
        completions: unsupported,
        dropped: ['x_new_field'],
    },
    vertex: {
        providers: [['google-vertex', '--option', 'project=project-1'],
                    ['google-vertex', '--option', 'project=project-1', '--name', 'spare']],
        key: 'ya29.access-token-of-the-tests',
        model: '@google-vertex/gemini-3-flash-preview',
        upstream: 'gemini-3-flash-preview',
        modelOf: ({ path }) => /models\/([^:]+):/.exec(path)[1],
        rates: [0.5, 3],
        failover: {
            model: 'gemini-3-flash-preview',
            upstream: ['gemini-3-flash-preview', 'gemini-3-flash-preview'],
        },
        path: new RegExp('^/v1/projects/project-1/locations/global/publishers/google/models/' +
                         'gemini-3-flash-preview:generateContent$'),
        secondWord: 1,
        schemaOf: ({ generationConfig: config }) =>
            config.responseJsonSchema ?? config.responseSchema,
        wrongKey: { status: 401 },
        overloaded: { status: 503 },
        completions: unsupported,
        dropped: ['x_new_field'],
    },
    bedrock: {
        providers: [['aws-bedrock'], ['aws-bedrock', '--name', 'spare']],
        key: 'AKIAABCDEFGHIJKLMNOP:abcdefghijklmnop/ABCDEFGHIJKLMNOP+abcdef',
        model: '@aws-bedrock/claude-haiku-4-5',
        upstream: 'global.anthropic.claude-haiku-4-5-20251001-v1:0',
        modelOf: ({ path }) => decodeURIComponent(path.split('/')[2]),
        rates: [1, 5],
        failover: {
            model: 'claude-haiku-4-5',
            upstream: ['global.anthropic.claude-haiku-4-5-20251001-v1:0',
                       'global.anthropic.claude-haiku-4-5-20251001-v1:0'],
        },
        path: /^\/model\/global\.anthropic\.claude-haiku-4-5-20251001-v1%3A0\/converse$/,
        secondWord: 2,
        schemaOf: (body) => JSON.parse(body.outputConfig.textFormat.structure.jsonSchema.schema),
        wrongKey: { exception: 'UnrecognizedClientException' },
        overloaded: { exception: 'ServiceUnavailableException' },
        completions: unsupported,
        onlyOne: true,
        dropped: ['seed', 'x_new_field'],
    },
    cohere: {
        providers: [['cohere'], ['cohere', '--name', 'spare']],
        model: '@cohere/command-a-03-2025',
        upstream: 'command-a-03-2025',
        modelOf: inBody,
        rates: [2.5, 10],
        failover: {
            model: 'command-a-03-2025', upstream: ['command-a-03-2025', 'command-a-03-2025'],
        },
        path: /^\/v2\/chat$/,
        secondWord: 3,
        schemaOf: (body) => body.response_format.json_schema,
        wrongKey: { status: 401 },
        overloaded: { status: 503 },
        completions: unsupported,
        onlyOne: true,
        dropped: ['x_new_field'],
    },
};

export const formatName = process.env.LLMGW_TEST_FORMAT ?? 'openai';
export const format = formats[formatName];
if (!format) {
    throw new Error(`LLMGW_TEST_FORMAT is none of ${Object.keys(formats).join(', ')}`);
}

/** What a usage costs at the format's model, in US dollars. */
export function costOf(usage) {
    const [input, output] = format.rates;
    return (usage.prompt_tokens * input + usage.completion_tokens * output) / 1e6;
}
