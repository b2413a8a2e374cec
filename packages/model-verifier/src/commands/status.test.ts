// Every command against what is missing, is a folder, is not what it claims, or is asked for the wrong way.
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runHere } from '../__fixtures__/run-here.ts';
import { runProgram, type Run } from '../__fixtures__/run-program.ts';
import { model } from '../onnx/onnx-model.fixture.ts';
import { signModel } from '../oms/sign-model.ts';
import { signWithKey } from '../oms/signer.ts';
import { signRevocationList } from '../revocation/envelope.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
const at = (name: string): string => join(folder, name);
const runLine = (line: string): Promise<Run> => runHere(folder, line.split(' '));
const pem = (key: { export(options: object): string | Buffer }, type: string): string | Buffer =>
  key.export({ type, format: 'pem' });

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'model-verifier-status-')));
  const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await mkdir(at('model'));
  await mkdir(at('folder'));
  await mkdir(at('empty'));
  await writeFile(at('model/model.onnx'), model());
  await writeFile(at('junk'), '{"a": 1, "a": [');
  await writeFile(at('key.pem'), pem(ours.privateKey, 'pkcs8'));
  await writeFile(at('key.pub'), pem(ours.publicKey, 'spki'));
  await writeFile(at('stranger.pub'), pem(stranger.publicKey, 'spki'));
  await writeFile(at('model.sig'), (await signModel(at('model'), signWithKey(ours.privateKey))).bundle);
  const [issuedAt, expiresAt] = [-3_600_000, 3_600_000].map((ms) => new Date(Date.now() + ms).toISOString());
  const list = { listFormat: 1, name: 'list', version: 1, issuedAt, expiresAt, entries: [] };
  await writeFile(at('list.json'), JSON.stringify(list));
  await writeFile(at('list.signed'), signRevocationList(list as never, [ours.privateKey]));
  await writeFile(at('policy.json'), JSON.stringify({ policyVersion: 1 }));
  await writeFile(at('models.lock'), JSON.stringify({ lockfileVersion: 2, models: {} }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `?` stands for the file that the case is about; then what a missing one, a folder and junk end with. */
const FILES: readonly (readonly [line: string, gone: number, folder: number, junk: number])[] = [
  ['verify ? --signature model.sig --public-key key.pub', 2, 1, 1],
  ['verify model --signature ? --public-key key.pub', 2, 2, 2],
  ['verify model --signature model.sig --public-key ?', 2, 2, 2],
  ['verify model --signature model.sig --certificate-chain ?', 2, 2, 2],
  ['verify model --signature model.sig --identity a --identity-provider https://b.example --trust-config ?', 2, 2, 2], // prettier-ignore
  ['sign key ? --private-key key.pem --signature out.sig', 2, 2, 0],
  ['sign key model --private-key ? --signature out.sig', 2, 2, 2],
  ['sign certificate model --private-key key.pem --signing-certificate ? --signature out.sig', 2, 2, 2],
  ['digest ?', 2, 2, 0],
  ['inspect ?', 2, 2, 2],
  ['inspect model/model.onnx --contract ?', 2, 2, 2],
  ['lock verify --lock ?', 2, 2, 2],
  ['lock verify --public-key ?', 2, 2, 2],
  ['lock verify --certificate-chain ?', 2, 2, 2],
  ['lock verify --policy ?', 2, 2, 2],
  ['lock verify --revocation-list ? --revocation-key key.pub', 2, 2, 2],
  ['lock diff ? models.lock', 2, 2, 2],
  ['lock update faces --lock ?', 2, 2, 2],
  ['fetch faces --policy ?', 2, 2, 2],
  ['fetch faces --policy policy.json --lock ?', 2, 2, 2],
  ['journal verify --journal ?', 2, 2, 1],
  ['journal show faces --journal ?', 2, 2, 1],
  ['revocation sign ? --private-key key.pem --out out.list', 2, 2, 2],
  ['revocation sign list.json --private-key ? --out out.list', 2, 2, 2],
  ['revocation verify ? --public-key key.pub', 2, 2, 2],
  ['revocation verify list.signed --public-key ?', 2, 2, 2],
  ['revocation check ? sha256:00 --public-key key.pub', 2, 2, 2],
  ['revocation check list.signed ? --public-key key.pub', 2, 2, 0],
];

const REST: readonly (readonly [line: string, status: number])[] = [
  ['verify model --signature model.sig --public-key key.pub', 0],
  ['verify model --signature model.sig --public-key stranger.pub', 1],
  ['revocation verify list.signed --public-key key.pub', 0],
  ['revocation verify list.signed --public-key stranger.pub', 1],
  ['lock verify', 0],
  ['lock verify --public-key key.pub', 0],
  ['lock verify --identity somebody', 64],
  ['lock verify --trust-config junk', 64],
  ['lock verify --revocation-list list.signed', 64],
  ['lock verify nobody', 1],
  ['revocation verify list.signed --public-key key.pub --threshold 0', 64],
];

const COMMANDS = [
  'verify', 'sign key', 'sign certificate', 'digest', 'inspect', 'lock add', 'lock verify', 'lock diff', 'lock update', 'fetch',
  'journal verify', 'journal show', 'revocation sign', 'revocation verify', 'revocation check',
]; // prettier-ignore

/** The status of a run that has told nobody how the program is made or where it lies. */
function ends({ status, stdout, stderr }: Run): number {
  expect(`${stdout}${stderr}`).not.toMatch(/\n\s+at |node:internal|ENOENT|EISDIR|ZodError/);
  expect(`${stdout}${stderr}`).not.toContain(folder);
  return status;
}

describe('the exit status', () => {
  it.each(FILES)(
    'of "%s" is %i without the file, %i for a folder, %i for junk',
    async (line, ...expected) => {
      const runs = ['gone', 'folder', 'junk'].map((name) => runLine(line.replace('?', name)));
      expect((await Promise.all(runs)).map(ends)).toEqual(expected);
    },
  );

  it.each(REST)('of "%s" is %i', async (line, expected) => {
    expect(ends(await runLine(line))).toBe(expected);
  });

  it.each(COMMANDS)('of "%s" with an option that there is not is 64', async (line) => {
    expect(ends(await runLine(`${line} --no-such-option`))).toBe(64);
  });

  it('is that of the process', async () => {
    const lines = [
      'verify model --signature model.sig --public-key key.pub',
      'verify model --signature model.sig --public-key stranger.pub',
      'verify model --signature junk --public-key key.pub',
      'verify model --no-such-option',
    ];
    const runs = await Promise.all(lines.map((line) => runProgram(folder, line.split(' '))));
    expect(runs.map(ends)).toEqual([0, 1, 2, 64]);
  });
});
