// SPDX-License-Identifier: Apache-2.0
// What conditions of Portkey's decide.

import { conditional, fallback, target } from './portkey-configs.js';

const metadata = { plan: 'paid', tier: '5', size: '5abc', empty: '', team: 'red', count: 5 };
const inMetadata = { 'x-portkey-metadata': JSON.stringify(metadata) };

// Which of the targets a query leads to: B when it matches, A when not.
const queries = [
    [{ 'metadata.plan': 'paid' }, 'B'],
    [{ 'metadata.plan': 'free' }, 'A'],
    [{ 'metadata.plan': { $eq: 'paid' } }, 'B'],
    [{ 'metadata.plan': { $eq: 'Paid' } }, 'A'],
    [{ 'metadata.plan': { $ne: 'paid' } }, 'A'],
    [{ 'metadata.nothing': { $ne: 'paid' } }, 'B'],
    [{ 'metadata.nothing': { $eq: null } }, 'A'],
    [{ 'metadata.tier': 5 }, 'A'],
    [{ 'metadata.count': 5 }, 'B'],
    [{ 'metadata.count': '5' }, 'A'],
    [{ 'metadata.tier': { $gt: 4.5 } }, 'B'],
    [{ 'metadata.tier': { $gt: 5 } }, 'A'],
    [{ 'metadata.tier': { $gte: '5' } }, 'B'],
    [{ 'metadata.size': { $lt: 6 } }, 'B'],
    [{ 'metadata.size': { $lt: '5x' } }, 'A'],
    [{ 'metadata.tier': { $lte: '5abc' } }, 'B'],
    [{ 'metadata.plan': { $lte: 1 } }, 'A'],
    [{ 'metadata.tier': { $gt: 1, $lt: 5 } }, 'A'],
    [{ 'metadata.plan': { $in: ['free', 'paid'] } }, 'B'],
    [{ 'metadata.tier': { $in: [5] } }, 'A'],
    [{ 'metadata.plan': { $in: 'paid' } }, 'A'],
    [{ 'metadata.plan': { $nin: ['free'] } }, 'B'],
    [{ 'metadata.plan': { $nin: ['paid'] } }, 'A'],
    [{ 'metadata.nothing': { $nin: ['a'] } }, 'B'],
    [{ 'metadata.nothing': { $in: ['a'] } }, 'A'],
    [{ 'metadata.plan': { $regex: '^p.*d$' } }, 'B'],
    [{ 'metadata.plan': { $regex: '(?<=p)aid' } }, 'B'],
    [{ 'metadata.plan': { $regex: 'PAID' } }, 'A'],
    [{ 'metadata.plan': { $regex: '[' } }, 'A'],
    [{ 'metadata.nothing': { $regex: 'undef' } }, 'B'],
    [{ 'metadata.plan': { $regex: 'paid', $eq: 'free' } }, 'B'],
    [{ 'metadata.plan': { $eq: 'free', $regex: 'paid' } }, 'A'],
    [{ 'metadata.empty': '' }, 'B'],
    [{ 'params.model': 'gpt-4o-mini' }, 'B'],
    [{ 'params.temperature': { $lt: 0.5 } }, 'B'],
    [{ 'params.temperature': '0.2' }, 'A'],
    [{ 'params.stop': 'x' }, 'A'],
    [{ 'params.response_format.type': 'text' }, 'A'],
    [{ 'url.pathname': '/v1/chat/completions' }, 'B'],
    [{ 'url.pathname': { $regex: '^/chat' } }, 'A'],
    [{ 'metadata.plan': 'paid', 'metadata.team': 'blue' }, 'A'],
    [{ $and: [{ 'metadata.plan': 'paid' }, { 'metadata.team': { $ne: 'blue' } }] }, 'B'],
    [{ $and: [{ 'metadata.plan': 'paid' }, { 'metadata.team': 'blue' }] }, 'A'],
    [{ $or: [{ 'metadata.plan': 'free' }, { 'metadata.team': 'red' }] }, 'B'],
    [{ $or: [{ 'metadata.plan': 'free' }, { 'metadata.team': 'blue' }] }, 'A'],
    [{ $or: [{ $and: [{ 'metadata.plan': 'paid' }, { 'metadata.tier': '5' }] }] }, 'B'],
    [{ $or: [{ 'metadata.plan': 'paid' }], 'metadata.team': 'blue' }, 'B'],
    [{ 'metadata.team': 'blue', $or: [{ 'metadata.plan': 'paid' }] }, 'A'],
    [{ $and: [] }, 'B'],
    [{ $or: [] }, 'A'],
    [{}, 'B'],
];

/** As in portkey-cases.js. */
export const conditions = {
    'the first that matches': {
        config: conditional([[{ 'params.model': 'x' }, 'a'], [{ 'params.temperature': 0.2 }, 'b'],
                             [{ 'params.model': 'gpt-4o-mini' }, 'a']], 'a'),
        body: { temperature: 0.2 }, expect: [200, 'B'],
    },
    'none, and no default': {
        config: conditional([[{ 'params.model': 'x' }, 'b']]), expect: [400],
    },
    'a target that is not there': {
        config: conditional([[{ 'params.model': 'gpt-4o-mini' }, 'c']], 'a'), expect: [400],
    },
    'an operator that is none': {
        config: conditional([[{ 'params.model': { $like: 'gpt' } }, 'b']], 'a'), expect: [400],
    },
    'no match in a fallback': {
        config: fallback([conditional([[{ 'params.model': 'x' }, 'b']]), 'two']), expect: [400],
    },
    'no such target in a fallback': {
        config: fallback([conditional([[{}, 'c']], 'a'), 'two']), expect: [400],
    },
    'two targets of one name': {
        config: conditional([[{}, 'b']], 'a', [target('A', { name: 'a' }),
                                               target('B', { name: 'b' }),
                                               target('C', { name: 'b' })]),
        expect: [200, 'B'],
    },
    'metadata that is no JSON': {
        config: conditional([[{ 'metadata.plan': 'paid' }, 'b']], 'a'),
        headers: { 'x-portkey-metadata': 'plan=paid' }, expect: [200, 'A'],
    },
    'no metadata': {
        config: conditional([[{ 'metadata.plan': 'paid' }, 'b']], 'a'), expect: [200, 'A'],
    },
    'what the client sent, not what the config sets': {
        config: {
            ...conditional([[{ 'params.model': 'gpt-4o-mini' }, 'b']], 'a',
                           [target('A', { name: 'a' }),
                            target('B', { name: 'b', override_params: { seed: 1 } })]),
            override_params: { model: 'set' },
        },
        expect: [200, 'set'],
    },
    'a fallback behind a condition': {
        config: conditional([[{ 'metadata.plan': 'paid' }, 'b']], 'a',
                            [target('A', { name: 'a' }),
                             { name: 'b', ...fallback(['status-500', 'two']) }]),
        headers: inMetadata, expect: [200, 'status-500', 'two'],
    },
    'a condition in a fallback': {
        config: fallback(['status-500', conditional([[{ 'metadata.plan': 'paid' }, 'b']], 'a')]),
        headers: inMetadata, expect: [200, 'status-500', 'B'],
    },
    'no other target after a failure': {
        config: conditional([[{}, 'b']], 'a', [target('A', { name: 'a' }),
                                               target('status-500', { name: 'b' })]),
        expect: [500, 'status-500'],
    },
    'streams': {
        config: conditional([[{ 'params.stream': true }, 'b']], 'a'), body: { stream: true },
        expect: [200, 'B'],
    },
};
for (const [query, expected] of queries) {
    conditions[JSON.stringify(query)] = {
        config: conditional([[query, 'b']], 'a'), headers: inMetadata,
        body: { temperature: 0.2, response_format: { type: 'text' } }, expect: [200, expected],
    };
}
