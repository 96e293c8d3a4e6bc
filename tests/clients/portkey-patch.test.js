// SPDX-License-Identifier: Apache-2.0
// A program that was written for Portkey's SDK, moved by `llmgw import-portkey --patch`, runs on the
// official openai package against llmgw.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { format } from './formats.js';
import { deadlineMs, startAll } from './support.js';

const { mock, gateway } = await startAll();
const [, model] = format.model.split('/');
const label = format.providers[0][0];

const program = `import Portkey from 'portkey-ai';

const portkey = new Portkey({
  apiKey: process.env.PORTKEY_API_KEY,
  virtualKey: '${label}',
  metadata: { _user: 'ann' },
});

const answer = await portkey.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: 'plain words' }],
});
console.log(answer.choices[0].message.content);

const stream = await portkey.chat.completions.create(
  { model: '${model}', messages: [{ role: 'user', content: 'streamed words' }], stream: true },
  { traceID: 'trace-of-the-test' },
);
let text = '';
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? '';
}
console.log(text);
`;

const folder = mkdtempSync(join(tmpdir(), 'llmgw-patch-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(command, args, options) {
    return execFileSync(command, args, {
        cwd: folder, encoding: 'utf8', timeout: deadlineMs, ...options,
    });
}

test('a patched program runs', async () => {
    const path = join(folder, 'ask.mjs');
    writeFileSync(path, program);
    symlinkSync(join(import.meta.dirname, 'node_modules'), join(folder, 'node_modules'));
    run('git', ['init', '-q']);
    const diff = run(process.env.LLMGW_BIN, ['import-portkey', 'ask.mjs', '--patch'], {
        env: { PATH: process.env.PATH, LLMGW_HOME: gateway.home, HOME: gateway.home },
    });
    run('git', ['apply'], { input: diff });

    const moved = readFileSync(path, 'utf8');
    assert.match(moved, /^import OpenAI from 'openai';$/m);
    assert.doesNotMatch(moved, /portkey-ai/);
    const base = 'http://127.0.0.1:4114/v1';
    assert.ok(moved.includes(`'${base}'`));
    // The daemon of the tests has a port of its own.
    writeFileSync(path, moved.replace(base, gateway.url));

    const said = run(process.execPath, ['ask.mjs'], {
        env: { PATH: process.env.PATH, LLMGW_API_KEY: gateway.key },
    });
    assert.equal(said, 'plain words\nstreamed words\n');
    const requests = await mock.requests();
    assert.equal(requests.length, 2);
    for (const request of requests) {
        assert.equal(format.modelOf(request), format.upstream);
        assert.ok(!JSON.stringify(request.headers).includes('portkey'));
    }
});
