/** A JSON object that a stranger wrote. Read it with {@link member}: `constructor` is a key like any other. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether it is an object, and neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member that is the object's own; undefined for what it has from its prototype. */
export function member(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A member that is a text with something in it. */
export function textMember(object: JsonObject, key: string): string | undefined {
  const value = member(object, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The elements of a member that is an array; none of anything else. */
export function listMember(object: JsonObject, key: string): readonly unknown[] {
  const value = member(object, key);
  return Array.isArray(value) ? (value as unknown[]) : [];
}
