import { type FieldError, pointerTo } from '#kernel';

import { atOnce, type Steps } from '../bodies/turns.js';
import { MAX_FIELD_ERRORS } from '../problems/problem.js';
import { type Violation, violationsIn } from './checks.js';
import { nearestField } from './nearest-field.js';
import {
  type DtoClass,
  fieldsOf,
  type FieldRule,
  hasObjectRules,
  InvalidItem,
  isFixedField,
  type ItemRule,
} from './rule.js';

/** The origin of values: JSON has types, query parameters are texts. */
export type Source = 'json' | 'query';

/** The most errors of one item of a batch: an answer must be able to list those of ten thousand items. */
const MAX_ITEM_ERRORS = 5;

type Path = readonly (string | number)[];

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads one value of a class, collecting at most `MAX_FIELD_ERRORS` errors. */
class DtoReader {
  readonly errors: FieldError[] = [];

  constructor(
    private readonly source: Source,
    private readonly limit = MAX_FIELD_ERRORS,
  ) {}

  object(type: DtoClass, plain: unknown, path: Path): object {
    const instance = Object.create(type.prototype as object) as Record<string, unknown>;
    if (!this.begin(plain, path)) return instance;
    const before = this.errors.length;
    this.fill(instance, type, plain, path);
    this.finish(instance, type, before, path);
    return instance;
  }

  /** Reads a body as {@link object} does, with a pause after each item of a list of the body itself. */
  *body(type: DtoClass, plain: unknown): Steps<object> {
    const instance = Object.create(type.prototype as object) as Record<string, unknown>;
    if (!this.begin(plain, [])) return instance;
    const before = this.errors.length;
    const lists: Steps<void>[] = [];
    this.fill(instance, type, plain, [], lists);
    for (const list of lists) yield* list;
    this.finish(instance, type, before, []);
    return instance;
  }

  private begin(plain: unknown, path: Path): plain is object {
    if (isObject(plain)) return !this.isFull;
    this.add(path, { code: 'type', message: 'must be an object' });
    return false;
  }

  /** @param later takes the reading of lists, which is done at once where it is left out */
  private fill(
    instance: Record<string, unknown>,
    type: DtoClass,
    plain: object,
    path: Path,
    later?: Steps<void>[],
  ): void {
    const values = plain as Readonly<Record<string, unknown>>;
    const fields = fieldsOf(type);
    for (const name of Object.keys(values)) {
      if (!fields.has(name)) {
        this.add([...path, name], this.unknown(type, name, values));
      }
    }
    for (const [name, rule] of fields) {
      if (Object.hasOwn(values, name)) {
        instance[name] = this.value(rule, values[name], [...path, name], later);
      } else if (rule.default !== undefined) {
        instance[name] = rule.default;
      }
    }
  }

  private finish(instance: object, type: DtoClass, before: number, path: Path): void {
    this.check(instance, 'fields', path);
    if (this.errors.length === before && hasObjectRules(type)) this.check(instance, 'object', path);
  }

  get isFull(): boolean {
    return this.errors.length >= this.limit;
  }

  private value(rule: FieldRule, raw: unknown, path: Path, later?: Steps<void>[]): unknown {
    if (raw === null) {
      return raw;
    }
    const typed = this.source === 'query' ? fromQuery(rule, raw) : raw;
    const value = rule.normalize?.(typed) ?? typed;
    const { nested, count } = rule;
    if (count === undefined) {
      return nested === undefined || !isObject(value) ? value : this.object(nested(), value, path);
    }
    // A list of a wrong length is refused as a whole.
    if (!Array.isArray(value) || value.length < count.min || value.length > count.max) {
      return value;
    }
    const list: unknown[] = [];
    const reading = this.list(rule, value, path, list);
    if (later === undefined) atOnce(reading);
    else later.push(reading);
    return list;
  }

  private *list(
    { isLenient, nested, items }: FieldRule,
    values: readonly unknown[],
    path: Path,
    list: unknown[],
  ): Steps<void> {
    for (const [index, item] of values.entries()) {
      if (this.isFull && isLenient !== true) break;
      const at = [...path, index];
      if (nested !== undefined)
        list.push(isLenient === true ? readItem(nested(), item, at) : this.object(nested(), item, at));
      if (items !== undefined) list.push(this.item(items, item, at));
      yield;
    }
  }

  private item(rule: ItemRule, raw: unknown, path: Path): unknown {
    const item = new rule.type();
    item.value = rule.normalize?.(raw) ?? raw;
    for (const violation of violationsIn(item, 'fields')) this.add(path, violation);
    return item.value;
  }

  private check(instance: object, rules: 'fields' | 'object', path: Path): void {
    for (const violation of violationsIn(instance, rules)) this.add([...path, ...violation.path], violation);
  }

  private unknown(type: DtoClass, name: string, sent: object): Violation {
    if (isFixedField(type, name)) return { code: 'not-editable', message: 'cannot be changed' };
    const nearest = this.isFull ? undefined : nearestField(type, name, sent);
    const hint = nearest === undefined ? '' : `: did you mean ${nearest}?`;
    return this.source === 'json'
      ? { code: 'unknown-field', message: `is not a known field${hint}` }
      : { code: 'unknown-parameter', message: `is not a known parameter${hint}` };
  }

  private add(path: Path, { code, message }: Violation): void {
    if (this.isFull) return;
    if (this.source === 'json') {
      this.errors.push({ pointer: pointerTo(path), code, message });
      return;
    }
    // A pointer to a query names the parameter; the message names the item of a list.
    const [name = '', index] = path;
    const worded = index === undefined ? message : `${message} (item ${Number(index) + 1})`;
    this.errors.push({ pointer: String(name).slice(0, 100), code, message: worded });
  }
}

/** The value of a query parameter by its rule. A repeated parameter is the list of the values of all its texts. */
function fromQuery({ fromText }: FieldRule, raw: unknown): unknown {
  const read = (text: unknown): unknown => (typeof text === 'string' ? (fromText?.(text) ?? text) : text);
  return Array.isArray(raw) ? raw.flatMap(read) : read(raw);
}

/** Reads one item of a list whose items are answered separately. Pointers begin with `path`. */
export function readItem<T extends object>(type: DtoClass<T>, plain: unknown, path: Path = []): T | InvalidItem {
  const reader = new DtoReader('json', MAX_ITEM_ERRORS);
  const value = reader.object(type, plain, path) as T;
  return reader.errors.length > 0 ? new InvalidItem(reader.errors) : value;
}

/**
 * Reads a value of a class and checks every rule of its fields. Only query parameters are converted, each by its field's rule;
 * undeclared fields are refused.
 *
 * @returns the instance, complete only when there are no errors; at most `MAX_FIELD_ERRORS` errors
 */
export function readDto<T extends object>(
  type: DtoClass<T>,
  plain: unknown,
  source: Source,
): { readonly value: T; readonly errors: readonly FieldError[] } {
  const reader = new DtoReader(source);
  const value = reader.object(type, plain, []) as T;
  return { value, errors: reader.errors };
}

/** Reads a long body as {@link readDto} does, with a pause after each item of its lists. */
export function* readDtoInSteps<T extends object>(
  type: DtoClass<T>,
  plain: unknown,
): Steps<ReturnType<typeof readDto<T>>> {
  const reader = new DtoReader('json');
  const value = (yield* reader.body(type, plain)) as T;
  return { value, errors: reader.errors };
}
