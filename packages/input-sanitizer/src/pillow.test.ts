import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

/** Debian's first: another Python on the path may have no Pillow. */
const python = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'import PIL.Image']).status === 0,
);
const folder = mkdtempSync(join(tmpdir(), 'pillow-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Result {
  readonly file: string;
  readonly target: readonly [width: number, height: number];
  readonly resample: string;
  readonly sha256: string;
}

it.skipIf(!python)(
  'equals Pillow on every mode, size, palette and filter (skipped where python3-pil is absent)',
  async () => {
    const script = fileURLToPath(new URL('__fixtures__/pillow.py', import.meta.url));
    const lines = execFileSync(python!, [script, folder], { encoding: 'utf8' }).trim().split('\n');
    const results = lines.map((line) => JSON.parse(line) as Result);
    expect(results.length).toBeGreaterThan(800);
    const different: string[] = [];
    for (const { file, target, resample, sha256 } of results) {
      const spec = defineInputSpec({
        formats: ['jpeg', 'png', 'webp', 'gif'],
        colour: { cmyk: 'convert', orientation: 'ignore' },
        geometry: { stretch: target, resample },
        tensor: { layout: 'NHWC', dtype: 'u8' },
      });
      const { report } = await sanitizeImage(readFileSync(join(folder, file)), spec);
      if (report.pixelsSha256 !== sha256) different.push(`${file} to ${target.join('x')} by ${resample}`);
    }
    expect(different).toEqual([]);
  },
  60_000,
);
