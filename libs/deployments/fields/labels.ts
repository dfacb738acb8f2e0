import { type FieldOptions, MapField } from '#http';

/** Labels of a deployment, by which users and programs find deployments. */
export type Labels = Readonly<Record<string, string>>;

/** The most labels of one deployment. */
export const MAX_LABELS = 64;

/** A prefix of 253 characters, a slash, and a name of 63. */
export const MAX_LABEL_KEY_LENGTH = 317;

/** As long as a key's name. */
export const MAX_LABEL_VALUE_LENGTH = 63;

/** An optional prefix, which is a DNS name, and a slash; then a name. The grammar of Kubernetes labels. */
export const LABEL_KEY =
  /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;

/** Empty, or like the name of a key. */
export const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;

/** The field of labels, in requests and answers. */
export function LabelsField(
  options: Pick<FieldOptions<Labels>, 'description' | 'default' | 'optional'>,
): PropertyDecorator {
  return MapField({
    ...options,
    example: { team: 'vision', 'example.com/experiment': 'resnet-7' },
    maxEntries: MAX_LABELS,
    key: LABEL_KEY,
    maxKeyLength: MAX_LABEL_KEY_LENGTH,
    keyMessage:
      'must be a name of at most 63 letters, digits, dashes, underscores and dots that begins and ends with a letter or digit, after a DNS name and a slash or without one',
    maxValueLength: MAX_LABEL_VALUE_LENGTH,
    value: LABEL_VALUE,
    valueMessage:
      'must be empty, or letters, digits, dashes, underscores and dots, the first and the last one a letter or digit',
  });
}
