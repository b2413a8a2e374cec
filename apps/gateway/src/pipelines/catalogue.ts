import { defineInputSpec, type InputSpec } from '@sallyport/input-sanitizer';

/** What can be asked of a picture. Nothing outside this list runs. */
export const PIPELINE_NAMES = ['faces', 'moderation', 'text'] as const;
export type PipelineName = (typeof PIPELINE_NAMES)[number];

/** What the main process knows of a pipeline: what it admits, which models it needs, how long it may take. */
export interface Pipeline {
  readonly name: PipelineName;
  readonly models: readonly string[];
  readonly spec: InputSpec;
  /** Wall-clock deadline of one picture, in milliseconds. */
  readonly timeoutMs: number;
}

const formats = ['jpeg', 'png', 'webp'];
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const catalogue: Readonly<Record<PipelineName, Pipeline>> = {
  // BlazeFace: letterbox to 128, x / 127.5 - 1. `fast` moves a box by well under a pixel of the model's input.
  faces: {
    name: 'faces',
    models: ['blazeface-front-128'],
    spec: defineInputSpec({
      formats,
      geometry: { letterbox: 128, resample: 'fast' },
      tensor: {
        layout: 'NHWC',
        dtype: 'f32',
        channels: 'rgb',
        scale: 1 / 127.5,
        mean: [1, 1, 1],
        std: [1, 1, 1],
      },
    }),
    timeoutMs: 10_000,
  },
  // nsfwjs: plain stretch to 224, RGB 0..1. It shrinks without antialiasing, which lets an attacker hide one picture
  // in another; Lanczos is the antialiased filter whose answers stay nearest.
  moderation: {
    name: 'moderation',
    models: ['nsfw-mobilenet-v2'],
    spec: defineInputSpec({
      formats,
      geometry: { stretch: 224, resample: 'pil-lanczos' },
      tensor: { layout: 'NHWC', dtype: 'f32', channels: 'rgb', scale: 1 / 255 },
    }),
    timeoutMs: 10_000,
  },
  // PP-OCRv4: the picture keeps its pixels, because lines are cut out of it; the detector gets its own scaled copy.
  text: {
    name: 'text',
    models: ['pp-ocr-v4-detection', 'pp-ocr-v4-recognition', 'pp-ocr-v2-orientation'],
    spec: defineInputSpec({
      formats,
      geometry: { none: true },
      tensor: { layout: 'NCHW', dtype: 'f32', channels: 'rgb', scale: 1 / 255, ...imageNet },
    }),
    timeoutMs: 30_000,
  },
};

/** @returns The pipeline of that name; the name has been parsed before. */
export function pipelineOf(name: PipelineName): Pipeline {
  return catalogue[name];
}
