import type { PipelineAnswer } from './answer.ts';

/** A verified model as the worker gets it: its bytes, and the other files that were verified with it. */
export interface WorkerModel {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly externalData?: readonly { readonly path: string; readonly data: Uint8Array }[];
  readonly files: readonly { readonly path: string; readonly data: Uint8Array }[];
}

/** Runs on one picture's bytes. */
export type RunPipeline = (
  bytes: Uint8Array,
  options: { readonly topK: number; readonly signal: AbortSignal },
) => Promise<PipelineAnswer>;

/** Creates a pipeline's sessions once per worker. */
export type OpenPipeline = (
  models: readonly WorkerModel[],
  options: { readonly threads: number },
) => Promise<RunPipeline>;

/** @throws {Error} If the model was not handed to this worker: a mistake of the gateway, not of a picture. */
export function modelOf(models: readonly WorkerModel[], name: string): WorkerModel {
  const model = models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`Expected the model ${name}, found none`);
  return model;
}

/** @throws {Error} If the model has no such verified file. */
export function fileOf(model: WorkerModel, path: string): Uint8Array {
  const file = model.files.find((candidate) => candidate.path === path);
  if (file === undefined)
    throw new Error(`Expected the file ${path} with the model ${model.name}, found none`);
  return file.data;
}
