/** The parts of an image reference. */
export interface ImageReference {
  /** Host and port of the registry, when the reference names one. */
  readonly registry: string | undefined;
  readonly repository: string;
  readonly tag: string | undefined;
  /** `algorithm:hex`, when the reference names a digest. */
  readonly digest: string | undefined;
}

/** What keeps a text from being an image reference. */
export interface ImageFault {
  /** What is expected, as a sentence without its subject. */
  readonly message: string;
  /** The character at which the text goes wrong, from 1. */
  readonly at: number;
}

/** Longer than any reference in use; the limit bounds the work of refusing one. */
export const MAX_IMAGE_LENGTH = 512;

/** The grammar's limit for registry and repository together. */
const MAX_NAME_LENGTH = 255;
const MAX_TAG_LENGTH = 128;

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
const FOREIGN = /[^A-Za-z0-9._:@/+[\]-]/;
const ID = /^[0-9a-f]{64}$/;
const NO_PATH_CHARACTER = /[^a-z0-9._-]/;
const NO_SEPARATOR = /^[._-]|[._-]$|\.[._-]|-[._]|_[.-]|___/;
const HOST_COMPONENT = /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])$/;
const IPV6_HOST = /^\[[a-fA-F0-9:]+\]$/;
const NO_TAG_CHARACTER = /^[.-]|[^\w.-]/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
/** Digits of the registered algorithms. */
const REGISTERED_DIGESTS = new Map([
  ['sha256', 64],
  ['sha512', 128],
]);

/** Whether a reading has failed. */
export function isImageFault(read: ImageReference | ImageFault): read is ImageFault {
  return 'message' in read;
}

/** The last text that was read: a submission reads its image in five places, and the items of a batch often have the same one. */
let last: { readonly text: string; readonly result: ImageReference | ImageFault } | undefined;

/**
 * Reads an image reference by the grammar of the OCI distribution specification (as the reference implementation, distribution/reference,
 * writes it down): `[host[:port]/]path[:tag][@algorithm:hex]`. What it accepts has a normal form that it accepts, too.
 *
 * @returns what is wrong with a text that is not one, and where. Linear in the length of the text
 */
export function readImageReference(text: string): ImageReference | ImageFault {
  if (last?.text !== text) last = { text, result: resultOf(text) };
  return last.result;
}

function resultOf(text: string): ImageReference | ImageFault {
  const fault = faultOfText(text);
  if (fault !== undefined) return fault;
  const [nameAndTag = '', digest] = text.split('@');
  const lastSlash = nameAndTag.lastIndexOf('/');
  const colon = nameAndTag.indexOf(':', lastSlash + 1);
  const name = colon === -1 ? nameAndTag : nameAndTag.slice(0, colon);
  const tag = colon === -1 ? undefined : nameAndTag.slice(colon + 1);
  const { registry, repository } = splitName(name);
  const reference = { registry, repository, tag, digest };
  return (
    faultOfHost(registry) ??
    faultOfPath(repository, name.length - repository.length) ??
    faultOfTag(tag, name.length + 1) ??
    faultOfDigest(digest, nameAndTag.length + 1) ??
    faultOfLength(text, reference) ??
    reference
  );
}

/** Reads an image reference. @returns undefined for a text that is not one */
export function parseImageReference(text: string): ImageReference | undefined {
  const read = readImageReference(text);
  return isImageFault(read) ? undefined : read;
}

/** The default registry of container tools, and the folder of its official images. */
const DEFAULT_REGISTRY = 'docker.io';
const OFFICIAL_IMAGES = 'library/';

/**
 * The normal form of a reference, by the conventions of container tools: registry in lower case and always named, official images in
 * their folder, the tag `latest` where there is neither tag nor digest. References to the same image are equal, except where only its
 * capitals make a registry of the first component: it stays as it is.
 */
export function normalizedImage(reference: ImageReference): string {
  const { tag, digest } = reference;
  const version = tag ?? (digest === undefined ? 'latest' : undefined);
  return [
    normalizedName(reference),
    ...(version === undefined ? [] : [`:${version}`]),
    ...(digest === undefined ? [] : [`@${digest}`]),
  ].join('');
}

/** The normalized form of a text that was accepted as a reference; of any other text, the text. */
export function normalizedImageOf(image: string): string {
  const reference = parseImageReference(image);
  return reference === undefined ? image : normalizedImage(reference);
}

/** The normal form of an image without tag and digest: what its versions have in common. */
export function imageNameOf(image: string): string {
  const reference = parseImageReference(image);
  return reference === undefined ? image : normalizedName(reference);
}

function normalizedName({ registry = DEFAULT_REGISTRY, repository }: ImageReference): string {
  const lower = registry.toLowerCase().replace(/^index\.docker\.io$/, DEFAULT_REGISTRY);
  const host = isRegistry(lower) ? lower : registry;
  const isOfficial = host === DEFAULT_REGISTRY && !repository.includes('/');
  return `${host}/${isOfficial ? OFFICIAL_IMAGES : ''}${repository}`;
}

/** Whether the first component of a name is a registry: it cannot be a part of a path, or is `localhost`. */
function isRegistry(first: string): boolean {
  return /[.:[A-Z]/.test(first) || first === 'localhost';
}

function splitName(name: string): { registry: string | undefined; repository: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  return slash > 0 && isRegistry(first)
    ? { registry: first, repository: name.slice(slash + 1) }
    : { registry: undefined, repository: name };
}

const faultAt = (index: number, message: string): ImageFault => ({ message, at: index + 1 });

/** What is wrong whatever part of the reference it is in. */
function faultOfText(text: string): ImageFault | undefined {
  if (text.length > MAX_IMAGE_LENGTH) {
    return faultAt(MAX_IMAGE_LENGTH, `must have at most ${MAX_IMAGE_LENGTH} characters`);
  }
  if (SCHEME.test(text)) return faultAt(0, 'must begin with the registry or the repository, without a scheme');
  const foreign = text.search(FOREIGN);
  if (foreign !== -1) {
    const isBlank = /\s/.test(text.charAt(foreign));
    return faultAt(foreign, isBlank ? 'must have no blank' : 'must have letters, digits and . _ - / : @ only');
  }
  if (ID.test(text)) return faultAt(0, 'must name a repository before a digest (repository@sha256:...)');
  const second = text.indexOf('@', text.indexOf('@') + 1);
  return second > 0 ? faultAt(second, 'must have one digest at most') : undefined;
}

function faultOfHost(registry: string | undefined): ImageFault | undefined {
  if (registry === undefined) return undefined;
  const port = /:([0-9]+)$/.exec(registry);
  if (port !== null && Number(port[1]) > 65_535) return faultAt(port.index + 1, 'must have a port of at most 65535');
  const host = port === null ? registry : registry.slice(0, port.index);
  if (IPV6_HOST.test(host)) return undefined;
  let at = 0;
  for (const component of host.split('.')) {
    if (!HOST_COMPONENT.test(component)) {
      const colon = component.indexOf(':');
      return colon === -1
        ? faultAt(at, 'must have a registry whose parts between dots begin and end with a letter or digit')
        : faultAt(at + colon + 1, 'must have a port number after the registry');
    }
    at += component.length + 1;
  }
  return undefined;
}

function faultOfPath(repository: string, offset: number): ImageFault | undefined {
  let at = offset;
  for (const component of repository.split('/')) {
    if (component === '') return faultAt(at, 'must have a name before, between and after slashes');
    const other = component.search(NO_PATH_CHARACTER);
    if (other !== -1) {
      const isCapital = /[A-Z]/.test(component.charAt(other));
      return faultAt(
        at + other,
        isCapital
          ? 'must have no capital letter in the repository'
          : 'must have lower case letters, digits and . _ - only in the repository',
      );
    }
    const separator = component.search(NO_SEPARATOR);
    if (separator !== -1) {
      return faultAt(
        at + separator,
        'must separate letters and digits by one dot, one or two underscores, or dashes in the repository',
      );
    }
    at += component.length + 1;
  }
  return undefined;
}

function faultOfTag(tag: string | undefined, offset: number): ImageFault | undefined {
  if (tag === undefined) return undefined;
  if (tag === '') return faultAt(offset, 'must have a tag after the colon');
  if (tag.length > MAX_TAG_LENGTH) {
    return faultAt(offset + MAX_TAG_LENGTH, `must have a tag of at most ${MAX_TAG_LENGTH} characters`);
  }
  const other = tag.search(NO_TAG_CHARACTER);
  return other === -1
    ? undefined
    : faultAt(offset + other, 'must have a tag of letters, digits and . _ - that does not begin with . or -');
}

function faultOfDigest(digest: string | undefined, offset: number): ImageFault | undefined {
  if (digest === undefined) return undefined;
  const [algorithm = '', hex = ''] = digest.split(':', 2);
  const length = REGISTERED_DIGESTS.get(algorithm);
  if (length === undefined) {
    return DIGEST.test(digest)
      ? undefined
      : faultAt(offset, 'must have a digest of the form sha256: and 64 hexadecimal digits after the @');
  }
  const from = offset + algorithm.length + 1;
  const other = hex.search(/[^0-9a-f]/);
  if (other !== -1) return faultAt(from + other, 'must have a digest of the digits 0-9 and a-f');
  return hex.length === length && digest.length === algorithm.length + 1 + length
    ? undefined
    : faultAt(from + Math.min(hex.length, length), `must have ${length} digits after ${algorithm}:, not ${hex.length}`);
}

/** The limits count for the normal form: a runtime reads it by the same grammar. */
function faultOfLength(text: string, reference: ImageReference): ImageFault | undefined {
  const { registry, repository } = reference;
  const given = repository.length + (registry === undefined ? 0 : registry.length + 1);
  const name = normalizedName(reference).length;
  const image = normalizedImage(reference).length;
  if (name > MAX_NAME_LENGTH) {
    const message = `must have at most ${MAX_NAME_LENGTH} characters in registry and repository, and has ${name} in normal form`;
    return faultAt(MAX_NAME_LENGTH - (name - given), message);
  }
  if (image <= MAX_IMAGE_LENGTH) return undefined;
  const message = `must have at most ${MAX_IMAGE_LENGTH} characters, and has ${image} in normal form`;
  return faultAt(MAX_IMAGE_LENGTH - (image - text.length), message);
}
