// Runs in a thread of its own, whose sharp has the codecs of `@img/sharp-wasm32` for its native ones. The thread has its
// own modules: what the host's code does with sharp, and to its settings, is another sharp.
import { createRequire, registerHooks } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { decodeImage } from './decode.ts';
import { SanitizeError } from './errors.ts';
import { reencodeImage } from './reencode.ts';
import type { ReencodeOptions } from './reencode.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';
import type { WasmCall, WasmReply } from './wasm-tier.ts';

const WASM = '@img/sharp-wasm32/sharp.node';
/** `@img/sharp-linux-x64/sharp.node`, `../src/build/Release/sharp-linux-x64-0.35.5.node` and the like. */
const NATIVE = /sharp-(?!.*wasm32)[^/]*(?:\/sharp)?\.node$/;

const require = createRequire(import.meta.url);
const port = parentPort;
if (port) {
  const outcome = await loadWasm();
  port.postMessage(outcome satisfies WasmReply);
  port.on('message', (call: WasmCall) => {
    void answer(call).then((reply) => {
      port.postMessage(reply);
    });
  });
}

async function loadWasm(): Promise<WasmReply> {
  try {
    require.resolve('@img/sharp-wasm32/sharp.node');
  } catch {
    return { kind: 'absent' };
  }
  // Whichever native binary sharp asks for, one that was built on this machine included.
  registerHooks({
    resolve: (specifier, context, next) =>
      NATIVE.test(specifier)
        ? next(WASM, { ...context, parentURL: import.meta.url })
        : next(specifier, context),
  });
  try {
    const { default: sharp } = await import('sharp');
    // Only the WebAssembly build says so. Anything else must not be taken for it.
    if (!('emscripten' in sharp.versions)) return { kind: 'failed', cause: 'sharp loaded another binary' };
    return { kind: 'ready' };
  } catch (error) {
    return { kind: 'failed', cause: String(error) };
  }
}

async function answer({ task, bytes, spec, options }: WasmCall): Promise<WasmReply> {
  try {
    const parsed = defineInputSpec(spec);
    switch (task) {
      case 'decodeImage':
        return { kind: 'value', value: await decodeImage(bytes, parsed, options) };
      case 'sanitizeImage':
        return { kind: 'value', value: await sanitizeImage(bytes, parsed, options) };
      case 'reencodeImage':
        return { kind: 'value', value: await reencodeImage(bytes, parsed, options as ReencodeOptions) };
    }
  } catch (error) {
    if (!(error instanceof SanitizeError)) return { kind: 'failed', cause: String(error) };
    const { code, message, cause } = error;
    // The words of its cause, not the cause: not everything that can be thrown can cross to another thread.
    return { kind: 'refused', code, message, cause: cause === undefined ? undefined : wordsOf(cause) };
  }
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'something that is no error';
}
