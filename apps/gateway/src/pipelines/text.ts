import { createSession, createTextReader, parseDictionary } from '@sallyport/inference-runner';
import { decodeImage, imageToTensor, resizeImage } from '@sallyport/input-sanitizer';
import { pipelineOf } from './catalogue.ts';
import { fileOf, modelOf, type OpenPipeline } from './open-pipeline.ts';

/** Sides of the detector's input are multiples of this. */
const STRIDE = 32;
/** Longest side of the detector's input, in pixels: bounds its cost whatever the picture. */
const LONGEST = 960;
/** Small print needs magnifying to be found; beyond this it only gets blurred. */
const MAX_UPSCALE = 2;

/** Finds and reads lines of text. Polygons are in pixels of the upright picture. */
export const openText: OpenPipeline = async (models, { threads }) => {
  const recognition = modelOf(models, 'pp-ocr-v4-recognition');
  const reader = createTextReader({
    detection: await createSession(modelOf(models, 'pp-ocr-v4-detection'), { threads }),
    recognition: await createSession(recognition, { threads }),
    orientation: await createSession(modelOf(models, 'pp-ocr-v2-orientation'), { threads }),
    dictionary: parseDictionary(fileOf(recognition, 'pp-ocr-v4-recognition/dictionary.txt')),
  });
  const { spec } = pipelineOf('text');
  return async (bytes, { signal }) => {
    const { image, header, findings } = await decodeImage(bytes, spec, { signal });
    const size = detectionSize(image);
    const detectionInput = imageToTensor(resizeImage(image, size, 'pil-bilinear'), spec.tensor);
    const lines = await reader.read(
      { image, detectionInput, scaleX: size.width / image.width, scaleY: size.height / image.height },
      { signal },
    );
    return {
      picture: { format: header.format, width: image.width, height: image.height },
      findings,
      result: { lines },
    };
  };
};

function detectionSize({ width, height }: { width: number; height: number }): {
  width: number;
  height: number;
} {
  const scale = Math.min(LONGEST / Math.max(width, height), MAX_UPSCALE);
  const fit = (side: number): number => Math.max(STRIDE, Math.round((side * scale) / STRIDE) * STRIDE);
  return { width: fit(width), height: fit(height) };
}
