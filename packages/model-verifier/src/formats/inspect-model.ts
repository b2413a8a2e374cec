import { ModelError } from '../errors.ts';
import { inspectOnnx, type InspectOnnxOptions } from '../onnx/inspect.ts';
import type { OnnxReport } from '../onnx/report.ts';
import { promisedFormat } from './ending.ts';
import { inspectMxnetParams, type MxnetParamsReport } from './mxnet-params.ts';
import { inspectSafetensors, type SafetensorsReport } from './safetensors.ts';
import { sniffModelFormat } from './sniff.ts';

/** What an inspector says of a file, told apart by `format`. */
export type ModelReport = OnnxReport | SafetensorsReport | MxnetParamsReport;

/**
 * Inspects a model file of any format that is known here: ONNX, safetensors or MXNet `.params`. What is, holds or is
 * named like a pickle is refused and not looked into: no scanner finds everything that a pickle can do.
 *
 * @param name - Name of the file. Its ending and its bytes must say the same.
 * @throws {ModelError} `ERR_MODEL_PICKLE`, `ERR_MODEL_FORMAT` if bytes and name disagree or the format is not known,
 *   and what the inspector of the format throws.
 */
export function inspectModel(bytes: Uint8Array, name: string, options: InspectOnnxOptions = {}): ModelReport {
  const promised = promisedFormat(name);
  const found = sniffModelFormat(bytes);
  if (promised === 'pickle' || found === 'pickle') {
    const message = `expected a format that is data only, found ${found === 'pickle' ? 'a pickle' : 'the name of a pickle'}; loading one runs code`;
    throw new ModelError('ERR_MODEL_PICKLE', message);
  }
  if (promised !== undefined && promised !== found) {
    throw new ModelError('ERR_MODEL_FORMAT', `expected ${promised} by its name, found ${found} by its bytes`);
  }
  switch (found) {
    case 'onnx':
      return inspectOnnx(bytes, options);
    case 'safetensors':
      return inspectSafetensors(bytes);
    case 'mxnet-params':
      return inspectMxnetParams(bytes);
    default:
      throw new ModelError('ERR_MODEL_FORMAT', `expected ONNX, safetensors or MXNet params, found ${found}`);
  }
}
