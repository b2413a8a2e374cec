// Runs in the guarded children: the only code of the gateway that decodes pictures or runs models.
import { decodeImage, restrictDecoders } from '@sallyport/input-sanitizer';
import sharp from 'sharp';
import { annotateImage, type Drawing } from './annotate/index.ts';
import { pipelineOf, type PipelineName } from './pipelines/catalogue.ts';
import { openFaces } from './pipelines/faces.ts';
import { openModeration } from './pipelines/moderation.ts';
import type { PipelineAnswer, PipelineResult } from './pipelines/answer.ts';
import type { OpenPipeline, RunPipeline, WorkerModel } from './pipelines/open-pipeline.ts';
import { openText } from './pipelines/text.ts';

/** What every worker is given before its first picture. */
export interface LoadInput {
  readonly pipelines: readonly PipelineName[];
  readonly models: readonly WorkerModel[];
  readonly threads: number;
}

/** One picture to analyse. */
export interface AnalyzeInput {
  readonly pipeline: PipelineName;
  readonly bytes: Uint8Array;
  readonly topK: number;
}

/** One picture to draw on. */
export interface AnnotateInput {
  readonly bytes: Uint8Array;
  readonly results: readonly PipelineResult[];
}

const opened = new Map<PipelineName, RunPipeline>();
const openers: Readonly<Record<PipelineName, OpenPipeline>> = {
  faces: openFaces,
  moderation: openModeration,
  text: openText,
};

/** Loads the verified models. Runs once in each worker, before it takes pictures. */
export async function load({ pipelines, models, threads }: LoadInput): Promise<void> {
  // The process is ours alone, so sharp's process-wide settings are too: no decoder that no pipeline admits,
  // no cache that grows, and one thread, because the workers together already fill the cores.
  await restrictDecoders(['jpeg', 'png', 'webp']);
  sharp.cache(false);
  sharp.concurrency(1);
  for (const name of pipelines) opened.set(name, await openers[name](models, { threads }));
}

/** Sanitises and analyses one picture. */
export async function analyze(
  { pipeline, bytes, topK }: AnalyzeInput,
  { signal }: { signal: AbortSignal },
): Promise<PipelineAnswer> {
  const run = opened.get(pipeline);
  if (run === undefined) throw new Error(`Expected a pipeline that was loaded, found ${pipeline}`);
  return await run(bytes, { topK, signal });
}

/** Draws results on the sanitised pixels and returns them as a PNG: nothing of the original file is in it. */
export async function annotate(
  { bytes, results }: AnnotateInput,
  { signal }: { signal: AbortSignal },
): Promise<Uint8Array> {
  const { image } = await decodeImage(bytes, pipelineOf('text').spec, { signal });
  const drawing: Drawing = Object.assign({}, ...results) as Drawing;
  const { data, width, height, channels } = annotateImage(image, drawing);
  return await sharp(data, { raw: { width, height, channels } }).png().toBuffer();
}
