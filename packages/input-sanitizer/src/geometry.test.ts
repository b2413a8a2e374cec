import { describe, expect, it } from 'vitest';
import { planGeometry } from './geometry.ts';
import type { Geometry } from './spec.ts';

const short = (resample: Geometry['resample'], resizeShort = 256, crop = 224): Geometry => ({
  resizeShort,
  crop: [crop, crop],
  resample,
});
const letterbox = (width: number, height: number): Geometry => ({
  letterbox: [width, height],
  fill: [0, 0, 0],
  resample: 'pil-bilinear',
});

describe('short side and crop', () => {
  it('truncates the long side, as torchvision does', () => {
    expect(planGeometry(short('pil-bilinear'), { width: 640, height: 427 }).resized).toEqual({
      width: 383,
      height: 256,
    });
    expect(planGeometry(short('pil-bilinear'), { width: 427, height: 640 }).resized).toEqual({
      width: 256,
      height: 383,
    });
  });

  it('rounds half a pixel of crop to even, as torchvision does', () => {
    // (383 - 224) / 2 = 79.5 and (381 - 224) / 2 = 78.5
    expect(planGeometry(short('pil-bilinear'), { width: 640, height: 427 }).window.x).toBe(80);
    expect(planGeometry(short('pil-bilinear'), { width: 381, height: 256 }).window.x).toBe(78);
  });

  it('truncates half a pixel of crop for cv2-linear, as GluonCV does', () => {
    expect(planGeometry(short('cv2-linear'), { width: 640, height: 427 }).window.x).toBe(79);
  });

  it('takes the margin by the rule that is written down, whatever the resampler', () => {
    const margin = (cropMargin: 'round' | 'floor', resample: Geometry['resample']) =>
      planGeometry({ ...short(resample), cropMargin }, { width: 640, height: 427 }).window.x;
    expect(margin('floor', 'pil-bicubic')).toBe(79);
    expect(margin('round', 'cv2-linear')).toBe(80);
  });

  it('keeps the window inside for the most extreme shapes', () => {
    for (const source of [
      { width: 1, height: 12_000 },
      { width: 12_000, height: 1 },
      { width: 1, height: 1 },
    ]) {
      const { resized, window } = planGeometry(short('fast', 4096, 4096), source);
      expect(window.x >= 0 && window.x + window.width <= resized.width).toBe(true);
      expect(window.y >= 0 && window.y + window.height <= resized.height).toBe(true);
    }
  });
});

describe('letterbox', () => {
  it('rounds the shorter side half up and centres downwards', () => {
    const plan = planGeometry(letterbox(128, 128), { width: 640, height: 427 });
    expect(plan.resized).toEqual({ width: 128, height: 85 });
    expect(plan.at).toEqual({ x: 0, y: 21 });
  });

  it('fits into a box that is not square by its tighter side', () => {
    expect(planGeometry(letterbox(320, 240), { width: 100, height: 100 })).toMatchObject({
      resized: { width: 240, height: 240 },
      at: { x: 40, y: 0 },
      canvas: { width: 320, height: 240 },
    });
  });

  it('never shrinks a side to nothing', () => {
    expect(planGeometry(letterbox(16, 16), { width: 12_000, height: 1 }).resized).toEqual({
      width: 16,
      height: 1,
    });
  });
});

describe('placement maps the corners of the source', () => {
  it.each([
    ['stretch', { stretch: [100, 50], resample: 'fast' }, [0, 0], [100, 50]],
    ['letterbox', { letterbox: [100, 100], fill: [0, 0, 0], resample: 'fast' }, [0, 25], [100, 75]],
    ['short side and crop', { resizeShort: 100, crop: [60, 60], resample: 'fast' }, [-70, -20], [130, 80]],
    ['none', { none: true, resample: 'fast' }, [0, 0], [400, 200]],
  ] as const)('under %s', (_, geometry, topLeft, bottomRight) => {
    const { placement } = planGeometry(geometry, { width: 400, height: 200 });
    const map = (x: number, y: number) => [
      x * placement.scaleX + placement.offsetX,
      y * placement.scaleY + placement.offsetY,
    ];
    expect(map(0, 0)).toEqual(topLeft);
    expect(map(400, 200)).toEqual(bottomRight);
  });
});
