/** The most characters of a label's key: prefix, slash and name. */
export const MAX_LABEL_KEY = 317;

/** The most characters of a label's value. */
export const MAX_LABEL_VALUE = 63;

const MAX_PREFIX = 253;
const MAX_NAME = 63;

const WORD = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const DOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** Whether a text is a label's key, as Kubernetes has them: `[domain/]name`, such as `team` or `example.com/team`. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/');
  const [prefix, name] = slash === -1 ? [undefined, text] : [text.slice(0, slash), text.slice(slash + 1)];
  if (prefix !== undefined && (prefix.length > MAX_PREFIX || !DOMAIN.test(prefix))) return false;
  return name.length <= MAX_NAME && WORD.test(name);
}

/** Whether a text is a label's value, as Kubernetes has them: empty, or a word of letters, digits, `-`, `_` and `.`. */
export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= MAX_LABEL_VALUE && WORD.test(text));
}
