import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SanitizeError } from '../errors.ts';
import { isForVideos } from '../explain.ts';
import { fromHuggingFace } from '../presets/hugging-face.ts';
import { presets } from '../presets/index.ts';
import { defineInputSpec } from '../spec.ts';
import type { InputSpec } from '../spec.ts';
import { defineVideoSpec } from '../video/video-spec.ts';
import type { VideoSpec } from '../video/video-spec.ts';
import { UsageError } from './exit.ts';

const PRESETS: ReadonlyMap<string, () => InputSpec> = new Map([
  ['torchvision', presets.torchvision],
  ['timm', presets.timm],
  ['gluoncv.classification', presets.gluoncv.classification],
  ['gluoncv.ssd', presets.gluoncv.ssd],
  ['gluoncv.yolo', presets.gluoncv.yolo],
  ['gluoncv.segmentation', presets.gluoncv.segmentation],
  ['unit', presets.unit],
  ['signed', presets.signed],
]);

/** What may stand where a spec is asked for, for the help. */
export const SPEC_HELP = `JSON file with an input spec, preprocessor_config.json, or preset: ${[...PRESETS.keys()].join(', ')}`;

/** Far more than any spec has. */
const MAX_SPEC_BYTES = 1024 * 1024;

/** The keys by which a `preprocessor_config.json` is known: every one names its processor. */
const HUGGING_FACE_KEYS = ['image_processor_type', 'feature_extractor_type'];

/**
 * Gives the spec that an argument names: a preset by its name, anything else is a file.
 *
 * @throws {UsageError} If there is none, or it is wrong.
 */
export async function readSpec(argument: string): Promise<InputSpec> {
  return await parseSpec(argument, parseInputSpec);
}

/** The same, and a file may also have a video spec. */
export async function readAnySpec(argument: string): Promise<InputSpec | VideoSpec> {
  return await parseSpec(argument, (json) =>
    isForVideos(json) ? defineVideoSpec(json) : parseInputSpec(json),
  );
}

function parseInputSpec(json: unknown): InputSpec {
  return isHuggingFace(json) ? fromHuggingFace(json) : defineInputSpec(json);
}

async function parseSpec<T>(argument: string, parse: (json: unknown) => T): Promise<T | InputSpec> {
  const preset = PRESETS.get(argument);
  if (preset) return preset();
  return parseFile(await readJson(argument, 'a preset or a spec file'), parse);
}

/**
 * Reads a video spec from a file.
 *
 * @throws {UsageError} If there is none, or it is wrong.
 */
export async function readVideoSpec(path: string): Promise<VideoSpec> {
  return parseFile(await readJson(path, 'a file with a video spec'), defineVideoSpec);
}

function parseFile<T>(json: unknown, parse: (json: unknown) => T): T {
  try {
    return parse(json);
  } catch (cause) {
    if (!(cause instanceof SanitizeError)) throw cause;
    throw new UsageError(`${cause.code}: ${cause.message}`, { cause });
  }
}

async function readJson(path: string, expected: string): Promise<unknown> {
  let text: string;
  try {
    text = await readText(path);
  } catch (cause) {
    throw new UsageError(`expected ${expected} that can be read, found none`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError('expected JSON in the spec file, found something else', { cause });
  }
}

/** Of a regular file only: a pipe that nobody writes to would be waited for, and a device may never end. */
async function readText(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MAX_SPEC_BYTES)
      throw new Error('no regular file, or a very long one');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function isHuggingFace(json: unknown): boolean {
  return (
    typeof json === 'object' && json !== null && HUGGING_FACE_KEYS.some((key) => Object.hasOwn(json, key))
  );
}
