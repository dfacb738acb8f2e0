import { type Violation } from '#http';

import { parseImageReference } from './image-reference.js';

/** The suffix of generated names. Given names never have it: the two kinds do not collide. */
const GENERATED = /~[0-9a-z]{12}$/;

/** The most characters of an image's name in a generated name. */
const MAX_IMAGE_PART = 48;

/** The 62 bits of a UUIDv7 that are random. */
const RANDOM_BITS = 0x3fff_ffff_ffff_ffffn;

/** Whether a name can be given. */
export function checkName(name: string): Violation | undefined {
  return GENERATED.test(name)
    ? { code: 'generated-name', message: 'must not end like a generated name, in a tilde and twelve letters or digits' }
    : undefined;
}

/** A readable, unique name: the last part of the image's path, and the random bits of the id. */
export function generatedName(image: string, id: string): string {
  const repository = parseImageReference(image)?.repository ?? 'deployment';
  const random = BigInt(`0x${id.replaceAll('-', '').slice(-16)}`) & RANDOM_BITS;
  return `${repository.slice(repository.lastIndexOf('/') + 1).slice(0, MAX_IMAGE_PART)}~${random.toString(36).padStart(12, '0')}`;
}
