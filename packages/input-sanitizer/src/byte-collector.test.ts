import { afterEach, expect, it, vi } from 'vitest';
import { ByteCollector } from './byte-collector.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([1, 7, 1000])('copies in proportion to what comes, in pieces of %d bytes', (length) => {
  const total = 300_000;
  const collector = new ByteCollector(1_000_000);
  const piece = new Uint8Array(length).fill(7);
  // Counted and not timed: every byte that moves goes through here.
  const prototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
  const copy = vi.spyOn(prototype, 'set');
  for (let sent = 0; sent < total; sent += length) collector.add(piece);
  const moved = copy.mock.calls.reduce((sum, [source]) => sum + source.length, 0);
  copy.mockRestore();
  expect(moved).toBeGreaterThanOrEqual(total);
  // Once into place, and less than twice more while the buffer doubled.
  expect(moved).toBeLessThan(total * 3);
  expect(collector.finish().every((byte) => byte === 7)).toBe(true);
});

it('holds no more than the cap, however it grows', () => {
  const collector = new ByteCollector(100_000);
  for (let index = 0; index < 100; index++) collector.add(new Uint8Array(1000));
  expect(collector.finish().buffer.byteLength).toBe(100_000);
  expect(() => {
    collector.add(new Uint8Array(1));
  }).toThrow(expect.objectContaining({ code: 'ERR_INPUT_TOO_LARGE' }));
});
