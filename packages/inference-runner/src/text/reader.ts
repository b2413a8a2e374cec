import { z } from 'zod';
import { InferenceError } from '../errors.ts';
import { halfTurn, mapQuad, quadSize, quarterTurn, type Quad } from '../geometry.ts';
import { checkImage, type RgbImage } from '../image.ts';
import { parseOptions } from '../options.ts';
import type { Session } from '../session.ts';
import { fitsDims, formatDims, type Tensor } from '../tensor.ts';
import { cropTextLine, LINE_HEIGHT } from './crop.ts';
import { ctcGreedyDecode } from './ctc.ts';
import { lineTensor, middleOfLine, turnLine } from './line.ts';
import { readingOrder } from './order.ts';
import { findTextRegions, textRegionOptionsSchema, type TextRegionOptions } from './regions.ts';

/** One line of text in a picture. */
export interface TextLine {
  readonly text: string;
  /** Mean probability of the characters, 0 to 1. */
  readonly score: number;
  /** Corners in pixels of the picture, clipped to it; the first is the top left one of the text as it is read. */
  readonly polygon: Quad;
}

/** The models of a reader. Their sessions stay the caller's: the reader never releases them. */
export interface TextReaderModels {
  /** PP-OCR detection: `[1, 3, H, W]` to a map `[1, 1, H, W]`. */
  readonly detection: Session;
  /** PP-OCR recognition: `[1, 3, 48, W]` to `[1, T, C]`, C = dictionary + 2. */
  readonly recognition: Session;
  /** PP-OCR line orientation: `[1, 3, 48, 192]` to `[1, 2]`. Without it, text upside down stays unread. */
  readonly orientation?: Session;
  /** The characters of the recognition model, from `parseDictionary`. */
  readonly dictionary: readonly string[];
}

/** What counts as a text line in a picture. */
export interface TextReaderOptions extends TextRegionOptions {
  /** Lowest score of a line that is returned. Default 0.5, 0 to 1. */
  readonly minLineScore?: number;
}

/** A picture to read. */
export interface TextReaderInput {
  /** The picture that lines are cut from: the sharper, the better they are read. */
  readonly image: RgbImage;
  /** The same picture for the detector: float32 `[1, 3, H, W]`, H and W multiples of 32, `(x / 255 - mean) / std`. */
  readonly detectionInput: Tensor;
  /** Detection pixels per picture pixel, across. */
  readonly scaleX: number;
  /** Detection pixels per picture pixel, down. */
  readonly scaleY: number;
}

/** Reads the text in pictures. */
export interface TextReader {
  /**
   * Finds and reads the lines of one picture.
   *
   * @param options - `signal` is looked at between model runs: one run cannot be cut short.
   * @returns Lines in reading order: rows from the top, each from the left.
   * @throws {InferenceError} `ERR_INFERENCE_FEEDS`, `ERR_INFERENCE_ABORTED` (the reason as `cause`), and whatever
   *   {@link Session.run} throws.
   */
  read(input: TextReaderInput, options?: { readonly signal?: AbortSignal }): Promise<TextLine[]>;
}

/** Side that the detector's strides divide. */
const DETECTION_STEP = 32;
const ORIENTATION_WIDTH = 192;
/** A line is only turned around when the classifier is this sure. */
const MIN_TURN_SCORE = 0.9;
/** Narrow crops are padded to the width that the recognition model was trained on. */
const MIN_RECOGNITION_WIDTH = 320;
/** Widths are rounded up to the stride of the recognition model. */
const RECOGNITION_STEP = 8;
/** Regions at least this much higher than wide hold a line that runs up or down. */
const VERTICAL_RATIO = 1.5;

const textReaderOptionsSchema = textRegionOptionsSchema.extend({
  minLineScore: z.number().min(0).max(1).default(0.5),
});

/** Sessions are looked at one by one below: what they take and give says whether they fit. */
const textReaderModelsSchema = z.object({
  detection: z.custom<Session>(isSession, 'expected a session'),
  recognition: z.custom<Session>(isSession, 'expected a session'),
  orientation: z.custom<Session>(isSession, 'expected a session').optional(),
  dictionary: z.array(z.string()).readonly(),
});

/**
 * Puts the models of PP-OCR together into a reader.
 *
 * @throws {InferenceError} `ERR_INFERENCE_OPTIONS`, or `ERR_INFERENCE_MODEL` when a session is not of the kind named in
 *   {@link TextReaderModels} or does not fit the dictionary.
 */
export function createTextReader(models: TextReaderModels, options: TextReaderOptions = {}): TextReader {
  const { minLineScore, ...regionOptions } = parseOptions(textReaderOptionsSchema, options);
  const { detection, recognition, orientation, dictionary } = parseOptions(textReaderModelsSchema, models);
  const detect = singleRun(detection, 'detection', [1, 3, DETECTION_STEP, DETECTION_STEP], [1, 1, '?', '?']);
  const recognise = singleRun(
    recognition,
    'recognition',
    [1, 3, LINE_HEIGHT, MIN_RECOGNITION_WIDTH],
    [1, '?', dictionary.length + 2],
  );
  const classify =
    orientation && singleRun(orientation, 'orientation', [1, 3, LINE_HEIGHT, ORIENTATION_WIDTH], [1, 2]);

  async function isUpsideDown(line: RgbImage): Promise<boolean> {
    if (classify === undefined) {
      return false;
    }
    // The whole of a long line, squeezed to this width, is hard to tell from the same line upside down.
    const { data } = await classify(lineTensor(middleOfLine(line, ORIENTATION_WIDTH), ORIENTATION_WIDTH));
    return Number(data[1]) > MIN_TURN_SCORE;
  }

  async function readLine(image: RgbImage, region: Quad, signal: AbortSignal | undefined): Promise<TextLine> {
    let polygon = isVertical(region) ? quarterTurn(region) : region;
    let line = cropTextLine(image, polygon);
    if (await isUpsideDown(line)) {
      polygon = halfTurn(polygon);
      line = turnLine(line);
    }
    checkSignal(signal);
    const width = Math.max(
      MIN_RECOGNITION_WIDTH,
      Math.ceil(line.width / RECOGNITION_STEP) * RECOGNITION_STEP,
    );
    const { text, score } = ctcGreedyDecode(await recognise(lineTensor(line, width)), dictionary);
    return { text: text.trim(), score, polygon };
  }

  return {
    async read(input, { signal } = {}) {
      checkSignal(signal);
      checkInput(input);
      const { image, detectionInput, scaleX, scaleY } = input;
      const regions = findTextRegions(await detect(detectionInput), regionOptions);
      const lines: TextLine[] = [];
      for (const { polygon } of regions) {
        checkSignal(signal);
        const inImage = mapQuad(polygon, ([x, y]) => [x / scaleX, y / scaleY]);
        const line = await readLine(image, inImage, signal);
        if (line.text !== '' && line.score >= minLineScore) {
          lines.push(line);
        }
      }
      return readingOrder(lines).map((line) => ({ ...line, polygon: clip(line.polygon, image) }));
    },
  };
}

function isSession(value: unknown): boolean {
  const { inputs, outputs, run } = (value ?? {}) as Partial<Session>;
  return Array.isArray(inputs) && Array.isArray(outputs) && typeof run === 'function';
}

/** A model with one input and one output, checked once against the dims it will be run with. */
function singleRun(
  session: Session,
  role: string,
  input: readonly number[],
  output: readonly (number | string)[],
): (tensor: Tensor) => Promise<Tensor> {
  const [fed, ...otherInputs] = session.inputs;
  const [given, ...otherOutputs] = session.outputs;
  const isSingle =
    fed !== undefined && given !== undefined && otherInputs.length === 0 && otherOutputs.length === 0;
  if (!isSingle || !fitsDims(input, fed.dims) || !overlaps(output, given.dims)) {
    throw new InferenceError(
      'ERR_INFERENCE_MODEL',
      `expected a ${role} model from ${formatDims(input)} to ${formatDims(output)}, found another kind`,
    );
  }
  return async (tensor) => (await session.run({ [fed.name]: tensor }))[given.name]!;
}

/** Whether two descriptions of dims leave room for a tensor that fits both. */
function overlaps(a: readonly (number | string)[], b: readonly (number | string)[]): boolean {
  return (
    a.length === b.length &&
    a.every((dim, axis) => typeof dim === 'string' || typeof b[axis] === 'string' || dim === b[axis])
  );
}

function checkInput(input: TextReaderInput): void {
  // It may come from another process: nothing about it is taken from its type alone.
  const given = input as TextReaderInput | null;
  if (typeof given !== 'object' || given === null) {
    throw new InferenceError('ERR_INFERENCE_FEEDS', 'expected a picture to read, found none');
  }
  const { image, detectionInput, scaleX, scaleY } = given;
  checkImage(image);
  const dims = (detectionInput as Partial<Tensor> | null | undefined)?.dims;
  if (!Array.isArray(dims)) {
    throw new InferenceError('ERR_INFERENCE_FEEDS', 'expected a detection input, found no tensor');
  }
  const [, , height, width] = dims as readonly number[];
  const isSide = (side: number | undefined): boolean =>
    side !== undefined && side > 0 && side % DETECTION_STEP === 0;
  if (dims.length !== 4 || dims[0] !== 1 || !isSide(height) || !isSide(width)) {
    throw new InferenceError(
      'ERR_INFERENCE_FEEDS',
      `expected a detection input [1, 3, H, W] with H and W multiples of ${DETECTION_STEP}, found ${formatDims(dims)}`,
    );
  }
  if (![scaleX, scaleY].every((scale) => Number.isFinite(scale) && scale > 0)) {
    throw new InferenceError(
      'ERR_INFERENCE_FEEDS',
      `expected positive scales, found ${scaleX} and ${scaleY}`,
    );
  }
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new InferenceError('ERR_INFERENCE_ABORTED', 'reading was aborted', { cause: signal.reason });
  }
}

function isVertical(region: Quad): boolean {
  const { width, height } = quadSize(region);
  return height >= VERTICAL_RATIO * width;
}

function clip(polygon: Quad, { width, height }: RgbImage): Quad {
  return mapQuad(polygon, ([x, y]) => [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)]);
}
