import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Test data that is not part of the repository; see the README there. */
const SHARED = process.env['SALLYPORT_SHARED'] ?? join(import.meta.dirname, '../../../../../shared');

/** Advisory records of other projects. */
export const OSV_VECTORS = join(SHARED, 'vectors/osv');

/** Why tests that read them are skipped, for their titles; undefined if they are there. */
export const NO_OSV_VECTORS = existsSync(OSV_VECTORS) ? undefined : 'skipped: no shared vectors';
