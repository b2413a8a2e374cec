import { createSession, detectFaces, type Face, type Point } from '@sallyport/inference-runner';
import { sanitizeImage, type Placement } from '@sallyport/input-sanitizer';
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
function toPicture({ box: [x, y, width, height], score, keypoints }: Face, placement: Placement): Face {
  const { scaleX, scaleY, offsetX, offsetY } = placement;
  const point = ([inputX, inputY]: Point): Point => [
    (inputX - offsetX) / scaleX,
    (inputY - offsetY) / scaleY,
  ];
  return {
    box: [...point([x, y]), width / scaleX, height / scaleY],
    score,
    keypoints: keypoints.map(point) as unknown as Face['keypoints'],
  };
}
