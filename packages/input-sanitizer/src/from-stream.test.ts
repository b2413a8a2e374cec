import { getEventListeners } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { describe, expect, it } from 'vitest';
import { fromStream } from './from-stream.ts';
import type { ByteStream } from './from-stream.ts';

const pieces = ['0123', '', '456', '789'].map((text) => Buffer.from(text));

/** A web stream that tells whether and why it was cancelled. */
function webStream(chunks: readonly Uint8Array[], afterwards: 'close' | 'hang' | 'fail' = 'close') {
  const seen: { cancelled?: true } = {};
  const rest = [...chunks];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = rest.shift();
      if (next) controller.enqueue(next);
      else if (afterwards === 'close') controller.close();
      else if (afterwards === 'fail') controller.error(new Error('/srv/secret broke'));
      else return new Promise(() => undefined);
      return undefined;
    },
    cancel() {
      seen.cancelled = true;
    },
  });
  return { stream, seen };
}

async function* generate(chunks: readonly Uint8Array[], seen: { returned?: true } = {}) {
  try {
    for (const chunk of chunks) {
      await Promise.resolve();
      yield chunk;
    }
  } finally {
    seen.returned = true;
  }
}

describe('any kind of stream', () => {
  const kinds: readonly [string, () => ByteStream][] = [
    ['a web stream', () => webStream(pieces).stream],
    ['a Node stream', () => Readable.from(pieces, { objectMode: false })],
    ['an async iterable', () => generate(pieces)],
  ];

  it.each(kinds)('is read to its end: %s', async (_, open) => {
    expect(Buffer.from(await fromStream(open(), { maxBytes: 100 })).toString()).toBe('0123456789');
  });

  it.each(kinds)('may hold exactly maxBytes and not one more: %s', async (_, open) => {
    expect((await fromStream(open(), { maxBytes: 10 })).length).toBe(10);
    await expect(fromStream(open(), { maxBytes: 9 })).rejects.toMatchObject({ code: 'ERR_INPUT_TOO_LARGE' });
  });

  it.each(kinds)('is left alone for a caller who has gone: %s', async (_, open) => {
    const signal = AbortSignal.abort('gone');
    await expect(fromStream(open(), { maxBytes: 10, signal })).rejects.toMatchObject({
      code: 'ERR_INPUT_ABORTED',
      cause: 'gone',
    });
  });
});

describe('a source that is refused', () => {
  it('is cancelled, if it is a web stream, and free for another reader', async () => {
    const { stream, seen } = webStream(pieces);
    await expect(fromStream(stream, { maxBytes: 5 })).rejects.toMatchObject({ code: 'ERR_INPUT_TOO_LARGE' });
    expect(seen.cancelled).toBe(true);
    expect(stream.locked).toBe(false);
  });

  it('is destroyed, if it is a Node stream', async () => {
    const stream = Readable.from(pieces, { objectMode: false });
    await expect(fromStream(stream, { maxBytes: 5 })).rejects.toMatchObject({ code: 'ERR_INPUT_TOO_LARGE' });
    expect(stream.destroyed).toBe(true);
  });

  it('is returned, if it is an iterable', async () => {
    const seen: { returned?: true } = {};
    await expect(fromStream(generate(pieces, seen), { maxBytes: 5 })).rejects.toMatchObject({
      code: 'ERR_INPUT_TOO_LARGE',
    });
    expect(seen.returned).toBe(true);
  });

  it('ends a read that would hang for ever: web', async () => {
    const { stream, seen } = webStream(pieces, 'hang');
    const controller = new AbortController();
    const work = fromStream(stream, { maxBytes: 100, signal: controller.signal });
    setTimeout(() => {
      controller.abort();
    }, 10);
    await expect(work).rejects.toMatchObject({ code: 'ERR_INPUT_ABORTED' });
    expect(seen.cancelled).toBe(true);
  });

  it('ends a read that would hang for ever: Node', async () => {
    const stream = new PassThrough();
    stream.write('0123');
    const work = fromStream(stream, { maxBytes: 100, signal: AbortSignal.timeout(10) });
    await expect(work).rejects.toMatchObject({ code: 'ERR_INPUT_ABORTED' });
    expect(stream.destroyed).toBe(true);
  });

  it('is a request body: an endless sender is cut off at the cap', async () => {
    const server = createServer();
    const refused = new Promise((resolve, reject) => {
      server.once('request', (incoming: IncomingMessage) => {
        fromStream(incoming, { maxBytes: 100_000 }).then(reject, resolve);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const sender = request({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      method: 'POST',
    });
    const closed = new Promise((resolve) => sender.once('error', resolve));
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(10_000);
      })(),
    );
    endless.pipe(sender);
    expect(await refused).toMatchObject({ code: 'ERR_INPUT_TOO_LARGE' });
    await closed;
    endless.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});

it('keeps what the stream failed with as the cause, and out of the message', async () => {
  const work = fromStream(webStream(pieces, 'fail').stream, { maxBytes: 100 });
  await expect(work).rejects.toMatchObject({
    code: 'ERR_INPUT_UNREADABLE',
    message: expect.not.stringContaining('secret') as string,
    cause: { message: '/srv/secret broke' },
  });
});

it('calls a stream that fails before its first byte unreadable', async () => {
  const stream = new PassThrough();
  stream.destroy(new Error('reset'));
  await expect(fromStream(stream, { maxBytes: 1 })).rejects.toMatchObject({
    code: 'ERR_INPUT_UNREADABLE',
    cause: { message: 'reset' },
  });
});

it('calls a stream without bytes empty', async () => {
  await expect(fromStream(webStream([]).stream, { maxBytes: 1 })).rejects.toMatchObject({
    code: 'ERR_INPUT_EMPTY',
  });
});

it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses a cap of %d', async (maxBytes) => {
  await expect(fromStream(generate(pieces), { maxBytes })).rejects.toMatchObject({ code: 'ERR_INPUT_SPEC' });
});

it('refuses a stream of text: its bytes are gone', async () => {
  const stream = Readable.from(pieces, { objectMode: false }).setEncoding('latin1');
  await expect(fromStream(stream as ByteStream, { maxBytes: 100 })).rejects.toMatchObject({
    code: 'ERR_INPUT_SPEC',
  });
});

it('refuses a web stream that has another reader', async () => {
  const { stream } = webStream(pieces);
  stream.getReader();
  await expect(fromStream(stream, { maxBytes: 100 })).rejects.toMatchObject({ code: 'ERR_INPUT_SPEC' });
});

it('copies each piece: what it was cut from can be used again, or forgotten', async () => {
  const reused = new Uint8Array(65_536);
  const tiny = async function* () {
    for (let count = 0; count < 1000; count++) {
      await Promise.resolve();
      reused.fill(count % 251);
      yield reused.subarray(7, 8);
    }
  };
  const bytes = await fromStream(tiny(), { maxBytes: 100_000 });
  expect(Array.from(bytes)).toEqual(Array.from({ length: 1000 }, (_, index) => index % 251));
  expect(bytes.buffer.byteLength).toBeLessThanOrEqual(100_000);
});

it('leaves no listener on the signal behind, and nothing open', async () => {
  const controller = new AbortController();
  const stream = new PassThrough();
  stream.end('0123');
  await fromStream(stream, { maxBytes: 4, signal: controller.signal });
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  expect(stream.destroyed).toBe(true);
  await expect(
    fromStream(generate(pieces), { maxBytes: 5, signal: controller.signal }),
  ).rejects.toMatchObject({ code: 'ERR_INPUT_TOO_LARGE' });
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

describe('what is no stream', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an object', {}],
    ['a text', 'abc'],
    ['bytes', new Uint8Array(3)],
    ['a list of bytes', [new Uint8Array(3)]],
    ['something whose reader is no function', { getReader: 1 }],
  ])('is a mistake of the caller: %s', async (_, wrong) => {
    await expect(fromStream(wrong as unknown as ByteStream, { maxBytes: 9 })).rejects.toMatchObject({
      name: 'SanitizeError',
      code: 'ERR_INPUT_SPEC',
    });
  });
});

it.each([
  ['no options', undefined],
  ['options of null', null],
  ['a text for a signal', { maxBytes: 9, signal: 'abort' }],
  ['an object for a signal', { maxBytes: 9, signal: {} }],
])('%s are a mistake of the caller', async (_, wrong) => {
  const options = wrong as unknown as { maxBytes: number };
  await expect(fromStream(generate(pieces), options)).rejects.toMatchObject({
    name: 'SanitizeError',
    code: 'ERR_INPUT_SPEC',
  });
});

describe('an iterable that throws', () => {
  const failing = (part: object): ByteStream => ({
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ done: false as const, value: new Uint8Array(20) }),
      ...part,
    }),
  });
  const oops = (): never => {
    throw new Error('/srv/secret broke');
  };

  it('before it begins is unreadable', async () => {
    await expect(fromStream({ [Symbol.asyncIterator]: oops }, { maxBytes: 10 })).rejects.toMatchObject({
      code: 'ERR_INPUT_UNREADABLE',
      cause: { message: '/srv/secret broke' },
    });
  });

  it('in place of a piece is unreadable', async () => {
    await expect(fromStream(failing({ next: oops }), { maxBytes: 10 })).rejects.toMatchObject({
      code: 'ERR_INPUT_UNREADABLE',
    });
  });

  it.each([
    ['throws', oops],
    ['rejects', () => Promise.reject(new Error('broke'))],
    ['gives nothing', () => undefined],
  ])('or whose return %s, does not hide why it was let go of', async (_, giveBack) => {
    await expect(fromStream(failing({ return: giveBack }), { maxBytes: 10 })).rejects.toMatchObject({
      code: 'ERR_INPUT_TOO_LARGE',
    });
  });

  it('does not hide it either where it is a Node or a web stream', async () => {
    const node = Readable.from(pieces, { objectMode: false });
    node.destroy = oops;
    const web = webStream(pieces).stream;
    const reader = web.getReader();
    web.getReader = () => Object.assign(reader, { cancel: oops }) as never;
    for (const stream of [node, web]) {
      await expect(fromStream(stream, { maxBytes: 9 })).rejects.toMatchObject({
        code: 'ERR_INPUT_TOO_LARGE',
      });
    }
  });
});

describe('a stream that was read already', () => {
  it.each([
    ['a Node stream', () => Readable.from(pieces, { objectMode: false })],
    ['a web stream', () => webStream(pieces).stream],
  ])('is a mistake of the caller and not an empty picture: %s', async (_, open) => {
    const stream = open();
    expect(await fromStream(stream, { maxBytes: 10 })).toHaveLength(10);
    await expect(fromStream(stream, { maxBytes: 10 })).rejects.toMatchObject({ code: 'ERR_INPUT_SPEC' });
  });

  it('in part gives the rest', async () => {
    const stream = Readable.from([Buffer.from('0123456789')], { objectMode: false });
    await new Promise((resolve) => stream.once('readable', resolve));
    expect(String(stream.read(4))).toBe('0123');
    expect(Buffer.from(await fromStream(stream, { maxBytes: 10 })).toString()).toBe('456789');
  });
});

describe('endless pieces without a byte', () => {
  const endless = (seen: { pieces: number }): ByteStream => ({
    [Symbol.asyncIterator]: () => ({
      next: () => {
        seen.pieces++;
        return Promise.resolve({ done: false as const, value: new Uint8Array() });
      },
    }),
  });

  it('keep no timer from its turn, and end with the signal', async () => {
    const seen = { pieces: 0 };
    const signal = AbortSignal.timeout(20);
    await expect(fromStream(endless(seen), { maxBytes: 1, signal })).rejects.toMatchObject({
      code: 'ERR_INPUT_ABORTED',
    });
    // Nor are any more asked for, though the iterable cannot be told.
    await new Promise((resolve) => setImmediate(resolve));
    const { pieces } = seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.pieces).toBe(pieces);
  });
});
