import { explainPicture } from './explain-picture.ts';
import { defineInputSpec } from './spec.ts';
import type { InputSpec } from './spec.ts';
import { explainVideo } from './video/explain-video.ts';
import { defineVideoSpec } from './video/video-spec.ts';
import type { VideoSpec } from './video/video-spec.ts';

/**
 * Says in plain words what a spec accepts, refuses and makes: one rule per line, always in the same order. The same
 * spec always gives the same text, so it can be kept and compared.
 *
 * @param spec - For pictures, or for videos.
 * @throws {SanitizeError} `ERR_INPUT_SPEC` for what is no spec.
 */
export function explain(spec: InputSpec | VideoSpec): string {
  const lines = isForVideos(spec)
    ? explainVideo(defineVideoSpec(spec))
    : explainPicture(defineInputSpec(spec));
  return lines.join('\n');
}

/** Whether JSON means a video spec, right or wrong: no spec for pictures has its keys. */
export function isForVideos(json: unknown): json is VideoSpec {
  return (
    typeof json === 'object' &&
    json !== null &&
    (Object.hasOwn(json, 'video') || Object.hasOwn(json, 'frames'))
  );
}
