import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { sanitizeAnimation } from './animation.ts';
import { decodeImage } from './decode.ts';
import { diagnose, DIAGNOSTICS_CHANNELS } from './diagnostics.ts';
import type { AcceptedMessage, RefusedMessage } from './diagnostics.ts';
import { SanitizeError } from './errors.ts';
import { fromUrl } from './from-url.ts';
import { reencodeImage } from './reencode.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';
import { sanitizeVideo } from './video/sanitize-video.ts';
import { defineVideoSpec } from './video/video-spec.ts';

const photograph = readFileSync(new URL('__fixtures__/rocket.jpg', import.meta.url));
const spec = defineInputSpec({
  formats: ['jpeg'],
  geometry: { stretch: 8 },
  tensor: { layout: 'NCHW', dtype: 'u8' },
});

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function listen<T>(name: string): T[] {
  const messages: T[] = [];
  const take = (message: unknown) => {
    messages.push(message as T);
  };
  subscribe(name, take);
  stops.push(() => unsubscribe(name, take));
  return messages;
}

it('says what was accepted, once for each call', async () => {
  const messages = listen<AcceptedMessage>('input-sanitizer:accepted');
  const sanitized = await sanitizeImage(photograph, spec);
  await decodeImage(photograph, spec);
  await reencodeImage(photograph, spec, { format: 'png' });
  for await (const frame of sanitizeAnimation(photograph, spec)) expect(frame.index).toBe(0);
  expect(messages.map((message) => message.function)).toEqual([
    'sanitizeImage',
    'decodeImage',
    'reencodeImage',
    'sanitizeAnimation',
  ]);
  expect(messages[0]!.result).toBe(sanitized);
  expect(messages[3]!.result).toEqual({ frames: 1 });
  expect(messages.every(({ durationMs }) => durationMs > 0)).toBe(true);
});

it('says what was refused, with the words of the decoder that the message leaves out', async () => {
  const messages = listen<RefusedMessage>('input-sanitizer:refused');
  const error = await sanitizeImage(photograph.subarray(0, 9000), spec).catch((reason: unknown) => reason);
  await fromUrl('https://example.com/', { hosts: ['example.org'], maxBytes: 1 }).catch(() => undefined);
  const video = defineVideoSpec({ frames: spec, video: { sample: { all: true } } });
  await sanitizeVideo(photograph, video)
    .next()
    .catch(() => undefined);
  expect(messages.map((message) => message.function)).toEqual(['sanitizeImage', 'fromUrl', 'sanitizeVideo']);
  expect(messages[0]!.error).toBe(error);
  expect(messages[0]!.causes.join()).toMatch(/VipsJpeg/);
  expect((error as Error).message).not.toMatch(/vips/i);
});

it('does not call leaving a loop early a refusal', async () => {
  const [accepted, refused] = [DIAGNOSTICS_CHANNELS.accepted, DIAGNOSTICS_CHANNELS.refused].map((name) =>
    listen(name),
  );
  const frames = sanitizeAnimation(photograph, spec);
  await frames.next();
  await frames.return();
  expect([accepted, refused]).toEqual([[], []]);
});

it('ends a circle of causes', async () => {
  const messages = listen<RefusedMessage>('input-sanitizer:refused');
  const round = new Error('round');
  round.cause = round;
  await sanitizeImage(photograph, spec, { signal: AbortSignal.abort(round) }).catch(() => undefined);
  expect(messages[0]!.causes).toEqual(Array<string>(16).fill('round'));
});

it('touches neither results nor errors where nobody listens', async () => {
  const touched: (string | symbol)[] = [];
  const watched = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (object, key, receiver) => {
        touched.push(key);
        return Reflect.get(object, key, receiver) as unknown;
      },
    });
  const result = watched({ tensor: 1 });
  const error = watched(new SanitizeError('ERR_INPUT_CORRUPT', 'a', { cause: new Error('b') }));
  const calls = async () => {
    // In an array: a promise would look for `then`.
    expect((await diagnose('decodeImage', async () => await Promise.resolve([result])))[0]).toBe(result);
    const failing = async () => {
      await Promise.resolve();
      throw error;
    };
    await diagnose('decodeImage', failing).then(
      () => expect.unreachable(),
      () => undefined,
    );
  };
  await calls();
  expect(touched).toEqual([]);
  // The same calls are looked at where somebody does.
  listen(DIAGNOSTICS_CHANNELS.refused);
  await calls();
  expect(touched).toContain('cause');
});

describe('the public face of an error', () => {
  const cause = new Error('VipsJpeg: /srv/secret/photo.jpg broke', { cause: 'ENOENT' });
  const error = new SanitizeError('ERR_INPUT_CORRUPT', 'expected a, found b', { cause });

  it('is its code, its message and what to answer with', () => {
    expect(error.toJSON()).toEqual({
      code: 'ERR_INPUT_CORRUPT',
      message: 'expected a, found b',
      httpStatus: 422,
      retryable: false,
    });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({ error: error.toJSON() });
  });

  it('leaks nothing of its cause or its stack, however it is written out', () => {
    const written = [
      JSON.stringify(error),
      JSON.stringify([error]),
      String(error),
      `${error}`,
      inspect(error.toJSON()),
    ];
    expect(written.filter((text) => /vips|secret|ENOENT|\n\s+at |\.ts/i.test(text))).toEqual([]);
    expect(Object.keys(error)).not.toContain('cause');
  });
});
