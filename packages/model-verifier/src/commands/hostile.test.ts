import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../__fixtures__/run-program.ts';
import { makeFolder, makeModel } from '../sample-model.fixture.ts';

const program = fileURLToPath(new URL('../../bin/model-verifier.js', import.meta.url));
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});

/** Runs the program in a shell, so that its streams can lead anywhere. */
async function runShell(cwd: string, line: string): Promise<{ status: number; stderr: string }> {
  return new Promise((done) => {
    execFile('sh', ['-c', line, process.execPath, program], { cwd, timeout: 20_000 }, (error, _, stderr) => {
      done({ status: error === null ? 0 : Number(error.code), stderr });
    });
  });
}

describe.skipIf(!existsSync('/dev/full'))('a stream that takes nothing (needs /dev/full)', () => {
  it('as stdout ends the program as failed, and without a stack', async () => {
    const { root } = await makeModel();
    const { status, stderr } = await runShell(root, '"$0" "$1" digest faces > /dev/full');
    expect([status, stderr.trim()]).toEqual([
      70,
      'model-verifier: the results could not be written to stdout',
    ]);
  }, 30_000);

  it('as stderr changes no exit status', async () => {
    const { root } = await makeModel();
    expect((await runShell(root, '"$0" "$1" digest nope 2> /dev/full')).status).toBe(2);
  }, 30_000);
});

describe.skipIf(process.platform === 'win32')('a pipe or device in place of a file', () => {
  it('is not waited for', async () => {
    const { root } = await makeModel();
    await promisify(execFile)('mkfifo', [join(root, 'pipe')]);
    await writeFile(join(root, 'sig'), '{}');
    const verify = ['verify', 'faces', '--signature', 'sig', '--public-key'];
    expect((await runProgram(root, [...verify, 'pipe'])).status).toBe(2);
    expect((await runProgram(root, [...verify, '/dev/zero'])).status).toBe(2);
    const inspect = ['inspect', 'faces/onnx/model.onnx', '--contract'];
    expect((await runProgram(root, [...inspect, 'pipe'])).status).toBe(2);
    expect((await runProgram(root, [...inspect, '/dev/zero'])).status).toBe(2);
    await writeFile(join(root, 'j'), '');
    await promisify(execFile)('mkfifo', [join(root, 'j.head')]);
    expect((await runProgram(root, ['journal', 'verify', '--journal', 'j'])).status).not.toBe(0);
  }, 60_000);
});

describe('sign key', () => {
  it('replaces no file but an earlier signature', async () => {
    const root = await makeFolder();
    await mkdir(join(root, 'm'));
    await writeFile(join(root, 'm/w.bin'), 'weights');
    await writeFile(join(root, 'key.pem'), key);
    const sign = (signature: string): Promise<{ status: number }> =>
      runProgram(root, ['sign', 'key', 'm', '--private-key', 'key.pem', '--signature', signature]);
    expect((await sign('m/w.bin')).status).toBe(64);
    expect((await sign('key.pem')).status).toBe(64);
    expect(await readFile(join(root, 'm/w.bin'), 'utf8')).toBe('weights');
    expect(await readFile(join(root, 'key.pem'), 'utf8')).toBe(key);
    expect((await sign('m/new.sig')).status).toBe(0);
    expect((await sign('m/new.sig')).status).toBe(0);
  }, 60_000);
});

describe('the command line', () => {
  it('takes a name behind -- as it is', async () => {
    const root = await makeFolder();
    await writeFile(join(root, '--my_file'), 'x');
    expect((await runProgram(root, ['digest', '--', '--my_file'])).status).toBe(0);
  }, 30_000);

  it('asks for the list that a key or a state belongs to', async () => {
    const { root } = await makeModel();
    for (const flags of [
      ['--revocation-key', 'nope.pub'],
      ['--revocation-state', 'state.json'],
    ]) {
      expect((await runProgram(root, ['lock', 'verify', ...flags])).status).toBe(64);
    }
  }, 30_000);
});
