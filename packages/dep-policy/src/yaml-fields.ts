import { z } from 'zod';

/** A YAML mapping from text to text. Unquoted numbers and booleans are refused: pnpm quotes what is text. */
export const stringMap = z.map(z.string(), z.string());

/**
 * A YAML mapping (a `Map`) of which only the named fields matter. The others are dropped before they can reach an
 * object, whatever they are called.
 */
export function fields<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodPipe<z.ZodTransform, z.ZodObject<Shape>> {
  const names = Object.keys(shape);
  return z.preprocess((value) => {
    if (!(value instanceof Map)) return value;
    const mapping: ReadonlyMap<unknown, unknown> = value;
    return Object.fromEntries(
      names.filter((name) => mapping.has(name)).map((name) => [name, mapping.get(name)]),
    );
  }, z.object(shape)) as z.ZodPipe<z.ZodTransform, z.ZodObject<Shape>>;
}
