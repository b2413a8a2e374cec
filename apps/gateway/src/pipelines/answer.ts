import { IMAGE_FORMATS } from '@sallyport/input-sanitizer';
import { z } from 'zod';

const point = z.tuple([z.number(), z.number()]).readonly();
const score = z.number().min(0).max(1);

const faceSchema = z.strictObject({
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]).readonly(),
  score,
  /** Right eye, left eye, nose, mouth, right ear, left ear. */
  keypoints: z.array(point).length(6).readonly(),
});

const resultSchema = z.union([
  z.strictObject({ faces: z.array(faceSchema).max(1000).readonly() }),
  z.strictObject({
    labels: z
      .array(z.strictObject({ label: z.string().max(100), score }))
      .max(100)
      .readonly(),
  }),
  z.strictObject({
    lines: z
      .array(
        z.strictObject({ text: z.string().max(10_000), score, polygon: z.array(point).length(4).readonly() }),
      )
      .max(10_000)
      .readonly(),
  }),
]);

const answerSchema = z.strictObject({
  /** The picture as shown: EXIF orientation applied. */
  picture: z.strictObject({
    format: z.enum(IMAGE_FORMATS),
    width: z.int().positive(),
    height: z.int().positive(),
  }),
  findings: z
    .array(z.strictObject({ code: z.string().max(100), message: z.string().max(1000) }))
    .max(100)
    .readonly(),
  result: resultSchema,
});

/** A face, in pixels of the picture as shown. */
export type FoundFace = z.output<typeof faceSchema>;

/** What a pipeline found; the one key present tells which it was. */
export type PipelineResult = z.output<typeof resultSchema>;

/** One analysed picture. */
export type PipelineAnswer = z.output<typeof answerSchema>;

/**
 * Parses what a guarded child sent. A child has touched a stranger's bytes with native code: if it was taken over,
 * this is where its word stops being trusted.
 *
 * @throws {z.ZodError} If it is anything but an answer.
 */
export function parseAnswer(value: unknown): PipelineAnswer {
  return answerSchema.parse(value);
}
