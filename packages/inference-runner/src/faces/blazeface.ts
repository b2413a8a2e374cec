import { z } from 'zod';
import { InferenceError } from '../errors.ts';
import type { Box, Point } from '../geometry.ts';
import { parseOptions } from '../options.ts';
import type { Session } from '../session.ts';
import { formatDims, type Tensor } from '../tensor.ts';
import { nonMaxSuppression } from './suppression.ts';

/** A face in pixels of the 128 x 128 input. */
export interface Face {
  readonly box: Box;
  /** 0 to 1. */
  readonly score: number;
  /** Right eye, left eye, nose, mouth, right ear, left ear: the person's own right and left. */
  readonly keypoints: readonly [Point, Point, Point, Point, Point, Point];
}

/** Which of the 896 candidates are faces. */
export interface BlazeFaceOptions {
  /** Lowest score of a face. Default 0.5, 0 to 1. */
  readonly minScore?: number;
  /** Largest overlap (intersection over union) at which two boxes are two faces. Default 0.3, 0 to 1. */
  readonly maxIou?: number;
  /** Most faces returned, best first. Default 100, minimum 1, maximum 896 (the number of anchors). */
  readonly maxFaces?: number;
}

const INPUT_SIZE = 128;
/** Cells along one side, and anchors in each cell. */
const GRIDS = [
  { cells: 16, anchorsPerCell: 2 },
  { cells: 8, anchorsPerCell: 6 },
] as const;
const ANCHOR_COUNT = 896;
const KEYPOINT_COUNT = 6;
/** Box centre, width, height and the key points: what the model says about one anchor. */
const ROW_LENGTH = 4 + 2 * KEYPOINT_COUNT;

const blazeFaceOptionsSchema = z.strictObject({
  minScore: z.number().min(0).max(1).default(0.5),
  maxIou: z.number().min(0).max(1).default(0.3),
  maxFaces: z.int().min(1).max(ANCHOR_COUNT).default(100),
});

/**
 * Centres of the 896 anchors of BlazeFace front 128, in pixels of its input: the 16 x 16 grid first, cells row by row.
 *
 * @see Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019, section 3
 */
export function blazeFaceAnchors(): Point[] {
  const anchors: Point[] = [];
  for (const { cells, anchorsPerCell } of GRIDS) {
    const step = INPUT_SIZE / cells;
    for (let row = 0; row < cells; row++) {
      for (let column = 0; column < cells; column++) {
        for (let anchor = 0; anchor < anchorsPerCell; anchor++) {
          anchors.push([(column + 0.5) * step, (row + 0.5) * step]);
        }
      }
    }
  }
  return anchors;
}

/**
 * Finds faces in one picture.
 *
 * @param session - BlazeFace front 128.
 * @param input - float32 `[1, 128, 128, 3]`: the picture letterboxed to 128 x 128, RGB, `x / 127.5 - 1`.
 * @returns Faces in pixels of that input, highest score first. Boxes may reach past its edges.
 * @throws {InferenceError} What {@link Session.run} throws; `ERR_INFERENCE_OPTIONS`; `ERR_INFERENCE_MODEL` when the
 *   model is not a BlazeFace front 128.
 */
export async function detectFaces(
  session: Session,
  input: Tensor,
  options: BlazeFaceOptions = {},
): Promise<Face[]> {
  parseOptions(blazeFaceOptionsSchema, options);
  const [modelInput, ...others] = session.inputs;
  if (modelInput === undefined || others.length > 0) {
    throw new InferenceError(
      'ERR_INFERENCE_MODEL',
      `expected a face model with 1 input, found ${session.inputs.length}`,
    );
  }
  return decodeBlazeFace(await session.run({ [modelInput.name]: input }), options);
}

/**
 * Reads faces out of the four raw outputs, which are told apart by their dims and not by their names.
 *
 * @returns Faces after non-maximum suppression, highest score first.
 * @throws {InferenceError} `ERR_INFERENCE_OPTIONS`, or `ERR_INFERENCE_MODEL` when an output is missing.
 */
export function decodeBlazeFace(
  outputs: Readonly<Record<string, Tensor>>,
  options: BlazeFaceOptions = {},
): Face[] {
  const { minScore, maxIou, maxFaces } = parseOptions(blazeFaceOptionsSchema, options);
  const anchors = blazeFaceAnchors();
  const candidates: Face[] = [];
  let firstAnchor = 0;
  for (const { cells, anchorsPerCell } of GRIDS) {
    const count = cells * cells * anchorsPerCell;
    const logits = findOutput(outputs, [1, count, 1]);
    const rows = findOutput(outputs, [1, count, ROW_LENGTH]);
    for (let index = 0; index < count; index++) {
      const score = 1 / (1 + Math.exp(-logits[index]!));
      if (score >= minScore) {
        const row = rows.subarray(index * ROW_LENGTH, (index + 1) * ROW_LENGTH);
        const face = decodeRow(row, anchors[firstAnchor + index]!, score);
        if (face !== undefined) {
          candidates.push(face);
        }
      }
    }
    firstAnchor += count;
  }
  return nonMaxSuppression(candidates, maxIou, maxFaces);
}

function findOutput(outputs: Readonly<Record<string, Tensor>>, dims: readonly number[]): Float32Array {
  for (const tensor of Object.values(outputs)) {
    const fits = tensor.dims.length === dims.length && dims.every((dim, axis) => dim === tensor.dims[axis]);
    if (fits && tensor.data instanceof Float32Array) {
      return tensor.data;
    }
  }
  throw new InferenceError(
    'ERR_INFERENCE_MODEL',
    `expected a float32 output ${formatDims(dims)}, found none`,
  );
}

/** `undefined` for a row that is no place: not finite, or without extent. */
function decodeRow(row: Float32Array, [anchorX, anchorY]: Point, score: number): Face | undefined {
  const width = row[2]!;
  const height = row[3]!;
  if (!row.every(Number.isFinite) || width <= 0 || height <= 0) {
    return undefined;
  }
  const point = (index: number): Point => [anchorX + row[index]!, anchorY + row[index + 1]!];
  const [centreX, centreY] = point(0);
  return {
    box: [centreX - width / 2, centreY - height / 2, width, height],
    score,
    keypoints: [point(4), point(6), point(8), point(10), point(12), point(14)],
  };
}
