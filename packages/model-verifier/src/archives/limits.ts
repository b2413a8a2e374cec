/** Enforced numbers of an extraction. */
export interface ArchiveLimits {
  /** Files and folders. Default 4,096. */
  readonly maxEntries: number;
  /** Bytes of one file. Default 4 GiB. */
  readonly maxFileBytes: number;
  /** Bytes of all files. Default 8 GiB. */
  readonly maxTotalBytes: number;
  /** Bytes out for a byte in, counted from 1 MiB on. Default 200: weights hardly compress. */
  readonly maxRatio: number;
}

const GIB = 1024 ** 3;

/** The limits where the caller says nothing else. */
export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = {
  maxEntries: 4096,
  maxFileBytes: 4 * GIB,
  maxTotalBytes: 8 * GIB,
  maxRatio: 200,
};
