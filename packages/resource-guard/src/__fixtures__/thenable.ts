// A worker module that looks like a promise, and one that never settles.

export function then(): void {
  // Whoever waits for it waits for ever.
}

export function echo(input: unknown): unknown {
  return input;
}
