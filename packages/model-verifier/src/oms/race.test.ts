// A process of its own changes a model while it is verified.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { makeSignedModel, sha256, type SignedFixture } from './__fixtures__/signed-model.ts';
import { trustKey } from './trust-key.ts';
import { verifyModel } from './verify-model.ts';

vi.setConfig({ testTimeout: 60_000 });

const GOOD = Buffer.alloc(3 * 1024 * 1024, 'good');
const ROUNDS = 40;

/** Starts a process that does `work` over and over, with `w` (the file), `good` and `evil` at hand. */
async function race(model: SignedFixture, work: string): Promise<ChildProcess> {
  const good = join(model.root, '../good');
  const evil = join(model.root, '../evil');
  await writeFile(good, GOOD);
  await writeFile(evil, Buffer.alloc(GOOD.length, 'evil'));
  const script = `
    const fs = require('node:fs');
    const [w, good, evil] = process.argv.slice(1);
    const goodBytes = fs.readFileSync(good), evilBytes = fs.readFileSync(evil);
    const once = () => { ${work} };
    once(); process.stdout.write('ready');
    for (;;) { try { once(); } catch {} }`;
  const child = spawn(process.execPath, ['-e', script, join(model.root, 'w'), good, evil], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

it.each([
  ['writes over the file and back', `fs.writeFileSync(w, evilBytes); fs.writeFileSync(w, goodBytes);`],
  [
    'changes a piece in place and back, with the old times',
    `const t = fs.statSync(w); const fd = fs.openSync(w, 'r+');
     fs.writeSync(fd, 'evil', 2097152); fs.writeSync(fd, goodBytes, 2097152, 4, 2097152);
     fs.futimesSync(fd, t.atime, t.mtime); fs.closeSync(fd);`,
  ],
  [
    'renames another file into its place and back',
    `fs.copyFileSync(evil, w + '.evil'); fs.renameSync(w + '.evil', w);
     fs.copyFileSync(good, w + '.good'); fs.renameSync(w + '.good', w);`,
  ],
  [
    'puts a link in its place and back',
    `fs.rmSync(w, { force: true }); fs.symlinkSync(evil, w); fs.rmSync(w); fs.copyFileSync(good, w);`,
  ],
])('is never verified by other bytes than were signed while a process %s', async (_, work) => {
  const model = await makeSignedModel({}, { w: GOOD });
  const child = await race(model, work);
  const codes = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const { verdict, reasons, evidence } = await verifyModel(model.root, {
      signature: model.signature,
      trust: trustKey(model.keys.publicKey),
    });
    for (const { code } of reasons) codes.add(code);
    // Verified means: these bytes were read, and they are the signed ones.
    if (verdict === 'verified') expect(evidence.files[0]?.digests).toEqual([sha256(GOOD)]);
    else expect(reasons.length).toBeGreaterThan(0);
  }
  // It did race, and was seen to.
  expect(codes.size).toBeGreaterThan(0);
  for (const code of codes)
    expect(code).toMatch(/^ERR_MODEL_(?:CHANGED|DIGEST|SIZE|LINK|MISSING|UNLISTED|UNREADABLE)$/);
  expect(child.exitCode).toBeNull();
});
