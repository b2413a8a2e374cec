// The program, from adding a model to showing its history.
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runHere } from '../__fixtures__/run-here.ts';
import { openModelLock } from '../lock/lock.ts';
import { signModel } from '../oms/sign-model.ts';
import { signWithKey } from '../oms/signer.ts';
import { makeFolder } from '../sample-model.fixture.ts';
import { CONTENT, honest, scene } from '../source/fetch.fixture.ts';
import { certificate, hasOpenssl } from '../source/server.fixture.ts';

const cli = join(import.meta.dirname, '../cli.ts');
const real = join(import.meta.dirname, '../../../../apps/gateway/models/blazeface-front-128/model.onnx');

interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function run(cwd: string, ...args: string[]): Promise<Run> {
  const { status, stdout: out, stderr: err } = await runHere(cwd, args);
  return { status, out, err };
}

/** The sources in a process of its own, as Node.js runs them without a build. */
function runSources(cwd: string, ...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { cwd }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
}
const json = ({ out }: Run): unknown => JSON.parse(out);
const from = ['--licence', 'Apache-2.0', '--url', 'https://models.example/v1/faces.onnx', '--revision', 'v1'];

/** A folder with a signed model, keys and a policy; nothing is locked yet. */
async function workspace(): Promise<string> {
  const root = await makeFolder();
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await mkdir(join(root, 'faces'));
  await copyFile(real, join(root, 'faces/model.onnx'));
  await writeFile(
    join(root, 'faces/model.sig'),
    (await signModel(join(root, 'faces'), signWithKey(privateKey))).bundle,
  );
  await writeFile(join(root, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(join(root, 'key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  const sources = [{ host: 'models.example', paths: ['/{revision}/{file}'] }];
  await writeFile(
    join(root, 'policy.json'),
    JSON.stringify({ policyVersion: 1, sources, onnx: { profile: 'detection' } }),
  );
  return root;
}

describe('lock', () => {
  it('adds a model with its contract, verifies it, and refuses it once changed', async () => {
    const root = await workspace();
    const added = await run(root, 'lock', 'add', 'faces', ...from, '--added-by', 'Ada', '--note', 'reviewed');
    expect(added).toMatchObject({ status: 0, out: expect.stringContaining('added  faces') as unknown });
    const { models } = (await openModelLock(join(root, 'models.lock'))).document;
    expect(models['faces']).toMatchObject({
      files: [
        { path: 'faces/model.onnx', role: 'model' },
        { path: 'faces/model.sig', role: 'signature' },
      ],
      onnx: { fingerprint: expect.stringMatching(/^sha256:/) as unknown },
      provenance: { addedBy: 'Ada', verifiedBy: 'first-use', note: 'reviewed' },
    });
    expect((await run(root, 'lock', 'verify', '--frozen')).status).toBe(0);
    expect((await runSources(root, 'lock', 'verify', '--frozen')).status).toBe(0);
    await writeFile(join(root, 'faces/model.sig'), 'other');
    const refused = await run(root, 'lock', 'verify', '--json');
    expect(refused.status).toBe(1);
    expect(json(refused)).toMatchObject({
      verdict: 'refused',
      reasons: [{ code: 'ERR_MODEL_SIZE', path: 'faces/model.sig', found: '5' }],
    });
  }, 30_000);

  it('updates what was changed, not when frozen, and tells how two locks differ', async () => {
    const root = await workspace();
    await run(root, 'lock', 'add', 'faces', ...from);
    await copyFile(join(root, 'models.lock'), join(root, 'before.lock'));
    await rm(join(root, 'faces/model.sig'));
    await writeFile(join(root, 'faces/labels.txt'), 'face');
    const frozen = await run(root, 'lock', 'update', 'faces', '--frozen', '--json');
    expect(frozen.status).toBe(1);
    expect(json(frozen)).toMatchObject({
      reasons: [{ code: 'ERR_MODEL_FROZEN' }, { code: 'ERR_MODEL_FROZEN' }],
    });
    expect(await readFile(join(root, 'models.lock'))).toEqual(await readFile(join(root, 'before.lock')));
    expect((await run(root, 'lock', 'update', 'faces')).status).toBe(0);
    expect((await run(root, 'lock', 'update', 'faces', '--frozen')).status).toBe(0);
    const diff = await run(root, 'lock', 'diff', 'before.lock', '--json');
    expect(diff.status).toBe(1);
    expect(json(diff)).toMatchObject({
      differences: [
        { change: 'removed', where: 'files[faces/model.sig]' },
        { change: 'added', where: 'files[faces/labels.txt]' },
      ],
    });
  }, 30_000);

  it('ends with 2 for what cannot be read and with 64 for wrong use', async () => {
    const root = await workspace();
    expect((await run(root, 'lock', 'verify', '--lock', 'none.lock')).status).toBe(2);
    await writeFile(join(root, 'models.lock'), '{');
    expect((await run(root, 'lock', 'verify', '--json')).status).toBe(2);
    await rm(join(root, 'models.lock'));
    expect((await run(root, 'lock', 'add', 'x')).status).toBe(64);
    expect((await run(root, 'lock', 'add', 'faces', ...from, '--role', 'a=b')).status).toBe(64);
  }, 30_000);

  it('imports a candidate, which does not verify', async () => {
    const root = await makeFolder();
    await writeFile(join(root, 'store.py'), `('${'a'.repeat(40)}', 'resnet18_v1b'),`);
    const added = await run(
      root,
      'lock',
      'add',
      'resnet',
      '--from-gluon-store',
      'store.py',
      '--model',
      'resnet18_v1b',
    );
    expect(added.status).toBe(0);
    const verified = await run(root, 'lock', 'verify', '--json');
    expect(verified.status).toBe(1);
    expect(json(verified)).toMatchObject({ reasons: [{ code: 'ERR_MODEL_WEAK' }] });
    const refused = await run(
      root,
      'lock',
      'add',
      'x',
      '--from-gluon-store',
      'store.py',
      '--model',
      'other',
      '--json',
    );
    expect(refused.status).toBe(2);
    expect(json(refused)).toMatchObject({ reasons: [{ code: 'ERR_MODEL_IMPORT' }], evidence: null });
  }, 30_000);
});

describe('a model from its lock to its history', () => {
  it('is held against policy, signer and list, written down, and shown', async () => {
    const root = await workspace();
    await run(root, 'lock', 'add', 'faces', ...from);
    const day = 24 * 3600 * 1000;
    const at = (days: number): string => new Date(Date.now() + days * day).toISOString();
    const list = {
      listFormat: 1,
      name: 'team',
      version: 1,
      issuedAt: at(-1),
      expiresAt: at(1),
      entries: [] as unknown[],
    };
    await writeFile(join(root, 'list.json'), JSON.stringify(list));
    const sign = ['revocation', 'sign', 'list.json', '--private-key', 'key.pem', '--out', 'signed.json'];
    expect((await run(root, ...sign)).status).toBe(0);
    const verify = ['revocation', 'verify', 'signed.json', '--public-key', 'key.pub', '--state', 'seen.json'];
    expect(json(await run(root, ...verify, '--json'))).toMatchObject({ verdict: 'verified' });

    const opening = [
      'lock',
      'verify',
      '--policy',
      'policy.json',
      '--public-key',
      'key.pub',
      '--revocation-list',
      'signed.json',
      '--revocation-key',
      'key.pub',
      '--revocation-state',
      'seen.json',
      '--journal',
      'journal.jsonl',
    ];
    expect(await run(root, ...opening)).toMatchObject({ status: 0 });

    const { models } = (await openModelLock(join(root, 'models.lock'))).document;
    const digest = `sha256:${models['faces']!.files[0]!.sha256}`;
    const entry = { type: 'digest', digest, reason: 'backdoor', revokedAt: at(-1) };
    await writeFile(join(root, 'list.json'), JSON.stringify({ ...list, version: 2, entries: [entry] }));
    await run(root, ...sign);
    const check = await run(
      root,
      'revocation',
      'check',
      'signed.json',
      'faces/model.onnx',
      '--public-key',
      'key.pub',
      '--json',
    );
    expect(check.status).toBe(1);
    expect(json(check)).toMatchObject({ reasons: [{ code: 'ERR_MODEL_REVOKED', found: digest }] });
    expect(json(await run(root, ...opening, '--json'))).toMatchObject({
      reasons: [{ code: 'ERR_MODEL_REVOKED' }],
    });

    const journal = await run(root, 'journal', 'verify', '--journal', 'journal.jsonl');
    expect(journal).toMatchObject({ status: 0, out: expect.stringContaining('records  3') as unknown });
    const [anchor = ''] = /\d+:sha256:[0-9a-f]{64}/.exec(journal.out) ?? [];
    const show = await run(root, 'journal', 'show', 'faces', '--journal', 'journal.jsonl');
    expect(
      show.out
        .trim()
        .split('\n')
        .map((line) =>
          line
            .split('  ')
            .slice(2, 4)
            .join(' ')
            .replace(/ sha.*/, ''),
        ),
    ).toEqual(['verify PASSED', 'load', 'verify FAILED']);
    const lines = (await readFile(join(root, 'journal.jsonl'), 'utf8')).split('\n');
    await writeFile(join(root, 'journal.jsonl'), lines.toSpliced(1, 1).join('\n'));
    const cut = await run(
      root,
      'journal',
      'verify',
      '--journal',
      'journal.jsonl',
      '--anchor',
      anchor,
      '--json',
    );
    expect(cut.status).toBe(1);
    const doubted = await run(root, 'journal', 'show', 'faces', '--journal', 'journal.jsonl');
    expect(doubted).toMatchObject({ status: 1, err: expect.stringContaining('refused') as unknown });
    expect((await run(root, 'journal', 'verify', '--journal', 'none')).status).toBe(2);
    expect((await run(root, 'journal', 'verify', '--anchor', 'x')).status).toBe(64);
  }, 60_000);
});

describe.skipIf(!hasOpenssl)('fetch (skipped without openssl)', () => {
  it('refuses in a real process what its policy does not allow, and says why', async () => {
    const { root, server } = await scene(honest);
    const rule = { ...server.rule, addresses: [] };
    await writeFile(join(root, 'ca.pem'), certificate().ca);
    await writeFile(join(root, 'policy.json'), JSON.stringify({ policyVersion: 1, sources: [rule] }));
    const denied = await runSources(
      root,
      'fetch',
      'faces',
      '--policy',
      'policy.json',
      '--ca',
      'ca.pem',
      '--json',
    );
    // The name `models.test` is reserved (RFC 6761): it exists nowhere, whatever the resolver says.
    expect(denied.status).toBe(1);
    expect(json(denied)).toMatchObject({
      reasons: [{ code: expect.stringMatching(/_DOWNLOAD$|_SOURCE$/) as unknown }],
    });
    await writeFile(join(root, 'policy.json'), '{"policyVersion":1}');
    const nowhere = await run(root, 'fetch', 'faces', '--policy', 'policy.json', '--json');
    expect(json(nowhere)).toMatchObject({ reasons: [{ code: 'ERR_MODEL_SOURCE' }] });
    await writeFile(join(root, 'policy.json'), '{}');
    expect((await run(root, 'fetch', 'faces', '--policy', 'policy.json')).status).toBe(2);
    expect((await run(root, 'fetch', 'faces')).status).toBe(64);
  }, 30_000);

  it('finds a file that is there, and needs no network for it', async () => {
    const { root, server } = await scene(honest);
    await mkdir(join(root, 'faces/onnx'), { recursive: true });
    await writeFile(join(root, 'faces/onnx/model.onnx'), CONTENT);
    await writeFile(join(root, 'policy.json'), JSON.stringify({ policyVersion: 1, sources: [server.rule] }));
    const fetched = await run(root, 'fetch', 'faces', '--policy', 'policy.json', '--json');
    expect(fetched.status).toBe(0);
    expect(json(fetched)).toMatchObject({ evidence: [{ files: [{ downloaded: false }], pinned: false }] });
    expect(server.requests).toEqual([]);
  }, 30_000);
});
