import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { repository, runFixture, sallyport } from './__fixtures__/sallyport.ts';
import type { AnalysisDocument } from './document.ts';

describe('sallyport analyze on the sample pictures', { timeout: 60_000 }, () => {
  it('finds the one face of the astronaut where it is', async () => {
    const { status, documents, stdout } = await sallyport([
      'analyze',
      'faces',
      'samples/astronaut.png',
      '--json',
    ]);
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const [face, ...others] = facesOf(documents[0]!);
    expect(others).toEqual([]);
    expect(face!.score).toBeGreaterThan(0.9);
    expect(face!.score).toBeLessThan(0.94);
    [179, 82, 95, 95].forEach((side, index) => {
      expect(Math.abs(face!.box[index]! - side)).toBeLessThanOrEqual(4);
    });
    expect(face!.keypoints).toHaveLength(6);
  });

  it('finds the face in profile and none in the cup of coffee, in the order asked', async () => {
    const paths = ['samples/camera.png', 'samples/coffee.png'];
    const { documents } = await sallyport(['analyze', 'faces', ...paths, '--json']);
    expect(documents.map(({ input }) => input.name)).toEqual(['camera.png', 'coffee.png']);
    const [camera, coffee] = documents.map(facesOf);
    expect(camera).toHaveLength(1);
    expect(Math.abs(camera![0]!.score - 0.78)).toBeLessThanOrEqual(0.03);
    expect(coffee).toEqual([]);
  });

  it('says Neutral of the cup of coffee, best label first, as many as asked', async () => {
    const argv = ['analyze', 'moderation', 'samples/coffee.png', '--json', '--top-k', '2'];
    const { documents } = await sallyport(argv);
    const document = documents[0]!;
    if (!('result' in document) || !('labels' in document.result)) throw new Error('expected labels');
    expect(document.result.labels).toHaveLength(2);
    expect(document.result.labels[0]).toMatchObject({ label: 'Neutral' });
    expect(document.result.labels[0]!.score).toBeGreaterThanOrEqual(0.98);
  });

  it('reads the seven lines of the page', async () => {
    const { documents } = await sallyport(['analyze', 'text', 'samples/page.png', '--json']);
    const document = documents[0]!;
    if (!('result' in document) || !('lines' in document.result)) throw new Error('expected lines');
    const { lines } = document.result;
    expect(lines).toHaveLength(7);
    expect(lines[0]!.text).toContain('Region-based segmentation');
    expect(lines[0]!.polygon).toHaveLength(4);
  });

  it('draws what it found on sanitised pixels, beside the answer', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-render-'));
    try {
      const argv = ['analyze', 'faces', 'samples/astronaut.png', '--json', '--render', folder];
      const run = await sallyport(argv);
      expect(run.status).toBe(0);
      expect(run.stderr).toContain(`1 annotated picture is in ${folder}`);
      expect(await readdir(folder)).toEqual(['astronaut.faces.png']);
      const drawn = sharp(join(folder, 'astronaut.faces.png'));
      const original = sharp(join(repository, 'samples/astronaut.png')).removeAlpha();
      const { width, height, format, exif, icc, xmp } = await drawn.metadata();
      expect({ format, exif, icc, xmp }).toEqual({ format: 'png' });
      const scaled = await original
        .resize(width, height, { fit: 'fill', kernel: 'nearest' })
        .raw()
        .toBuffer();
      const pixels = await drawn.raw().toBuffer();
      const changed = pixels.filter((value, index) => value !== scaled[index]).length / pixels.length;
      expect(changed).toBeGreaterThan(0.002);
      expect(changed).toBeLessThan(0.1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('keeps to the deadline that was asked for, a longer one too', async () => {
    const argv = ['analyze', 'faces', 'samples/astronaut.png', '--json', '--timeout-ms', '45000'];
    const { documents } = await sallyport(argv);
    expect(documents[0]!.receipt.task!.limits.timeoutMs).toBe(45_000);
  });

  it.skipIf(process.platform !== 'linux')(
    'never loads a decoder or a model runtime in the main process (read from /proc, so on Linux only)',
    async () => {
      const argv = ['analyze', 'faces', 'samples/astronaut.png', '--json'];
      const { status, stderr } = await runFixture('run-and-list-libraries.ts', argv);
      expect(status).toBe(0);
      const libraries = JSON.parse(stderr.trim().split('\n').at(-1)!) as string[];
      expect(libraries.some((name) => name.startsWith('libc.'))).toBe(true);
      expect(libraries.filter((name) => /vips|sharp|onnx/.test(name))).toEqual([]);
    },
  );

  it('gives a receipt that names the input, the models, the limits and what the run cost', async () => {
    const { documents } = await sallyport(['analyze', 'faces', 'samples/astronaut.png', '--json']);
    const { input, receipt } = documents[0]!;
    const bytes = await readFile(join(repository, 'samples/astronaut.png'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(input).toEqual({
      name: 'astronaut.png',
      sha256,
      bytes: bytes.length,
      format: 'png',
      width: 512,
      height: 512,
    });
    expect(receipt.models).toMatchObject([
      {
        name: 'blazeface-front-128',
        digest: 'sha256:d388b1cf8a5f6f1af2b3f4c14f6d0f138bab970cd618cccd12dddb7484e82e51',
        licence: 'Apache-2.0',
      },
    ]);
    expect(receipt.dependencies).toMatchObject({ verdict: 'pass', lock: { path: 'pnpm-lock.yaml' } });
    expect(receipt.specHash).toMatch(/^[0-9a-f]{64}$/);
    expect(receipt.task).toMatchObject({
      outcome: 'completed',
      task: 'analyze',
      enforcement: { kill: 'sigkill' },
    });
    expect(receipt.task!.peakMemoryBytes).toBeGreaterThan(1 << 20);
  });
});

function facesOf(
  document: AnalysisDocument,
): readonly { box: readonly number[]; score: number; keypoints: readonly unknown[] }[] {
  if (!('result' in document) || !('faces' in document.result)) throw new Error('expected faces');
  return document.result.faces;
}
