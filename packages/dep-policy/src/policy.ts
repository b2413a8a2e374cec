import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DependencyError } from './errors.ts';
import { parseRegistry } from './registry.ts';

/** The registry that npm and pnpm use unless told otherwise. */
export const DEFAULT_REGISTRY = 'https://registry.npmjs.org/';

/** What a project asks of its dependencies. Everything has a default; an unknown key is refused. */
export interface DependencyPolicyInput {
  /** The one registry for packages without a scope of their own: an https URL. Default {@link DEFAULT_REGISTRY}. */
  readonly registry?: string | undefined;
  /** Registries that scopes and tarball URLs may name: https URLs, at least one. Default: `registry` alone. */
  readonly allowedRegistries?: readonly string[] | undefined;
}

/** A policy with every default filled in and every registry in canonical form (with a final `/`). */
export interface DependencyPolicy {
  readonly registry: string;
  readonly allowedRegistries: readonly string[];
}

const registrySchema = z.string().transform((text, context) => {
  const parsed = parseRegistry(text);
  if ('url' in parsed) return parsed.url;
  context.addIssue({ code: 'custom', message: parsed.message });
  return z.NEVER;
});

const policySchema = z.strictObject({
  registry: registrySchema.default(DEFAULT_REGISTRY),
  allowedRegistries: z.array(registrySchema).min(1).optional(),
});

/** Fills in the defaults. @throws {DependencyError} `ERR_DEP_POLICY` */
export function parsePolicy(input: DependencyPolicyInput = {}): DependencyPolicy {
  const parsed = policySchema.safeParse(input);
  if (!parsed.success) {
    const fields = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'policy'}: ${message}`,
    );
    throw new DependencyError('ERR_DEP_POLICY', `policy is not valid: ${fields.join('; ')}`, {
      cause: parsed.error,
    });
  }
  const { registry, allowedRegistries = [registry] } = parsed.data;
  if (!allowedRegistries.includes(registry)) {
    throw new DependencyError('ERR_DEP_POLICY', 'allowedRegistries: expected the registry itself among them');
  }
  return { registry, allowedRegistries: [...new Set(allowedRegistries)].sort() };
}

/** SHA-256 (hex) over the filled-in policy: two reports with the same hash were judged alike. */
export function hashPolicy({ registry, allowedRegistries }: DependencyPolicy): string {
  return createHash('sha256').update(JSON.stringify({ allowedRegistries, registry })).digest('hex');
}
