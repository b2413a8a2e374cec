/** Arguments that make `npx` run the one pnpm this repository is tried with. */
export const PNPM = ['--yes', 'pnpm@12.21.0'];
