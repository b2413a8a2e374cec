import { createSession, detectFaces, type Face } from '@sallyport/inference-runner';
import { sanitizeImage, type Placement } from '@sallyport/input-sanitizer';
import type { FoundFace } from './answer.ts';
import { modelOf, type OpenPipeline } from './open-pipeline.ts';
import { pipelineOf } from './catalogue.ts';

/** Finds faces. Boxes and key points are in pixels of the upright picture. */
export const openFaces: OpenPipeline = async (models, { threads }) => {
  const session = await createSession(modelOf(models, 'blazeface-front-128'), { threads });
  const { spec } = pipelineOf('faces');
  return async (bytes, { signal }) => {
    const { tensor, placement, report } = await sanitizeImage(bytes, spec, { signal });
    const faces = await detectFaces(session, tensor);
    return {
      picture: { format: report.format, width: placement.width, height: placement.height },
      findings: report.findings,
      result: { faces: faces.map((face) => toPicture(face, placement)) },
    };
  };
};

/** Undoes the letterbox. */
function toPicture({ box, score, keypoints }: Face, placement: Placement): FoundFace {
  const { scaleX, scaleY, offsetX, offsetY } = placement;
  const [x, y, width, height] = box;
  return {
    box: [(x - offsetX) / scaleX, (y - offsetY) / scaleY, width / scaleX, height / scaleY],
    score,
    keypoints: keypoints.map(([pointX, pointY]) => [
      (pointX - offsetX) / scaleX,
      (pointY - offsetY) / scaleY,
    ]),
  };
}
