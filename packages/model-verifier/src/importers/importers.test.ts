import { describe, expect, it } from 'vitest';
import { formatModelLock } from '../lock/format.ts';
import { importGluonStore } from './gluon-store.ts';
import { importHuggingFace, type HuggingFaceImport } from './hugging-face.ts';
import { importOnnxHub } from './onnx-hub.ts';

const commit = 'b1eeaa1e8a2a4b9f0c6d3e5f7a9b1c2d3e4f5a6b';
const refused = expect.objectContaining({ code: 'ERR_MODEL_IMPORT' }) as unknown;

describe('importOnnxHub', () => {
  const entry = (opset: number, sha: string): object => ({
    model: 'SqueezeNet 1.0',
    model_path: `vision/classification/squeezenet/model/squeezenet1.0-${opset}.onnx`,
    onnx_version: '1.9',
    opset_version: opset,
    metadata: { model_sha: sha.repeat(64), model_bytes: 4_952_956, tags: ['vision'], io_ports: {} },
  });
  const text = JSON.stringify([entry(9, 'a'), entry(12, 'd')]);
  const what = { model: 'SqueezeNet 1.0', revision: commit, folder: 'squeezenet', licence: 'Apache-2.0' };

  it('takes size, SHA-256 and a URL at the commit', () => {
    const model = importOnnxHub(text, { ...what, opset: 12 });
    const url = `https://media.githubusercontent.com/media/onnx/models/${commit}/vision/classification/squeezenet/model/squeezenet1.0-12.onnx`;
    expect(model).toEqual({
      licence: 'Apache-2.0',
      source: { type: 'url', url, revision: commit },
      files: [
        {
          path: 'squeezenet/squeezenet1.0-12.onnx',
          role: 'model',
          url,
          bytes: 4_952_956,
          sha256: 'd'.repeat(64),
        },
      ],
    });
    expect(() => formatModelLock({ lockfileVersion: 2, models: { squeezenet: model } })).not.toThrow();
  });

  it.each([
    ['several models of that name', text, what],
    ['no model of that name', text, { ...what, model: 'SqueezeNet' }],
    ['a branch', text, { ...what, opset: 12, revision: 'main' }],
    ['a digest that is cut', text.replace('d'.repeat(64), 'd'.repeat(63)), { ...what, opset: 12 }],
    ['a path with a query', text.replaceAll('squeezenet1.0', 'x?y'), { ...what, opset: 12 }],
    ['what is no list', '{}', what],
    ['what is no JSON', '[', what],
  ])('refuses %s', (_, listing, options) => {
    expect(() => importOnnxHub(listing, options)).toThrow(refused);
  });
});

describe('importGluonStore', () => {
  const digest = '2d9d980c990442f826f20781ed039851e78dabe3';
  const text = `_model_sha1 = {name: checksum for checksum, name in [
    ('${digest}', 'resnet18_v1b'),
    ('8e16b84814e84f64d897854003f049872991eaa6', 'resnet34_v1b'),
    ]}`;

  it('makes a candidate with the whole SHA-1 as a hint', () => {
    const candidate = importGluonStore(text, { model: 'resnet18_v1b', folder: 'resnet18' });
    expect(candidate.files).toEqual([
      {
        path: 'resnet18/resnet18_v1b-2d9d980c.params',
        role: 'model',
        url: 'https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/gluon/models/resnet18_v1b-2d9d980c.zip',
        hint: { algorithm: 'sha1', digest },
        entry: 'resnet18_v1b-2d9d980c.params',
      },
    ]);
    const document = { lockfileVersion: 2, models: {}, candidates: { resnet18: candidate } } as const;
    expect(() => formatModelLock(document)).not.toThrow();
  });

  it.each([
    ['a model that is not there', text, 'resnet18'],
    ['a prefix of a digest', text.replace(digest, digest.slice(0, 8)), 'resnet18_v1b'],
    ['an empty digest', text.replace(digest, ''), 'resnet18_v1b'],
    ['a model listed twice', text + text, 'resnet18_v1b'],
  ])('refuses %s', (_, table, model) => {
    expect(() => importGluonStore(table, { model, folder: 'x' })).toThrow(refused);
  });
});

describe('importHuggingFace', () => {
  const blob = { size: 570, blobId: 'c'.repeat(40) };
  const lfs = { sha256: 'e'.repeat(64), size: 90_000_000, pointerSize: 134 };
  const listing = {
    id: 'org/model',
    sha: commit,
    siblings: [
      { rfilename: 'config.json', ...blob },
      { rfilename: 'onnx/model.onnx', size: 90_000_000, blobId: 'd'.repeat(40), lfs },
    ],
  };
  const text = JSON.stringify(listing);
  const what: HuggingFaceImport = {
    repository: 'org/model',
    revision: commit,
    files: { 'onnx/model.onnx': 'model' },
    folder: 'model',
    licence: 'MIT',
  };

  it('makes a model of files with SHA-256', () => {
    const url = `https://huggingface.co/org/model/resolve/${commit}/onnx/model.onnx`;
    expect(importHuggingFace(text, what)).toMatchObject({
      model: {
        source: { revision: commit },
        files: [
          { path: 'model/onnx/model.onnx', role: 'model', url, bytes: 90_000_000, sha256: 'e'.repeat(64) },
        ],
      },
    });
  });

  it('makes a candidate where one file has the id of a git blob only', () => {
    const files = { ...what.files, 'config.json': 'labels' } as const;
    expect(importHuggingFace(text, { ...what, files })).toMatchObject({
      candidate: { files: [{}, { bytes: 570, hint: { algorithm: 'git-sha1', digest: 'c'.repeat(40) } }] },
    });
  });

  it.each([
    ['a branch', text, { ...what, revision: 'main' }],
    ['a short commit', text, { ...what, revision: commit.slice(0, 8) }],
    ['a listing of another commit', text.replace(commit, 'f'.repeat(40)), what],
    ['a listing of a branch', text.replace(commit, 'main'), what],
    ['a file that is not there', text, { ...what, files: { 'model.onnx': 'model' } }],
    [
      'a listing without blobs',
      JSON.stringify({ ...listing, siblings: [{ rfilename: 'onnx/model.onnx' }] }),
      what,
    ],
    ['a repository that climbs', text, { ...what, repository: '../model' }],
  ] as const)('refuses %s', (_, answer, options) => {
    expect(() => importHuggingFace(answer, options)).toThrow(refused);
  });
});
