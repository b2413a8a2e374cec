import { malformed } from './lock-file.ts';

/** A mapping of a YAML file, as the parser gives it. */
export type YamlMap = ReadonlyMap<unknown, unknown>;

/** A member that is a mapping with text for keys; an empty one if there is none. @throws {DependencyError} */
export function mapMember(file: string, map: YamlMap, key: string): ReadonlyMap<string, unknown> {
  const value = map.get(key);
  if (value === undefined || value === null) return new Map();
  if (!(value instanceof Map)) throw malformed(file, `expected a mapping for ${key}, found another value`);
  for (const name of value.keys()) {
    if (typeof name !== 'string')
      throw malformed(file, `expected text for every key of ${key}, found another`);
  }
  return value as ReadonlyMap<string, unknown>;
}

/** A text that is not empty. */
export function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
