/** Widths of PNG pictures that make the hostile worker misbehave. */
export const HOSTILE_WIDTH = {
  loop: 101,
  crash: 102,
  exit: 103,
  memory: 104,
  throws: 105,
  bulk: 106,
} as const;
