// SPDX-License-Identifier: Apache-2.0
// Where llmgw does something else than Portkey's own gateway, on purpose.
//
// title   of the paragraph about it in llmgw-import-portkey(1), under DIFFERENCES
// cases   those of portkey-cases.js in which it shows, as "group: name"
// change  what llmgw's call is, made out of Portkey's
// status  of llmgw's answer
// expect  the status and the models of llmgw's calls, where it makes others

import { cases } from './portkey-cases.js';

function streams() {
    const isStream = ([, one]) => one.config?.override_params?.stream ?? one.body?.stream;
    return Object.entries(cases).flatMap(([group, members]) => Object.entries(members)
        .filter(isStream).map(([name]) => `${group}: ${name}`));
}

function blocksOf(content) {
    return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

export const differences = [
    {
        title: 'Streams are asked for their usage',
        cases: streams(),
        change: (call) => {
            call.body.stream_options = { include_usage: true };
        },
    },
    {
        title: 'A failure without a status counts as two',
        cases: ['fallback: nobody listens, which is no 502'],
        expect: [200, 'two'],
    },
    {
        title: 'A failure without a status counts as two',
        cases: ['retry: after a connection that breaks'],
        status: 502,
    },
    {
        title: '529 is among the statuses of a retry',
        cases: ['retry: after a 529'],
        expect: [200, 'once-529', 'once-529'],
    },
    {
        title: 'Conditions that cannot be meant are refused',
        cases: ['conditional: {"metadata.plan":{"$in":"paid"}}',
                'conditional: {"metadata.plan":{"$regex":"["}}'],
        expect: [400],
    },
    {
        title: 'The body stays what the client sent',
        cases: ['custom_host: of Together'],
        change: (call) => {
            delete call.body.max_tokens;
        },
    },
    {
        title: 'A null is left out for servers that may refuse it',
        cases: ['override_params: null is a value'],
        change: (call) => {
            delete call.body.temperature;
        },
    },
    {
        title: 'Other formats than OpenAI\'s are written as their providers describe them',
        cases: ['custom_host: of Anthropic', 'in headers: Anthropic'],
        change: (call) => {
            delete call.body.system;
            delete call.headers['anthropic-beta'];
            for (const message of call.messages) {
                message.content = blocksOf(message.content);
            }
        },
    },
    {
        title: 'Azure is asked for its deployment',
        cases: ['custom_host: of Azure',
                'custom_host: of Azure, in the words of Portkey\'s documentation'],
        change: (call) => {
            call.body.model = 'd';
            call.path = '/openai/deployments/d/chat/completions?api-version=2024-10-21';
        },
    },
    {
        title: 'A path has no empty segments',
        cases: ['custom_host: a slash at the end'],
        change: (call) => {
            call.path = call.path.replace('//', '/');
        },
    },
    {
        title: 'Configs that cannot work are refused',
        cases: ['what targets have from the config around them: never the provider',
                'a config that is not taken: a strategy without targets',
                'loadbalance and single: no weight at all'],
        expect: [400],
    },
    {
        title: 'Settings of the hosted gateway count',
        cases: ['override_params: default_params and drop_params'],
        change: (call) => {
            call.body.temperature = 0.3;
            delete call.body.max_tokens;
        },
    },
    {
        title: 'Provider keys are checked',
        cases: ['what targets have from the config around them: never the key'],
        change: (call) => {
            delete call.headers.authorization;
        },
    },
    {
        title: 'Provider keys are checked',
        cases: ['in headers: a virtual key that nobody knows'],
        expect: [400],
    },
    {
        title: 'Keys of clients are not passed on',
        cases: ['in headers: the client\'s key, passed on'],
        change: (call) => {
            call.headers.authorization = 'Bearer sk-of-the-config';
        },
    },
    {
        title: 'Closed networks are closed when they are asked',
        cases: ['a config that is not taken: an address in a closed network'],
        status: 502,
    },
    {
        title: 'Configs of version 1 are read',
        cases: ['a config that is not taken: of version 1'],
        expect: [200, 'one'],
    },
    {
        title: 'A request that says nothing is routed',
        cases: ['a config that is not taken: neither provider nor config'],
        status: 200,
    },
];
