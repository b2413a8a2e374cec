import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BOMBS } from './__fixtures__/bombs/index.ts';
import { SanitizeError } from './errors.ts';
import { inspectImage } from './header.ts';
import { identifyImage } from './identify.ts';
import { sanitizeImage } from './sanitize.ts';
import { defineInputSpec } from './spec.ts';

const spec = defineInputSpec({
  formats: ['jpeg', 'png', 'webp', 'gif'],
  limits: { maxFrames: 16 },
  geometry: { stretch: 8 },
  tensor: { layout: 'NHWC', dtype: 'u8' },
});

/** A code, or the findings of a tensor but those of its size. */
async function outcomeOf(bytes: Uint8Array): Promise<string | readonly string[]> {
  try {
    const { tensor, report } = await sanitizeImage(bytes, spec);
    expect(tensor.data).toHaveLength(8 * 8 * 3);
    return report.findings.map(({ code }) => code).filter((code) => code !== 'upscaled');
  } catch (error) {
    if (!(error instanceof SanitizeError)) throw error;
    return error.code;
  }
}

describe('becomes what it should', { timeout: 30_000 }, () => {
  it.each(BOMBS)('$name', async ({ make, outcome }) => {
    const bytes = make();
    const found = await outcomeOf(bytes);
    if (typeof outcome === 'string') expect(found).toBe(outcome);
    else expect(new Set(found)).toEqual(new Set(outcome));
    for (const look of [inspectImage, identifyImage]) {
      try {
        look(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(SanitizeError);
      }
    }
  });
});

it('takes next to no memory to look at any of them', async () => {
  const growth = await new Promise<number>((resolve, reject) => {
    const program = fileURLToPath(new URL('./__fixtures__/inspect-bombs.ts', import.meta.url));
    execFile(process.execPath, ['--expose-gc', '--no-warnings', program], (error, stdout) => {
      if (error) reject(new Error('the program failed', { cause: error }));
      else resolve(Number(stdout));
    });
  });
  // The bombs unpack to gigabytes. The heap grows by the objects of twenty thousand frames, and is measured coarsely.
  expect(growth).toBeGreaterThanOrEqual(0);
  expect(growth).toBeLessThan(48 * 1024 * 1024);
}, 30_000);
