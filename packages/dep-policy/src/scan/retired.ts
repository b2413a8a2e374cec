import type { PackageName } from '../ecosystem.ts';
import { MXNET_PACKAGES } from '../graph/mxnet-packages.ts';

/** A package that gets no releases any more. */
export interface RetiredPackage extends PackageName {
  /** A sentence for the report. */
  readonly reason: string;
}

const MXNET = 'Apache MXNet moved to the Attic in September 2023: no release follows 1.9.1.';

/** Known from the projects' own announcements. Add your own with `ScanOptions.retired`. */
export const RETIRED_PACKAGES: readonly RetiredPackage[] = MXNET_PACKAGES.map((name) => ({
  ecosystem: 'PyPI',
  name,
  reason: MXNET,
}));
