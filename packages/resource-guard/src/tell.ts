/**
 * Calls somebody else's function for its effect alone. What it throws stays there, and so does what an `async` one
 * rejects with later: nobody here could do anything about it, and a rejection that nobody handles ends the host.
 */
export function tell<Told extends readonly unknown[]>(
  listener: (...told: Told) => unknown,
  ...told: Told
): void {
  try {
    const answer = listener(...told);
    if (answer !== undefined) Promise.resolve(answer).catch(() => undefined);
  } catch {
    // The work goes on.
  }
}
