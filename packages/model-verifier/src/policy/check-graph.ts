import { ModelError } from '../errors.ts';
import { promisedFormat } from '../formats/ending.ts';
import { isPickle } from '../formats/pickle.ts';
import { sniffStart } from '../formats/sniff.ts';
import { isNeverProtobuf } from '../formats/wire-form.ts';
import type { OnnxContract } from '../onnx/contract.ts';
import { checkContract } from '../onnx/contract.ts';
import { inspectOnnx } from '../onnx/inspect.ts';
import { ONNX_PROFILES, type OnnxProfileName } from '../onnx/profile.ts';
import { reasonsOf, type Reason } from '../verdict.ts';
import type { VerifierPolicy } from './document.ts';

/**
 * Inspects an ONNX model and holds it against its contract.
 *
 * The violations of the inspector count where the policy has an `onnx` part; the contract of a lock always counts.
 *
 * @param externalFiles - Sizes of the files beside the model, by path relative to it.
 */
export function checkGraph(
  bytes: Uint8Array,
  externalFiles: ReadonlyMap<string, number>,
  contract: OnnxContract | undefined,
  { onnx }: VerifierPolicy,
): readonly Reason[] {
  if (onnx === undefined && contract === undefined) return [];
  if (isPickle(bytes)) {
    return [{ code: 'ERR_MODEL_PICKLE', message: 'expected a graph, found one that is a pickle too' }];
  }
  if (onnx?.requireContract === true && contract === undefined) {
    return [{ code: 'ERR_MODEL_CONTRACT', message: 'expected a contract in the lock, found none' }];
  }
  try {
    const report = inspectOnnx(bytes, { profile: profileOf(onnx?.profile), externalFiles });
    const violations = onnx === undefined ? [] : report.violations;
    const broken = contract === undefined ? [] : checkContract(report, contract);
    return [...violations, ...broken].map(({ code, message, path }) => ({ code, message, path }));
  } catch (error) {
    return reasonsOf(error);
  }
}

/** Whether a name says that a model is of a format which is data only and not ONNX. */
export function isNamedOtherwise(path: string): boolean {
  const promised = promisedFormat(path);
  return promised !== undefined && promised !== 'onnx' && promised !== 'pickle';
}

/**
 * Whether a model is of another format than ONNX: so its name says, so it starts, and neither as a protobuf nor as a
 * flatbuffer of onnxruntime could it be loaded. All else is held to be ONNX, whatever it is called.
 *
 * @param start - The first bytes of the file, or all.
 */
export function isOtherFormat(path: string, start: Uint8Array, fileBytes: number): boolean {
  return (
    isNamedOtherwise(path) &&
    sniffStart(start, fileBytes) === promisedFormat(path) &&
    isNeverProtobuf(start) &&
    Buffer.from(start.subarray(4, 8)).toString('latin1') !== 'ORTM'
  );
}

function profileOf(name = 'strict'): OnnxProfileName {
  const found = (Object.keys(ONNX_PROFILES) as OnnxProfileName[]).find((known) => known === name);
  if (found !== undefined) return found;
  throw new ModelError(
    'ERR_MODEL_POLICY',
    `expected a profile of the inspector, found ${JSON.stringify(name)}`,
  );
}
