/** The parts of an image reference. */
export interface ImageReference {
  /** Host and port of the registry, when the reference names one. */
  readonly registry: string | undefined;
  readonly repository: string;
  readonly tag: string | undefined;
  /** `algorithm:hex`, when the reference names a digest. */
  readonly digest: string | undefined;
}

/** Longer than any reference in use; the limit bounds the work of refusing one. */
export const MAX_IMAGE_LENGTH = 512;

/** The grammar's limit for registry and repository together. */
const MAX_NAME_LENGTH = 255;

/** The most characters that the registry, the folder and the tag add. */
export const MAX_NORMALIZED_IMAGE_LENGTH = MAX_IMAGE_LENGTH + 'docker.io/library/:latest'.length;

const PATH_COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const HOST_COMPONENT = /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])$/;
const IPV6_HOST = /^\[[a-fA-F0-9:]+\]$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const REGISTERED_DIGESTS: Readonly<Record<string, RegExp>> = {
  sha256: /^sha256:[0-9a-f]{64}$/,
  sha512: /^sha512:[0-9a-f]{128}$/,
};

/**
 * Reads an image reference by the grammar of the OCI distribution specification (as the reference implementation, distribution/reference,
 * writes it down): `[host[:port]/]path[:tag][@algorithm:hex]`.
 *
 * @returns undefined for a text that is not one. Linear in the length of the text
 */
export function parseImageReference(text: string): ImageReference | undefined {
  if (text.length === 0 || text.length > MAX_IMAGE_LENGTH) return undefined;
  const [nameAndTag = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !isDigest(digest))) return undefined;

  const lastSlash = nameAndTag.lastIndexOf('/');
  const colon = nameAndTag.indexOf(':', lastSlash + 1);
  const name = colon === -1 ? nameAndTag : nameAndTag.slice(0, colon);
  const tag = colon === -1 ? undefined : nameAndTag.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) return undefined;
  if (name.length > MAX_NAME_LENGTH) return undefined;

  const { registry, repository } = splitName(name);
  if (registry !== undefined && !isHost(registry)) return undefined;
  if (!repository.split('/').every((component) => PATH_COMPONENT.test(component))) return undefined;
  return { registry, repository, tag, digest };
}

/** The default registry of container tools, and the folder of its official images. */
const DEFAULT_REGISTRY = 'docker.io';
const OFFICIAL_IMAGES = 'library/';

/**
 * The normal form of a reference, by the conventions of container tools: registry in lower case and always named, official images in
 * their folder, the tag `latest` where there is neither tag nor digest. References to the same image are equal.
 */
export function normalizedImage({ registry, repository, tag, digest }: ImageReference): string {
  const host = (registry ?? DEFAULT_REGISTRY).toLowerCase().replace(/^index\.docker\.io$/, DEFAULT_REGISTRY);
  const isOfficial = host === DEFAULT_REGISTRY && !repository.includes('/');
  const version = tag ?? (digest === undefined ? 'latest' : undefined);
  return [
    `${host}/${isOfficial ? OFFICIAL_IMAGES : ''}${repository}`,
    ...(version === undefined ? [] : [`:${version}`]),
    ...(digest === undefined ? [] : [`@${digest}`]),
  ].join('');
}

/** The normalized form of a text that was accepted as a reference; of any other text, the text. */
export function normalizedImageOf(image: string): string {
  const reference = parseImageReference(image);
  return reference === undefined ? image : normalizedImage(reference);
}

/** The first component is a registry when it cannot be a part of a path: it has a dot, a port or a capital, or is `localhost`. */
function splitName(name: string): { registry: string | undefined; repository: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isRegistry = slash > 0 && (/[.:[A-Z]/.test(first) || first === 'localhost');
  return isRegistry
    ? { registry: first, repository: name.slice(slash + 1) }
    : { registry: undefined, repository: name };
}

function isHost(text: string): boolean {
  const port = /:([0-9]+)$/.exec(text);
  const host = port === null ? text : text.slice(0, port.index);
  if (port !== null && Number(port[1]) > 65_535) return false;
  return IPV6_HOST.test(host) || host.split('.').every((component) => HOST_COMPONENT.test(component));
}

function isDigest(text: string): boolean {
  const registered = REGISTERED_DIGESTS[text.slice(0, text.indexOf(':'))];
  return registered === undefined ? DIGEST.test(text) : registered.test(text);
}
