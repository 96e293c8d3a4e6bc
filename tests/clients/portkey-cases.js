// SPDX-License-Identifier: Apache-2.0
// Configs and requests for Portkey's own gateway and llmgw, by what they show.
//
// config   of x-portkey-config; headers, body and path of the request if they are not the usual
// expect   the status of Portkey's answer, and the models that it asks for, in their order
// random   each gateway draws a target of its own

import { conditions } from './portkey-conditions.js';
import { balance, fallback, host, single, target, targets } from './portkey-configs.js';
import { nobodyHost, upstreamHost } from './portkey-gateway.js';

// A time limit within which a request arrives even where all processors are busy.
const soon = 1000;

const fallbacks = {
    'the first answer that is good': { config: fallback(['one', 'two']), expect: [200, 'one'] },
    'another good status': { config: fallback(['status-201', 'two']), expect: [201, 'status-201'] },
    'a status that is listed': {
        config: fallback(['status-429', 'two'], [429]), expect: [200, 'status-429', 'two'],
    },
    'a status that is not': {
        config: fallback(['status-500', 'two'], [429]), expect: [500, 'status-500'],
    },
    'a status of the client that is not': {
        config: fallback(['status-400', 'two'], [429, 500]), expect: [400, 'status-400'],
    },
    '200 when it is listed': {
        config: fallback(['status-200', 'two'], [200]), expect: [200, 'status-200', 'two'],
    },
    '200 of the last one when it is listed': {
        config: fallback(['status-500', 'two'], [200, 500]), expect: [200, 'status-500', 'two'],
    },
    'no status': { config: fallback(['status-500', 'two'], []), expect: [500, 'status-500'] },
    'the last of the failures': {
        config: fallback(['status-500', 'status-429']), expect: [429, 'status-500', 'status-429'],
    },
    'a failure that ends the chain early': {
        config: fallback(['status-503', 'status-401', 'three'], [503]),
        expect: [401, 'status-503', 'status-401'],
    },
    'one target': { config: fallback(['status-500']), expect: [500, 'status-500'] },
    'weights do not matter': {
        config: fallback([target('one', { weight: 0 }), 'two']), expect: [200, 'one'],
    },
    'nobody listens': {
        config: fallback([target('one', { custom_host: nobodyHost }), 'two']), expect: [200, 'two'],
    },
    'nobody listens, which is a 500': {
        config: fallback([target('one', { custom_host: nobodyHost }), 'two'], [500]),
        expect: [200, 'two'],
    },
    'nobody listens, which is no 502': {
        config: fallback([target('one', { custom_host: nobodyHost }), 'two'], [502]), expect: [500],
    },
    'a connection that breaks': {
        config: fallback(['reset', 'two']), expect: [200, 'reset', 'two'],
    },
    'no answer in time': {
        config: fallback([target('silent', { request_timeout: soon }), 'two']),
        expect: [200, 'silent', 'two'],
    },
    'no answer in time, which is a 408': {
        config: fallback([target('silent', { request_timeout: soon }), 'two'], [408]),
        expect: [200, 'silent', 'two'],
    },
    'no answer in time, which is no 500': {
        config: fallback([target('silent', { request_timeout: soon }), 'two'], [500, 504]),
        expect: [408, 'silent'],
    },
    'a fallback in a fallback': {
        config: fallback([fallback(['status-500', 'status-502']), 'three']),
        expect: [200, 'status-500', 'status-502', 'three'],
    },
    'statuses of the inner one': {
        config: fallback([fallback(['status-500', 'two'], [429]), 'three']),
        expect: [200, 'status-500', 'three'],
    },
    'statuses of the outer one': {
        config: fallback([fallback(['status-500', 'status-502']), 'three'], [500]),
        expect: [502, 'status-500', 'status-502'],
    },
    'a choice in a fallback': {
        config: fallback([balance(['status-500']), single(['two', 'three'])]),
        expect: [200, 'status-500', 'two'],
    },
    'streams': {
        config: fallback(['status-500', 'two']), body: { stream: true },
        expect: [200, 'status-500', 'two'],
    },
    'streams after a broken connection': {
        config: fallback(['reset', 'status-429', 'three']), body: { stream: true },
        expect: [200, 'reset', 'status-429', 'three'],
    },
    'streams of nobody': {
        config: fallback(['status-500', 'status-404']), body: { stream: true },
        expect: [404, 'status-500', 'status-404'],
    },
    'streams without an answer in time': {
        config: fallback([target('silent', { request_timeout: soon }), 'two']),
        body: { stream: true }, expect: [200, 'silent', 'two'],
    },
    'embeddings': {
        config: fallback(['status-500', 'two']), path: '/embeddings', body: { input: 'Hello' },
        expect: [200, 'status-500', 'two'],
    },
    'completions': {
        config: fallback(['status-500', 'two']), path: '/completions', body: { prompt: 'Hello' },
        expect: [200, 'status-500', 'two'],
    },
};
for (const status of [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529]) {
    fallbacks[`${status} without a list`] = {
        config: fallback([`status-${status}`, 'two']), expect: [200, `status-${status}`, 'two'],
    };
}

const choices = {
    'the only weight': {
        config: balance([target('one', { weight: 0 }), 'two', target('three', { weight: 0 })]),
        expect: [200, 'two'],
    },
    'a part of one': {
        config: balance([target('one', { weight: 0 }), target('two', { weight: 0.3 })]),
        expect: [200, 'two'],
    },
    'no other target after a failure': {
        config: balance([target('status-500', { weight: 1 }), target('two', { weight: 0 })]),
        expect: [500, 'status-500'],
    },
    'nor one of equal weight': {
        config: balance(['status-503', 'status-503']), expect: [503, 'status-503'], random: true,
    },
    'a fallback in a choice': {
        config: balance([fallback(['status-500', 'two']), target('three', { weight: 0 })]),
        expect: [200, 'status-500', 'two'],
    },
    'a choice in a choice': {
        config: balance([balance([target('one', { weight: 0 }), 'two'])]), expect: [200, 'two'],
    },
    'a single one is the first': { config: single(['one', 'two']), expect: [200, 'one'] },
    'a single one that fails': {
        config: single(['status-429', 'two']), expect: [429, 'status-429'],
    },
    'no weight at all': {
        config: balance([target('one', { weight: 0 }), target('two', { weight: 0 })]),
        expect: [500],
    },
    'streams': {
        config: balance(['status-503', 'status-503']), body: { stream: true },
        expect: [503, 'status-503'], random: true,
    },
};

const parameters = {
    'the config counts more than the client': {
        config: target('one', { override_params: { model: 'one', temperature: 0.1 } }),
        body: { temperature: 0.9, max_tokens: 5 }, expect: [200, 'one'],
    },
    'the inner counts more than the outer': {
        config: single([single([target('', { override_params: { seed: 3 } })],
                               { override_params: { top_p: 0.2, seed: 2 } })],
                       { override_params: { temperature: 0.1, top_p: 0.1, seed: 1 } }),
        expect: [200, 'gpt-4o-mini'],
    },
    'objects are replaced whole': {
        config: single([target('', { override_params: { response_format: { type: 'text' } } })],
                       { override_params: { response_format: { type: 'json_object', more: 1 } } }),
        body: { response_format: { type: 'json_object', most: 2 } }, expect: [200, 'gpt-4o-mini'],
    },
    'null is a value': {
        config: target('', { override_params: { temperature: null } }), body: { temperature: 0.5 },
        expect: [200, 'gpt-4o-mini'],
    },
    'messages': {
        config: target('one', {
            override_params: { model: 'one', messages: [{ role: 'user', content: 'Replaced' }] },
        }),
        expect: [200, 'one'],
    },
    'the model of a request without one': {
        config: target('one'), body: { model: undefined }, expect: [200, 'one'],
    },
    'a model outside of override_params does not count': {
        config: target('', { model: 'one', override_params: {} }), expect: [200, 'gpt-4o-mini'],
    },
    'camel case': {
        config: {
            strategy: { mode: 'fallback', onStatusCodes: [429] },
            targets: [{ provider: 'openai', api_key: 'sk-of-the-config', customHost: host,
                        overrideParams: { model: 'status-429' } }, target('two')],
        },
        expect: [200, 'status-429', 'two'],
    },
    'a stream that the client has not asked for': {
        config: target('one', { override_params: { model: 'one', stream: true } }),
        expect: [200, 'one'],
    },
    'no stream although the client asks for one': {
        config: target('one', { override_params: { model: 'one', stream: false } }),
        body: { stream: true }, expect: [200, 'one'],
    },
    'default_params and drop_params': {
        config: target('one', {
            default_params: { temperature: 0.3, seed: 1 }, drop_params: ['max_tokens'],
        }),
        body: { max_tokens: 5, seed: 2 }, expect: [200, 'one'],
    },
    'members that Portkey does not know': {
        config: target('one', { comment: 'x', $schema: 'http://x', foo: 1 }), expect: [200, 'one'],
    },
};

const inherited = {
    'retries': {
        config: fallback(['status-503', 'two'], undefined, { retry: { attempts: 1 } }),
        expect: [200, 'status-503', 'status-503', 'two'],
    },
    'retries are replaced whole': {
        config: fallback([target('status-400', { retry: { attempts: 1, on_status_codes: [400] } }),
                          target('status-429', { retry: { attempts: 0 } })], undefined,
                         { retry: { attempts: 2, on_status_codes: [429] } }),
        expect: [429, 'status-400', 'status-400', 'status-429'],
    },
    'a time limit': {
        config: fallback(['silent', target('sleep-1500', { request_timeout: 20_000 })], undefined,
                         { request_timeout: soon }),
        expect: [200, 'silent', 'sleep-1500'],
    },
    'the address': {
        config: single([{ provider: 'openai', api_key: 'sk-of-the-config' }],
                       { custom_host: host }),
        expect: [200, 'gpt-4o-mini'],
    },
    'an address of one\'s own': {
        config: single([target('one')], { custom_host: nobodyHost }), expect: [200, 'one'],
    },
    'headers': {
        config: fallback(['status-500', target('two', { forward_headers: ['x-other'] })], undefined,
                         { forward_headers: ['x-team'] }),
        headers: { 'x-team': 'red', 'x-other': 'o' }, expect: [200, 'status-500', 'two'],
    },
    'a time limit in spite of a 0': {
        config: single([target('silent', { request_timeout: 0 })], { request_timeout: soon }),
        expect: [408, 'silent'],
    },
    'no headers, if it says so': {
        config: single([target('one', { forward_headers: [] })], { forward_headers: ['x-team'] }),
        headers: { 'x-team': 'red' }, expect: [200, 'one'],
    },
    'from the group around, through one that says nothing': {
        config: fallback([fallback(['status-503'])], undefined,
                         { retry: { attempts: 1, on_status_codes: [503] } }),
        expect: [503, 'status-503', 'status-503'],
    },
    'never the provider': {
        config: {
            ...single([{ api_key: 'sk-of-the-config', retry: { attempts: 0 } }]),
            provider: 'openai', custom_host: host,
        },
        expect: [500],
    },
    'never the key': {
        config: single([{ provider: 'openai', retry: { attempts: 0 } }],
                       { api_key: 'sk-of-the-config', custom_host: host }),
        expect: [200, 'gpt-4o-mini'],
    },
};

const retries = {
    'after a 429': {
        config: target('once-429', { retry: { attempts: 2 } }),
        expect: [200, 'once-429', 'once-429'],
    },
    'until there are none left': {
        config: target('status-503', { retry: { attempts: 1 } }),
        expect: [503, 'status-503', 'status-503'],
    },
    'not after a 400': {
        config: target('once-400', { retry: { attempts: 1 } }), expect: [400, 'once-400'],
    },
    'after a 400 that is listed': {
        config: target('once-400', { retry: { attempts: 1, on_status_codes: [400] } }),
        expect: [200, 'once-400', 'once-400'],
    },
    'after nothing': {
        config: target('once-429', { retry: { attempts: 1, on_status_codes: [] } }),
        expect: [429, 'once-429'],
    },
    'not when there was no answer in time': {
        config: target('silent', { request_timeout: soon, retry: { attempts: 1 } }),
        expect: [408, 'silent'],
    },
    'when there was no answer in time and 408 is listed': {
        config: target('silent', {
            request_timeout: soon, retry: { attempts: 1, on_status_codes: [408] },
        }),
        expect: [408, 'silent', 'silent'],
    },
    'after a 529': {
        config: target('once-529', { retry: { attempts: 1 } }), expect: [529, 'once-529'],
    },
    'of a stream': {
        config: target('once-500', { retry: { attempts: 1 } }), body: { stream: true },
        expect: [200, 'once-500', 'once-500'],
    },
    'after a connection that breaks': {
        config: target('reset', { retry: { attempts: 1 } }), expect: [500, 'reset', 'reset'],
    },
};

const addresses = {
    'a slash at the end': {
        config: target('one', { custom_host: `${host}/` }), expect: [200, 'one'],
    },
    'with a path of its own': {
        config: target('one', { custom_host: `${upstreamHost}/some/where` }), expect: [200, 'one'],
    },
    'of Groq': { config: target('one', { provider: 'groq' }), expect: [200, 'one'] },
    'of Together': {
        config: target('one', { provider: 'together-ai', custom_host: upstreamHost }),
        expect: [200, 'one'],
    },
    'of DeepSeek': {
        config: target('one', { provider: 'deepseek', custom_host: upstreamHost }),
        expect: [200, 'one'],
    },
    'of Azure': {
        config: {
            provider: 'azure-openai', api_key: 'sk-of-the-config', resource_name: 'r',
            deployment_id: 'd', api_version: '2024-10-21', custom_host: `${upstreamHost}/openai`,
        },
        expect: [200, 'gpt-4o-mini'],
    },
    'of Azure, in the words of Portkey\'s documentation': {
        config: {
            provider: 'azure-openai', api_key: 'sk-of-the-config', azure_resource_name: 'r',
            azure_deployment_id: 'd', azure_api_version: '2024-10-21',
            custom_host: `${upstreamHost}/openai`,
        },
        expect: [200, 'gpt-4o-mini'],
    },
    'of Anthropic': {
        config: target('one', { provider: 'anthropic' }), body: { max_tokens: 5 },
        expect: [200, 'one'],
    },
};

const header = { 'x-portkey-provider': 'openai', authorization: 'Bearer sk-of-the-client' };

const headers = {
    'the provider, its key and its address': {
        headers: { ...header, 'x-portkey-custom-host': host }, expect: [200, 'gpt-4o-mini'],
    },
    'as a stream': {
        headers: { ...header, 'x-portkey-custom-host': host }, body: { stream: true },
        expect: [200, 'gpt-4o-mini'],
    },
    'a key without Bearer': {
        headers: { ...header, authorization: 'sk-of-the-client', 'x-portkey-custom-host': host },
        expect: [200, 'gpt-4o-mini'],
    },
    'Anthropic': {
        headers: { ...header, 'x-portkey-provider': 'anthropic', 'x-portkey-custom-host': host },
        body: { max_tokens: 5 }, expect: [200, 'gpt-4o-mini'],
    },
    'a provider for a config without one': {
        config: { retry: { attempts: 1 }, custom_host: host }, headers: header,
        body: { model: 'once-500' }, expect: [200, 'once-500', 'once-500'],
    },
    'a provider that the config does not need': {
        config: target('one'), headers: { ...header, 'x-portkey-provider': 'anthropic' },
        expect: [200, 'one'],
    },
    'an address that counts more than that of each target': {
        config: fallback([target('status-500', { custom_host: nobodyHost }),
                          target('two', { custom_host: nobodyHost })]),
        headers: { 'x-portkey-custom-host': host }, expect: [200, 'status-500', 'two'],
    },
    'a time limit that counts more than the config\'s': {
        config: target('silent', { request_timeout: 15_000 }),
        headers: { 'x-portkey-request-timeout': `${soon}` }, expect: [408, 'silent'],
    },
    'a time limit of 0, which is none': {
        config: target('silent', { request_timeout: soon }),
        headers: { 'x-portkey-request-timeout': '0' }, expect: [408, 'silent'],
    },
    'headers to pass on': {
        config: target('one', { forward_headers: ['x-team', 'X-Third'] }),
        headers: { 'x-team': 'red', 'x-other': 'o', 'x-third': '3' }, expect: [200, 'one'],
    },
    'headers to pass on that count more than the config\'s': {
        config: target('one', { forward_headers: ['x-team'] }),
        headers: { 'x-team': 'red', 'x-other': 'o', 'x-portkey-forward-headers': 'x-other' },
        expect: [200, 'one'],
    },
    'the client\'s key, passed on': {
        config: target('one', { forward_headers: ['authorization'] }),
        headers: { authorization: 'Bearer sk-of-another' }, expect: [200, 'one'],
    },
    'a virtual key that nobody knows': {
        config: { virtual_key: 'nobodys', provider: 'openai', retry: { attempts: 0 },
                  custom_host: host },
        expect: [200, 'gpt-4o-mini'],
    },
    'an organization': {
        config: target('one', { openai_organization: 'org-1', openai_project: 'proj-1' }),
        expect: [200, 'one'],
    },
};

const invalid = {
    'no JSON': { headers: { 'x-portkey-config': 'config' }, expect: [400] },
    'a provider that nobody knows': {
        config: target('one', { provider: 'nobody' }), expect: [400],
    },
    'a strategy without targets': {
        config: { strategy: { mode: 'fallback' }, retry: { attempts: 0 }, custom_host: host },
        headers: header, expect: [500],
    },
    'a mode that is none': {
        config: { strategy: { mode: 'random' }, targets: targets(['one']) }, expect: [400],
    },
    'an address that is none': { config: target('one', { custom_host: 'ftp://x' }), expect: [400] },
    'an address in a closed network': {
        config: target('one', { custom_host: 'http://10.0.0.1/v1' }), expect: [400],
    },
    'of version 1': {
        config: { mode: 'single', options: targets(['one']) }, expect: [400],
    },
    'neither provider nor config': { expect: [400] },
};

export const cases = {
    fallback: fallbacks,
    'loadbalance and single': choices,
    conditional: conditions,
    override_params: parameters,
    'what targets have from the config around them': inherited,
    retry: retries,
    custom_host: addresses,
    'in headers': headers,
    'a config that is not taken': invalid,
};
