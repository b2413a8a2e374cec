import { z } from 'zod';
import { ModelError } from './errors.ts';

const moment = z.date();

/**
 * The time that a caller wants something to be judged at: the one given, or now. An invalid date is before and after
 * nothing, so every comparison with it would go wrong.
 *
 * @throws {ModelError} `ERR_MODEL_OPTIONS`
 */
export function parseMoment(at: Date = new Date()): Date {
  const { success, data } = moment.safeParse(at);
  if (!success) throw new ModelError('ERR_MODEL_OPTIONS', 'at: expected a valid date');
  return data;
}
