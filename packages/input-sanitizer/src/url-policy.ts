import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { BlockList } from 'node:net';
import { z } from 'zod';
import { parseSubnets } from './address.ts';
import { SanitizeError } from './errors.ts';
import { parseOptions } from './parse-options.ts';

/** What may be fetched, and from where. Without one there is no fetching. */
export interface UrlPolicy {
  /**
   * Hosts by their exact names in lower case, `example.org` for port 443 or `example.org:8443` for another. No
   * wildcards, no IP addresses; international names in their ASCII form. At least one.
   */
  readonly hosts: readonly string[];
  /** Bytes accepted; one more is `ERR_INPUT_TOO_LARGE`. Minimum 1, no default. */
  readonly maxBytes: number;
  /** Wall time in milliseconds for all of it, redirects included. Default 10,000, minimum 1, at most 3,600,000. */
  readonly deadlineMs?: number;
  /** Redirects followed, each held against this policy like the first URL. Default 3, minimum 0, at most 20. */
  readonly maxRedirects?: number;
  /** Certificates of authorities, PEM, trusted instead of those that Node brings. For a private server. */
  readonly ca?: string | readonly string[];
  /**
   * Addresses or subnets (CIDR) that are reached although they are not public, for example `10.20.0.0/16` or
   * `127.0.0.1`. Default none.
   */
  readonly allowAddresses?: readonly string[];
}

/** A policy that has been read. */
export interface ParsedUrlPolicy {
  /** `host:port`, the port always written. */
  readonly origins: ReadonlySet<string>;
  readonly maxBytes: number;
  readonly deadlineMs: number;
  readonly maxRedirects: number;
  readonly ca: readonly string[] | undefined;
  readonly allowed: BlockList;
}

/** Longer than any URL that a server must understand (RFC 9110, section 4.1, asks for 8,000). */
const MAX_URL_LENGTH = 8192;

const hostSchema = z.string().refine((host) => originOf(host) !== undefined, {
  error: 'an exact host name in lower case, with a port where it is not 443',
});

/** One certificate of a PEM file, which may have text between them. RFC 7468, section 5.1; the older label is OpenSSL's. */
const CERTIFICATE = /-----BEGIN (X509 )?CERTIFICATE-----[^-]*-----END \1CERTIFICATE-----/g;

const authoritiesSchema = z.string().refine(isCertificates, { error: 'certificates in PEM' });

const policySchema = z.strictObject({
  hosts: z.array(hostSchema).min(1),
  maxBytes: z.int().min(1),
  deadlineMs: z.int().min(1).max(3_600_000).default(10_000),
  maxRedirects: z.int().min(0).max(20).default(3),
  ca: z
    .union([authoritiesSchema, z.array(authoritiesSchema).min(1)], { error: 'certificates in PEM' })
    .optional(),
  allowAddresses: z.array(z.string()).default([]),
});

/** @throws {SanitizeError} `ERR_INPUT_SPEC`, naming the first wrong keys. */
export function parseUrlPolicy(policy: UrlPolicy): ParsedUrlPolicy {
  const { hosts, ca, allowAddresses, ...numbers } = parseOptions(policySchema, policy, 'a URL policy');
  return {
    origins: new Set(hosts.map((host) => originOf(host)!)),
    ...numbers,
    ca: typeof ca === 'string' ? [ca] : ca,
    allowed: parseSubnets(allowAddresses),
  };
}

/**
 * Reads a URL as the WHATWG standard does and holds it against the policy. Numbers that mean an IP address (`0x7f.1`,
 * `2130706433`) are addresses after that, and refused as such.
 *
 * @param base - The URL that redirected here.
 * @throws {SanitizeError} `ERR_INPUT_URL`.
 */
export function admitUrl(text: string, { origins }: ParsedUrlPolicy, base?: URL): URL {
  const given: unknown = text;
  if (typeof given !== 'string') throw refuseUrl('no text');
  if (text.length > MAX_URL_LENGTH) throw refuseUrl('one that is too long');
  const url = URL.parse(text, base?.href);
  if (!url) throw refuseUrl('something else');
  if (url.protocol !== 'https:') throw refuseUrl('another scheme');
  if (url.username !== '' || url.password !== '') throw refuseUrl('a user name or password');
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) throw refuseUrl('an IP address');
  if (!origins.has(`${url.hostname}:${url.port || '443'}`))
    throw refuseUrl('a host or port that is not listed');
  return url;
}

/** The error for a URL that the policy does not admit. The URL itself is not repeated: it may carry a secret. */
export function refuseUrl(found: string): SanitizeError {
  return new SanitizeError('ERR_INPUT_URL', `expected an https URL of a listed host, found ${found}`);
}

/** Labels, dots, and perhaps a port: above all no wildcard, which the URL standard would allow in a name. */
const HOST_ENTRY = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d+)?$/;

/** `host:port` of a policy's entry, or undefined unless it is written exactly as the URL standard writes it. */
function originOf(host: string): string | undefined {
  const url = HOST_ENTRY.test(host) ? URL.parse(`https://${host}/`) : null;
  if (url?.host !== host || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) return undefined;
  return `${url.hostname}:${url.port || '443'}`;
}

/** Otherwise the connection fails as if the host were to blame. */
function isCertificates(text: string): boolean {
  const certificates = text.match(CERTIFICATE) ?? [];
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
    return certificates.length > 0;
  } catch {
    return false;
  }
}
