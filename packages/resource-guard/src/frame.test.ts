import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { FrameReader, MAX_HEAD_BYTES, writeFrame } from './frame.ts';

function frameBytes(head: object, body?: Uint8Array): Buffer {
  const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
  writeFrame(stream, head, body);
  return stream.read() as Buffer;
}

function prefix(headBytes: number, bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(headBytes, 0);
  bytes.writeUInt32LE(bodyBytes, 4);
  return bytes;
}

it('reads back what was written', () => {
  const frames = new FrameReader(3).push(frameBytes({ type: 'x' }, Buffer.from([1, 2, 3])));
  expect(frames).toEqual([{ head: '{"type":"x"}', body: Buffer.from([1, 2, 3]) }]);
});

it('reads frames that arrive one byte at a time', () => {
  const reader = new FrameReader(3);
  const bytes = Buffer.concat([frameBytes({ a: 1 }, Buffer.from([9])), frameBytes({ b: 2 })]);
  const frames = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
  expect(frames.map(({ head, body }) => [head, [...body]])).toEqual([
    ['{"a":1}', [9]],
    ['{"b":2}', []],
  ]);
});

it('reads several frames and the start of one from a single chunk', () => {
  const reader = new FrameReader(3);
  const last = frameBytes({ c: 3 });
  const frames = reader.push(
    Buffer.concat([frameBytes({ a: 1 }), frameBytes({ b: 2 }), last.subarray(0, 5)]),
  );
  expect(frames).toHaveLength(2);
  expect(reader.push(last.subarray(5))).toHaveLength(1);
});

it('reads an empty frame', () => {
  expect(new FrameReader(0).push(prefix(0, 0))).toEqual([{ head: '', body: Buffer.alloc(0) }]);
});

it('accepts a body of the largest size', () => {
  expect(new FrameReader(3).push(Buffer.concat([prefix(0, 3), Buffer.alloc(3)]))).toHaveLength(1);
});

it('refuses a body one byte larger from its announcement alone', () => {
  expect(() => new FrameReader(3).push(prefix(0, 4))).toThrow(
    expect.objectContaining({ reason: 'body-too-large' }),
  );
});

it('accepts a head of the largest size', () => {
  const frame = Buffer.concat([prefix(MAX_HEAD_BYTES, 0), Buffer.alloc(MAX_HEAD_BYTES)]);
  expect(new FrameReader(3).push(frame)).toHaveLength(1);
});

it('refuses a head one byte larger from its announcement alone', () => {
  const announce = () => new FrameReader(3).push(prefix(MAX_HEAD_BYTES + 1, 0));
  expect(announce).toThrow(expect.objectContaining({ reason: 'head-too-large' }));
});
