import type { ResourceError } from '../errors.ts';
import type { HeaderFields } from './rate-limit-headers.ts';

/** Room that a guard keeps for one run whose input is still on its way. */
export interface Ticket extends Disposable {
  /** Gives the room back. Does nothing once the ticket was used, was released, or has expired. */
  release(): void;
}

/** Whether a request may send its input. */
export type Admission =
  | {
      readonly ok: true;
      /** For `RunOptions.ticket`. Release it if the input never comes; it expires by itself. */
      readonly ticket: Ticket;
      /** Header fields for the answer. */
      readonly headers: HeaderFields;
    }
  | {
      readonly ok: false;
      /** Why not. */
      readonly error: ResourceError;
      /** 429: the client has had its share. 503: there is no room for anybody. */
      readonly status: 429 | 503;
      /** Header fields for the answer, `Retry-After` among them unless coming back is pointless. */
      readonly headers: HeaderFields;
    };
