import { createSession, topK } from '@sallyport/inference-runner';
import { sanitizeImage } from '@sallyport/input-sanitizer';
import { pipelineOf } from './catalogue.ts';
import { modelOf, type OpenPipeline } from './open-pipeline.ts';

/** Classes of the model's five outputs, in order. */
const LABELS = ['Drawing', 'Hentai', 'Neutral', 'Porn', 'Sexy'];

/** Scores a picture for moderation: five classes that sum to 1. */
export const openModeration: OpenPipeline = async (models, { threads }) => {
  const session = await createSession(modelOf(models, 'nsfw-mobilenet-v2'), { threads });
  const { spec } = pipelineOf('moderation');
  return async (bytes, { topK: count, signal }) => {
    const { tensor, placement, report } = await sanitizeImage(bytes, spec, { signal });
    const { probabilities } = await session.run({ pixels: tensor });
    return {
      picture: { format: report.format, width: placement.width, height: placement.height },
      findings: report.findings,
      result: { labels: topK(probabilities!.data as Float32Array, LABELS, Math.min(count, LABELS.length)) },
    };
  };
};
