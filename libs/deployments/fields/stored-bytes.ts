import { generatedName } from './deployment-name.js';
import { normalizedImageOf } from './image-reference.js';
import { type Labels } from './labels.js';

/** What a deployment counts besides its texts: its row, its index entries, and the events and ledger entries of one attempt. */
const BYTES_OF_DEPLOYMENT = 2_048;

/** What the event of an edit counts. */
const BYTES_OF_EDIT = 256;

/** Generated names of one image are equally long. */
const ANY_ID = '00000000-0000-7000-8000-000000000000';

/** The texts of a deployment that was just submitted. */
interface Texts {
  /** null: a name is made from the image */
  readonly name: string | null;
  readonly image: string;
  readonly labels: Labels;
  readonly spec: object | null;
}

/**
 * The bytes that a deployment counts against the limit of its organization when it is queued: the column `stored_bytes`, before the row is
 * written.
 */
export function storedBytesOf({ name, image, labels, spec }: Texts): number {
  const bytes = BYTES_OF_DEPLOYMENT + lengthOf(image) + lengthOf(normalizedImageOf(image)) + bytesOfLabels(labels);
  return bytes + lengthOf(name ?? generatedName(image, ANY_ID)) + (spec === null ? 0 : lengthOf(JSON.stringify(spec)));
}

/** By how much an edit changes the bytes of a deployment. */
export function editedBytesOf(before: Labels, after: Labels): number {
  return BYTES_OF_EDIT + bytesOfLabels(after) - bytesOfLabels(before);
}

/** The length of labels as PostgreSQL writes them: with a space after each colon and comma. */
function bytesOfLabels(labels: Labels): number {
  return lengthOf(JSON.stringify(labels)) + Math.max(0, 2 * Object.keys(labels).length - 1);
}

function lengthOf(text: string): number {
  return Buffer.byteLength(text);
}
