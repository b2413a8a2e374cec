import { z } from 'zod';
import { ModelError } from '../errors.ts';
import type { LockedModel } from '../lock/document.ts';
import { checkCommit, encodePath, nameOf, parseListing } from './listing.ts';

const manifest = z
  .array(
    z.object({
      model: z.string(),
      model_path: z.string().regex(/^[A-Za-z0-9_.+/-]+$/),
      opset_version: z.number(),
      metadata: z.object({
        model_sha: z.string().regex(/^[0-9a-f]{64}$/),
        model_bytes: z.int().min(1),
      }),
    }),
  )
  .max(10_000);

/** What to take out of the manifest of the ONNX model zoo, and how. */
export interface OnnxHubImport {
  /** `model` of the entry. */
  readonly model: string;
  /** `opset_version` of the entry, where there are several. */
  readonly opset?: number;
  /** Commit of `onnx/models` that the manifest is from. */
  readonly revision: string;
  /** Top folder below the lock. */
  readonly folder: string;
  /** SPDX expression: the manifest says none. */
  readonly licence: string;
  /** Where the files of the repository are. Default `https://media.githubusercontent.com/media/onnx/models`. */
  readonly baseUrl?: string;
}

/**
 * Takes a model out of `ONNX_HUB_MANIFEST.json`, which has a SHA-256 and a size for each.
 *
 * @throws {ModelError} `ERR_MODEL_IMPORT` if the manifest is malformed, has no such model, or has it more than once.
 */
export function importOnnxHub(
  text: string,
  {
    model,
    opset,
    revision,
    folder,
    licence,
    baseUrl = 'https://media.githubusercontent.com/media/onnx/models',
  }: OnnxHubImport,
): LockedModel {
  const entries = parseListing(text, manifest, 'ONNX_HUB_MANIFEST.json').filter(
    (entry) => entry.model === model && (opset === undefined || entry.opset_version === opset),
  );
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) {
    const opsets = entries.map(({ opset_version: version }) => version).join(', ');
    throw new ModelError(
      'ERR_MODEL_IMPORT',
      `expected one model ${JSON.stringify(model.slice(0, 128))}, found ${entries.length}${opsets === '' ? '' : `, of opset ${opsets}`}`,
    );
  }
  const { model_path: path, metadata } = entry;
  const url = `${baseUrl}/${checkCommit(revision)}/${encodePath(path)}`;
  return {
    licence,
    source: { type: 'url', url, revision },
    files: [
      {
        path: `${folder}/${nameOf(path)}`,
        role: 'model',
        url,
        bytes: metadata.model_bytes,
        sha256: metadata.model_sha,
      },
    ],
  };
}
