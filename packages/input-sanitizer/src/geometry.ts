import { roundHalfEven } from './resample-cv2.ts';
import type { Size, Window } from './rgb-image.ts';
import { defaultCropMargin } from './spec.ts';
import type { Geometry } from './spec.ts';

/**
 * Where the source landed in the tensor: `tensorPx = sourcePx * scale + offset` on each axis, in continuous
 * coordinates (a pixel's centre lies at its index + 0.5). Solve for `sourcePx` to map a box back.
 */
export interface Placement {
  /** Width of the source in pixels, upright. */
  readonly width: number;
  /** Height of the source in pixels, upright. */
  readonly height: number;
  readonly scaleX: number;
  readonly scaleY: number;
  readonly offsetX: number;
  readonly offsetY: number;
}

/** The steps from an upright source to the tensor's sides. */
export interface GeometryPlan {
  /** What the whole source is resized to. */
  readonly resized: Size;
  /** The part of the resized picture that is kept. */
  readonly window: Window;
  /** The tensor's sides. */
  readonly canvas: Size;
  /** Where on the canvas the window's top left corner lies. */
  readonly at: { readonly x: number; readonly y: number };
  readonly fill: readonly [number, number, number];
  readonly placement: Placement;
}

const BLACK = [0, 0, 0] as const;
const CORNER = { x: 0, y: 0 } as const;

/** Turns a spec's geometry into numbers for one source. */
export function planGeometry(geometry: Geometry, source: Size): GeometryPlan {
  if ('stretch' in geometry) return finish(source, asSize(geometry.stretch));
  if ('letterbox' in geometry) return planLetterbox(source, asSize(geometry.letterbox), geometry.fill);
  if ('resizeShort' in geometry) {
    const { resizeShort, crop, cropMargin = defaultCropMargin(geometry.resample) } = geometry;
    return planShortSide(
      source,
      resizeShort,
      asSize(crop),
      cropMargin === 'floor' ? Math.floor : roundHalfEven,
    );
  }
  return finish(source, source);
}

function planShortSide(
  source: Size,
  short: number,
  crop: Size,
  middle: (value: number) => number,
): GeometryPlan {
  const { width, height } = source;
  const resized =
    width <= height
      ? { width: short, height: Math.floor((short * height) / width) }
      : { width: Math.floor((short * width) / height), height: short };
  const x = middle((resized.width - crop.width) / 2);
  const y = middle((resized.height - crop.height) / 2);
  return finish(source, resized, { window: { x, y, ...crop }, canvas: crop });
}

function planLetterbox(source: Size, canvas: Size, fill: GeometryPlan['fill']): GeometryPlan {
  const { width, height } = source;
  const fillsWidth = canvas.width * height <= canvas.height * width;
  const resized = fillsWidth
    ? { width: canvas.width, height: Math.max(1, Math.floor((height * canvas.width) / width + 0.5)) }
    : { width: Math.max(1, Math.floor((width * canvas.height) / height + 0.5)), height: canvas.height };
  const at = {
    x: Math.floor((canvas.width - resized.width) / 2),
    y: Math.floor((canvas.height - resized.height) / 2),
  };
  return finish(source, resized, { canvas, at, fill });
}

function finish(
  source: Size,
  resized: Size,
  {
    window = { ...CORNER, ...resized },
    canvas = resized,
    at = CORNER,
    fill = BLACK,
  }: Partial<GeometryPlan> = {},
): GeometryPlan {
  const placement = {
    width: source.width,
    height: source.height,
    scaleX: resized.width / source.width,
    scaleY: resized.height / source.height,
    offsetX: at.x - window.x,
    offsetY: at.y - window.y,
  };
  return { resized, window, canvas, at, fill, placement };
}

function asSize([width, height]: readonly [number, number]): Size {
  return { width, height };
}
