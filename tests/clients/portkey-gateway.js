// SPDX-License-Identifier: Apache-2.0
// Portkey's own gateway, from npm, and an upstream that does what the model's name says.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { closedPort, environment, within } from './support.js';

/** The provider of a case, in configs and headers: each case has a path of its own, and so the
    cases can run at the same time. */
export const upstreamHost = 'http://upstream.of.the.case';
/** An address that refuses connections. */
export const nobodyHost = 'http://nobody.at.all/v1';

/** Headers in which a call says whom it is from and for whom; what else is in it belongs to the
    client of HTTP that a gateway has. */
const told = /^(authorization|api-key|openai-|anthropic-|x-(?!stainless))/;

const words = ['Hello', ' you'];

function chatAnswer(model) {
    const message = { role: 'assistant', content: words.join('') };
    return {
        id: 'chatcmpl-1', object: 'chat.completion', created: 1, model,
        choices: [{ index: 0, message, finish_reason: 'stop', logprobs: null }],
        usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    };
}

function* chatEvents(model) {
    const chunk = (delta, finish_reason = null) => ({
        id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model,
        choices: [{ index: 0, delta, finish_reason }],
    });
    for (const content of words) {
        yield `data: ${JSON.stringify(chunk({ role: 'assistant', content }))}\n\n`;
    }
    yield `data: ${JSON.stringify(chunk({}, 'stop'))}\n\n`;
    yield 'data: [DONE]\n\n';
}

function answerOf(path, model) {
    if (path.endsWith('/embeddings')) {
        return {
            object: 'list', model, data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
            usage: { prompt_tokens: 3, total_tokens: 3 },
        };
    }
    if (path.endsWith('/messages')) {
        return {
            id: 'msg_1', type: 'message', role: 'assistant', model, stop_reason: 'end_turn',
            stop_sequence: null, content: [{ type: 'text', text: words.join('') }],
            usage: { input_tokens: 3, output_tokens: 2 },
        };
    }
    if (path.endsWith('/chat/completions')) {
        return chatAnswer(model);
    }
    return {
        id: 'cmpl-1', object: 'text_completion', created: 1, model,
        choices: [{ index: 0, text: words.join(''), finish_reason: 'stop', logprobs: null }],
        usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    };
}

/** An upstream that keeps what it was asked, by case. Models:
    status-N answers N; once-N does so the first time; sleep-MS answers late; silent never;
    reset breaks the connection; all others answer at once. */
export class Upstream {
    calls = new Map();

    async start() {
        this.server = createServer((request, response) => {
            response.setHeader('connection', 'close');
            const pieces = [];
            request.on('data', (piece) => pieces.push(piece));
            request.on('end', () => this.take(request, response, Buffer.concat(pieces)));
        });
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
    }

    take(request, response, data) {
        const [, name, path] = /^\/([^/]+)(.*)$/.exec(request.url);
        const { messages, ...body } = JSON.parse(data);
        const headers = Object.fromEntries(
            Object.entries(request.headers).filter(([header]) => told.test(header)));
        const earlier = this.calls.get(name) ?? [];
        this.calls.set(name, [...earlier, { path, headers, body, messages }]);
        const repeated = earlier.some((call) => call.body.model === body.model);
        this.answer(response, path, body, repeated);
    }

    answer(response, path, { model, stream }, repeated) {
        const [, order, number] = /^(status|once|sleep|silent|reset)-?(\d*)$/.exec(model) ?? [];
        if (order === 'reset') {
            response.socket.resetAndDestroy();
        } else if (order === 'sleep') {
            setTimeout(() => this.answerWell(response, 200, path, model, stream), Number(number));
        } else if (number >= 300 && !(order === 'once' && repeated)) {
            response.writeHead(number, { 'content-type': 'application/json' });
            const error = { message: `mock ${number}`, type: 'mock', param: null, code: null };
            response.end(JSON.stringify({ error }));
        } else if (order !== 'silent') {
            const status = order === 'status' ? Number(number) : 200;
            this.answerWell(response, status, path, model, stream);
        }
    }

    answerWell(response, status, path, model, stream) {
        if (stream) {
            response.writeHead(status, { 'content-type': 'text/event-stream' });
            response.end([...chatEvents(model)].join(''));
        } else {
            response.writeHead(status, { 'content-type': 'application/json' });
            response.end(JSON.stringify(answerOf(path, model)));
        }
    }

    /** The calls of a case so far, which are forgotten. */
    takeCalls(name) {
        const calls = this.calls.get(name) ?? [];
        this.calls.delete(name);
        return calls;
    }

    stop() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

/** Portkey's gateway as `npx @portkey-ai/gateway` runs it. */
export class PortkeyGateway {
    async start() {
        const port = await closedPort();
        const script = join(import.meta.dirname,
                            'node_modules/@portkey-ai/gateway/build/start-server.js');
        this.process = spawn(process.execPath, [script, `--port=${port}`, '--headless'],
                             { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
        await within(new Promise((resolve, reject) => {
            createInterface({ input: this.process.stdout }).on('line', (line) => {
                if (line.includes('Ready for connections')) {
                    resolve();
                }
            });
            this.process.on('exit', (code) => reject(new Error(`Portkey ended with ${code}`)));
        }), 'Portkey\'s gateway');
        this.url = `http://127.0.0.1:${port}/v1`;
    }

    stop() {
        this.process.kill('SIGKILL');
    }
}
