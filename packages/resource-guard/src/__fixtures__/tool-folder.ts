import { mkdtempSync, symlinkSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { thisMachine } from '../machine.ts';
import type { TOOL_NAMES } from '../sandbox/tools.ts';
import { findTools } from '../sandbox/tools.ts';

type ToolName = (typeof TOOL_NAMES)[number];

/** What this machine has. */
export const TOOLS = findTools(thisMachine());

/** A folder with some of this machine's programs: as the whole `PATH` it hides the others. */
export function makeToolFolder(names: readonly ToolName[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'guard-tools-'));
  chmodSync(folder, 0o755);
  for (const name of names) {
    const tool = TOOLS[name];
    if (tool !== undefined) symlinkSync(tool, join(folder, name));
  }
  return folder;
}
