import { expect, it } from 'vitest';
import { presets } from '../presets/index.ts';
import { readSpec } from './spec-argument.ts';

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
