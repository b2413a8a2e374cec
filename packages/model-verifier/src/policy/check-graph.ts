import { ModelError } from '../errors.ts';
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
  try {
    const report = inspectOnnx(bytes, { profile: profileOf(onnx?.profile), externalFiles });
    const violations = onnx === undefined ? [] : report.violations;
    const broken = contract === undefined ? [] : checkContract(report, contract);
    return [...violations, ...broken].map(({ code, message, path }) => ({ code, message, path }));
  } catch (error) {
    return reasonsOf(error);
  }
}

function profileOf(name = 'strict'): OnnxProfileName {
  const found = (Object.keys(ONNX_PROFILES) as OnnxProfileName[]).find((known) => known === name);
  if (found !== undefined) return found;
  throw new ModelError(
    'ERR_MODEL_POLICY',
    `expected a profile of the inspector, found ${JSON.stringify(name)}`,
  );
}
