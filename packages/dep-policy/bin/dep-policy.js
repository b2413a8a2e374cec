#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';

// Compiled code is kept in the user's own folder: anybody could have prepared the usual one, below the temporary folder.
// Where it cannot be written, nothing is kept. NODE_DISABLE_COMPILE_CACHE=1 turns it off.
function cacheFolder() {
  const named = process.env.XDG_CACHE_HOME ?? '';
  try {
    const home = isAbsolute(named) ? named : join(homedir(), '.cache');
    return isAbsolute(home) ? join(home, 'dep-policy') : undefined;
  } catch {
    return undefined;
  }
}

const folder = process.env.NODE_COMPILE_CACHE === undefined ? cacheFolder() : undefined;
if (folder !== undefined) enableCompileCache(folder);
await import('../dist/cli.js');
