import type { OnnxExternalData } from './external-data.ts';
import type { OnnxLimits } from './limits.ts';
import type { OnnxProfile } from './profile.ts';
import { quoted, Violations } from './violation.ts';

/** Places of external data that a report lists; a model with more is refused by its tensors' own faults or is listed in part. */
const MAX_EXTERNAL_LISTED = 100_000;

/** What the parts of one inspection share: the model, the rules, and what has been found so far. */
export class Inspection {
  readonly violations = new Violations();
  readonly externalData: OnnxExternalData[] = [];
  readonly parameters = { tensors: 0, bytes: 0 };
  readonly bytes: Uint8Array;
  readonly profile: OnnxProfile;
  readonly limits: OnnxLimits;
  readonly externalFiles: ReadonlyMap<string, number>;
  readonly #buffer: Buffer;

  constructor(
    bytes: Uint8Array,
    profile: OnnxProfile,
    limits: OnnxLimits,
    externalFiles: ReadonlyMap<string, number>,
  ) {
    this.bytes = bytes;
    this.profile = profile;
    this.limits = limits;
    this.externalFiles = externalFiles;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The text between `start` and `end`. */
  text(start: number, end: number): string {
    return this.#buffer.toString('utf8', start, end);
  }

  /** The same, as it may stand in a message. */
  quotedText(start: number, end: number): string {
    // Four bytes a character at most: enough for what `quoted` keeps, whatever the length of the text.
    return quoted(this.text(start, Math.min(end, start + 4 * 81)));
  }

  /** The same model with a place of its own for what is found: to read again what has been checked. */
  quiet(): Inspection {
    return new Inspection(this.bytes, this.profile, this.limits, this.externalFiles);
  }

  addExternalData(data: OnnxExternalData): void {
    if (this.externalData.length < MAX_EXTERNAL_LISTED) this.externalData.push(data);
  }
}
