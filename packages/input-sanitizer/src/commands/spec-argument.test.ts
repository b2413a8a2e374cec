import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { presets } from '../presets/index.ts';
import { readAnySpec, readSpec, readVideoSpec } from './spec-argument.ts';

it.each([
  ['torchvision', presets.torchvision],
  ['timm', presets.timm],
  ['gluoncv.classification', presets.gluoncv.classification],
  ['gluoncv.ssd', presets.gluoncv.ssd],
  ['gluoncv.yolo', presets.gluoncv.yolo],
  ['gluoncv.segmentation', presets.gluoncv.segmentation],
  ['unit', presets.unit],
  ['signed', presets.signed],
])('knows the preset %s', async (name, preset) => {
  expect(await readSpec(name)).toEqual(preset());
});

it('does not take what every object has for a preset', async () => {
  await expect(readSpec('constructor')).rejects.toMatchObject({ name: 'UsageError' });
});

it('waits for no pipe, and reads no folder, device or very long file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spec-argument-'));
  try {
    const [pipe, long] = [join(folder, 'pipe'), join(folder, 'long.json')];
    const spec = JSON.stringify(presets.unit());
    writeFileSync(long, spec.padEnd(1024 * 1024));
    expect(await readSpec(long)).toEqual(presets.unit());
    truncateSync(long, 1024 * 1024 + 1);
    const paths = [folder, long];
    if (process.platform !== 'win32') {
      execFileSync('mkfifo', [pipe]);
      paths.push(pipe, '/dev/zero');
    }
    for (const path of paths) {
      for (const read of [readSpec, readAnySpec, readVideoSpec]) {
        await expect(read(path)).rejects.toMatchObject({
          name: 'UsageError',
          message: expect.stringMatching(/^expected .* that can be read, found none$/) as string,
        });
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
