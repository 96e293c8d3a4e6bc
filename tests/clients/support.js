// SPDX-License-Identifier: Apache-2.0
// The real llmgw in front of the mock of one provider format, for one test file.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, beforeEach } from 'node:test';

import { format, formatName } from './formats.js';

const binary = process.env.LLMGW_BIN;
export const upstreamKey = format.key ?? 'sk-upstream-of-the-tests';
export const deadlineMs = 20_000;

/** The environment of every process: no keys and no settings of the user. */
export function environment(extra) {
    const { PATH, LANG, TMPDIR } = process.env;
    return { PATH, LANG, TMPDIR, PYTHONDONTWRITEBYTECODE: '1', ...extra };
}

export function within(promise, what) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: nothing within ${deadlineMs} ms`)),
                           deadlineMs);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The mock provider: mock.py's commands as methods. */
class Mock {
    static async start() {
        const mock = new Mock();
        const script = join(import.meta.dirname, 'mock.py');
        mock.process = spawn('/usr/bin/python3', [script, formatName, upstreamKey],
                             { env: environment(), stdio: ['pipe', 'pipe', 'inherit'] });
        mock.lines = createInterface({ input: mock.process.stdout })[Symbol.asyncIterator]();
        mock.url = JSON.parse((await within(mock.lines.next(), 'mock')).value);
        return mock;
    }

    async call(...command) {
        this.process.stdin.write(JSON.stringify(command) + '\n');
        const { value } = await within(this.lines.next(), command[0]);
        const answer = JSON.parse(value);
        if (answer.error) {
            throw new Error(answer.error);
        }
        return answer.value;
    }

    script(script) { return this.call('script', script); }
    /** Streams of two words stop before the second one until the gate is opened. */
    gateSecondWord(name) { return this.script({ gates: { [format.secondWord]: name } }); }
    /** Streams of two words break before the second one. */
    cutSecondWord() { return this.script({ cut: [format.secondWord, 'rst'] }); }
    forget() { return this.call('forget'); }
    requests() { return this.call('requests'); }
    openGate(name) { return this.call('open_gate', name); }
    waitRequests(count) { return this.call('wait_requests', count); }
    waitClosed(seconds) { return this.call('wait_closed', seconds); }
    stop() { this.process.stdin.end(); }
}

/** The daemon, set up with the command line as a user would. */
class Gateway {
    constructor(mock) {
        this.home = mkdtempSync(join(tmpdir(), 'llmgw-clients-'));
        this.mock = mock;
    }

    run(args, input = '') {
        return execFileSync(binary, args, {
            env: environment({ LLMGW_HOME: this.home, HOME: this.home }),
            input, encoding: 'utf8', timeout: deadlineMs, stdio: ['pipe', 'pipe', 'pipe'],
        }).trim();
    }

    async start(setUp, settings) {
        for (const provider of format.providers) {
            this.run(['providers', 'add', ...provider, '--base-url', this.mock.url, '--key-stdin'],
                     upstreamKey + '\n');
        }
        this.key = this.run(['keys', 'create', 'tests']);
        await setUp?.(this);
        this.process = spawn(binary, ['serve', '--port', '0'], {
            // Clients must skip the comments in silent streams. A key that one test has made rest
            // is asked all the same by the next.
            env: environment({
                LLMGW_HOME: this.home, HOME: this.home, LLMGW_TIMEOUTS_HEARTBEAT: '100ms',
                LLMGW_ROUTING_LAST_RESORT: 'any', LLMGW_ROUTING_EXPLORATION_RATE: '0',
                ...settings,
            }),
            stdio: ['ignore', 'pipe', 'inherit'],
        });
        const lines = createInterface({ input: this.process.stdout });
        this.url = await within(new Promise((resolve, reject) => {
            lines.on('line', (line) => {
                const ready = /listening on (http:\S+)/.exec(line);
                if (ready) {
                    resolve(`${ready[1]}/v1`);
                }
            });
            this.process.on('exit', (code) => reject(new Error(`serve ended with ${code}`)));
        }), 'llmgw serve');
    }

    async stop() {
        let ended = this.process?.exitCode ?? this.process?.signalCode ?? null;
        if (this.process && ended === null) {
            const exited = new Promise((resolve) => this.process.once('exit', resolve));
            this.process.kill('SIGTERM');
            ended = await within(exited, 'the end of llmgw serve');
        }
        rmSync(this.home, { recursive: true, force: true });
        if (ended !== 0) {
            throw new Error(`llmgw serve ended with ${ended}`);
        }
    }
}

/** Starts both for the calling test file and stops them after its last test. `setUp` is given the
    gateway before its daemon starts; `settings` are those of the daemon's environment. */
export async function startAll(setUp, settings = {}) {
    if (!binary) {
        throw new Error('LLMGW_BIN must name the llmgw to test');
    }
    const mock = await Mock.start();
    const gateway = new Gateway(mock);
    after(async () => {
        await gateway.stop();
        mock.stop();
    });
    beforeEach(() => mock.forget());
    await gateway.start(setUp, settings);
    return { mock, gateway };
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function closedPort() {
    const server = createServer();
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise((resolve) => server.close(resolve));
    return port;
}

export async function collect(iterable) {
    const items = [];
    for await (const item of iterable) {
        items.push(item);
    }
    return items;
}
