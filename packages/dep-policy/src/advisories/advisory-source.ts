import type { Ecosystem, PackageName } from '../ecosystem.ts';
import type { Advisory } from './advisory.ts';

/** Where advisories come from: an index file, a folder of records, or a service. */
export interface AdvisorySource {
  /** What is known of the source itself, for the report. */
  readonly description: SourceDescription;
  /**
   * Finds the records that have an entry for any of the packages. They are not matched with versions.
   *
   * @throws {DependencyError} `ERR_DEP_ADVISORIES` if the source is damaged, `ERR_DEP_NETWORK` if it does not answer.
   */
  advisoriesFor(
    packages: readonly PackageVersions[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Advisory[]>;
  /** Lets go of files. The source cannot be asked any more. */
  close(): Promise<void>;
}

/** A package and the versions of it that will be matched; some services want to know them. */
export interface PackageVersions extends PackageName {
  /** Exact versions; empty if none is known. */
  readonly versions: readonly string[];
  /** Whether it is there at a version that is not known too. Default: if `versions` is empty. */
  readonly isPartlyUnknown?: boolean | undefined;
}

/** What a report says of its source of advisories. */
export interface SourceDescription {
  readonly kind: 'index' | 'records' | 'osv-api' | 'npm-bulk';
  /** SHA-256 (hex) that commits to every byte of an index. */
  readonly digest?: string;
  /** RFC 3339: how old the data is at most. A service is as of now. */
  readonly asOf?: string;
  /** Records that could be found. */
  readonly records?: number;
  /** Records that could not be read at all: with any of them no answer is complete. */
  readonly rejected?: number;
  /** Ecosystems that any record is about: of the packages of another one nothing is known. Absent if it is not known. */
  readonly ecosystems?: readonly Ecosystem[];
}
