// Preloaded into the rival that uses better-sqlite3: keeps its databases and statements from the garbage collector, at
// which that module aborts the process on Node 24.
import { createRequire } from 'node:module';

const require = createRequire(new URL('./peers/package.json', import.meta.url));
const Database = require('better-sqlite3');
const kept = [];
const patched = new Set();

for (const name of ['pragma', 'prepare', 'exec']) {
  const method = Database.prototype[name];
  Database.prototype[name] = function (...words) {
    keepStatementsOf(this);
    return method.apply(this, words);
  };
}

/** The native database is behind a symbol; some of the module's own methods prepare statements with it directly. */
function keepStatementsOf(database) {
  for (const symbol of Object.getOwnPropertySymbols(database)) {
    const prototype = Object.getPrototypeOf(database[symbol]);
    if (typeof prototype?.prepare !== 'function' || patched.has(prototype)) continue;
    patched.add(prototype);
    const { prepare } = prototype;
    prototype.prepare = function (...words) {
      const statement = prepare.apply(this, words);
      kept.push(this, statement);
      return statement;
    };
  }
}
