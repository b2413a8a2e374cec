/** A worker module with a task of every kind. */
export const HOSTILE = new URL('./hostile.ts', import.meta.url);

/** A worker module that exports `then`. */
export const THENABLE = new URL('./thenable.ts', import.meta.url);

/** The worker module whose start is steered by `parameters`. */
export function unstable(parameters: Record<string, string> = {}): URL {
  const url = new URL('./unstable.ts', import.meta.url);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}
