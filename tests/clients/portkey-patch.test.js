// SPDX-License-Identifier: Apache-2.0
// Programs that were written for Portkey's SDK, moved by `llmgw import-portkey --patch`, run on the
// official openai package against llmgw.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { format } from './formats.js';
import { deadlineMs, startAll } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'llmgw-patch-'));
after(() => rmSync(folder, { recursive: true, force: true }));
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

const configured = `import { Portkey } from 'portkey-ai';
const client = new Portkey({
  config: {
    strategy: { mode: 'fallback' },
    targets: [{ virtual_key: '${label}', override_params: { model: '${model}', temperature: 0.25 } }],
  },
});
const answer = await client.chat.completions.create({
  messages: [{ role: 'user', content: 'by a route' }],
});
console.log(answer.choices[0].message.content);
`;

writeFileSync(join(folder, 'ask.mjs'), program);
writeFileSync(join(folder, 'configured.mjs'), configured);
symlinkSync(join(import.meta.dirname, 'node_modules'), join(folder, 'node_modules'));

// What the programs ask for by name has to be there.
const { mock, gateway } = await startAll(
    (started) => started.run(['import-portkey', join(folder, 'configured.mjs'), '--apply']));

function run(command, args, options) {
    return execFileSync(command, args, {
        cwd: folder, encoding: 'utf8', timeout: deadlineMs, ...options,
    });
}

/** Moves a program as its user would, and runs it; what it prints. */
function runMoved(name) {
    const diff = run(process.env.LLMGW_BIN, ['import-portkey', name, '--patch'], {
        env: { PATH: process.env.PATH, LLMGW_HOME: gateway.home, HOME: gateway.home },
    });
    run('git', ['init', '-q']);
    run('git', ['apply'], { input: diff });
    const path = join(folder, name);
    const moved = readFileSync(path, 'utf8');
    assert.match(moved, /^import OpenAI from 'openai';$/m);
    assert.doesNotMatch(moved, /portkey-ai/);
    const base = 'http://127.0.0.1:4114/v1';
    assert.ok(moved.includes(`'${base}'`));
    // The daemon of the tests has a port of its own.
    writeFileSync(path, moved.replace(base, gateway.url));
    return run(process.execPath, [name], {
        env: { PATH: process.env.PATH, LLMGW_API_KEY: gateway.key },
    });
}

test('with a virtual key, plain and streamed', async () => {
    assert.equal(runMoved('ask.mjs'), 'plain words\nstreamed words\n');
    const requests = await mock.requests();
    assert.equal(requests.length, 2);
    for (const request of requests) {
        assert.equal(format.modelOf(request), format.upstream);
        assert.ok(!JSON.stringify(request.headers).includes('portkey'));
    }
});

test('with a config in the code, which an import has made a route', async () => {
    assert.equal(runMoved('configured.mjs'), 'by a route\n');
    const [request] = await mock.requests();
    assert.equal(format.modelOf(request), format.upstream);
    assert.equal(request.body.temperature, 0.25);
});
