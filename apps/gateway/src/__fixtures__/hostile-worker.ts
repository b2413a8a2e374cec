// The real worker, except that a PNG of a marked width makes it misbehave the way a native decoder or model could.
import { analyze as analyzeForReal, type AnalyzeInput } from '../worker.ts';
import type { PipelineAnswer } from '../pipelines/answer.ts';
import { HOSTILE_WIDTH } from './hostile-width.ts';

export { load } from '../worker.ts';

export async function analyze(
  input: AnalyzeInput,
  options: { signal: AbortSignal },
): Promise<PipelineAnswer> {
  const { buffer, byteOffset, byteLength } = input.bytes;
  const width = byteLength < 24 ? 0 : new DataView(buffer, byteOffset).getUint32(16);
  if (width === HOSTILE_WIDTH.loop) for (;;);
  if (width === HOSTILE_WIDTH.crash) process.kill(process.pid, 'SIGSEGV');
  if (width === HOSTILE_WIDTH.exit) process.exit(0);
  if (width === HOSTILE_WIDTH.memory) {
    const eaten: Buffer[] = [];
    for (;;) eaten.push(Buffer.alloc(16 << 20, eaten.length + 1));
  }
  if (width === HOSTILE_WIDTH.throws) throw new TypeError(`libvips at ${import.meta.url} said no`);
  if (width === HOSTILE_WIDTH.bulk) return Array(5 << 20).fill(null) as never;
  return await analyzeForReal(input, options);
}
