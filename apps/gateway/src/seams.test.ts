// The packages do not know each other; this is where the shapes they hand on are proved to fit.
import type { createSession, Session } from '@sallyport/inference-runner';
import type { sanitizeImage } from '@sallyport/input-sanitizer';
import type { openVerifiedModel } from '@sallyport/model-verifier';
import type { createGuard } from '@sallyport/resource-guard';
import { expectTypeOf, it } from 'vitest';
import * as worker from './worker.ts';

type Verified = Awaited<ReturnType<typeof openVerifiedModel>>;
type Sanitized = Awaited<ReturnType<typeof sanitizeImage>>;

it('what the verifier opens is what the runner loads', () => {
  expectTypeOf<Verified>().toExtend<Parameters<typeof createSession>[0]>();
});

it('what the sanitiser makes is what the runner feeds', () => {
  expectTypeOf<Sanitized['tensor']>().toExtend<Parameters<Session['run']>[0][string]>();
});

it('the worker module exports what the guard can call', () => {
  expectTypeOf(worker.analyze).parameter(1).toExtend<{ signal: AbortSignal }>();
  expectTypeOf<Parameters<typeof createGuard>[0]['script']>().toEqualTypeOf<URL>();
});
