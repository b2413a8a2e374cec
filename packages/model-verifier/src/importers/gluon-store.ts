import { ModelError } from '../errors.ts';
import type { CandidateModel } from '../lock/document.ts';

/** What to take out of the table of the GluonCV model store. */
export interface GluonStoreImport {
  /** Name in the table. */
  readonly model: string;
  /** Top folder below the lock. */
  readonly folder: string;
  /** SPDX expression. Default `Apache-2.0`, that of GluonCV. */
  readonly licence?: string;
  /** Where the store is, with a final slash. Default that of the Apache MXNet project. */
  readonly baseUrl?: string;
}

const DEFAULT_BASE_URL = 'https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/';
/** A row: `('<40 hex>', '<name>'),`. */
const ROW = /\(\s*['"]([0-9a-f]{40})['"]\s*,\s*['"]([A-Za-z0-9_.-]{1,128})['"]\s*\)/g;

/**
 * Takes a model out of `gluoncv/model_zoo/model_store.py`: the text is searched for rows, nothing of it is run.
 *
 * The table has SHA-1, and the store's own client compares as much of it as it is given, even nothing. Here the whole
 * digest must be there, and it is a hint only: the model is a candidate until it was downloaded and its SHA-256 reviewed.
 *
 * @throws {ModelError} `ERR_MODEL_IMPORT` if the table has no such model, or has it twice.
 */
export function importGluonStore(
  text: string,
  { model, folder, licence = 'Apache-2.0', baseUrl = DEFAULT_BASE_URL }: GluonStoreImport,
): CandidateModel {
  const digests = [...text.matchAll(ROW)].flatMap(([, digest, name]) => (name === model ? [digest!] : []));
  const [digest] = digests;
  if (digest === undefined || digests.length > 1) {
    throw new ModelError(
      'ERR_MODEL_IMPORT',
      `expected one row for ${JSON.stringify(model.slice(0, 128))}, found ${digests.length}`,
    );
  }
  // As the store names its files: the name and the first eight digits.
  const file = `${model}-${digest.slice(0, 8)}`;
  const url = `${baseUrl}gluon/models/${file}.zip`;
  return {
    licence,
    source: { type: 'url', url, revision: digest },
    files: [
      {
        path: `${folder}/${file}.params`,
        role: 'model',
        url,
        hint: { algorithm: 'sha1', digest },
        entry: `${file}.params`,
      },
    ],
  };
}
